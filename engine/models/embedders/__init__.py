"""Models that embed texts and images, in a model host."""
