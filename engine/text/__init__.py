"""Plurals, state symbols and text that is safe for a terminal."""
