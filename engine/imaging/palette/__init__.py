"""Pulling an image's colours towards a palette."""
