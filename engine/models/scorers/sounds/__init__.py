"""Models that score sounds, in a model host."""
