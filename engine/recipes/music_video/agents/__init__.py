"""Agents of the recipe `music-video`."""
