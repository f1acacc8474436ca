"""Grids: one entry becomes many, one for each combination of choices and values of axes."""
