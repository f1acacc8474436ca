"""What is measured, each a process of its own that prints one line of JSON."""
