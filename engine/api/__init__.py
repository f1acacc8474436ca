"""The HTTP API: the same workspace over the wire, by intake and commands only."""
