"""This process: its exit code, limits, imports and temporary files."""
