"""Creativity of prompts that were written for music, after Torrance, by documented measures."""
