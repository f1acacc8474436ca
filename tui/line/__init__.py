"""The line to the terminal: its speed, and output reduced for a slow one."""
