"""Shapes and words of states, one for the command line and the dashboard.

Each shape is one character, one cell wide in every terminal, and never shared by two states:
shape and word identify a state without its colour.
"""

SHAPES = {
    "preparing": ("~", "preparing"),
    "queued": ("·", "queued"),
    "running": ("▸", "running"),
    "paused": ("‖", "paused"),
    "parked": ("◆", "parked"),
    "done": ("✓", "done"),
    "done_with_failures": ("±", "done, some failed"),
    "failed": ("✗", "failed"),
    "cancelled": ("○", "cancelled"),
    # of steps
    "submitted": ("»", "submitted"),
    "open": ("◌", "to be done again"),
    "unknown": ("?", "outcome unknown"),
    "waiting": ("◇", "waits for approval"),
    "superseded": ("╌", "superseded"),
}
"""Shape and word of every state that the store knows."""

WORST_FIRST = ("failed", "parked", "running", "paused", "queued", "cancelled", "done")
"""Order of job states in a list sorted by state: those that need an operator come first."""
