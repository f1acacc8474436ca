"""What is seen: the terminal dashboard."""
