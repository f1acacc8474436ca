"""The doctor: checks of an installation, a workspace and its recipes, each with a remedy."""
