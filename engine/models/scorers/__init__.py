"""Models that score pictures, each by its published formula; loaded in model hosts only."""
