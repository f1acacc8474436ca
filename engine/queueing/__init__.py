"""From an input file to a queued batch."""
