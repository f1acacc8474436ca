"""Models that score images, each by its published formula; loaded in model hosts only."""
