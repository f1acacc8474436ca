"""Agents of the recipe `sound-effect`."""
