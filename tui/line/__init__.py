"""The line to the terminal: how quick it is, and what is worth sending over a slow one."""
