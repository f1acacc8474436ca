"""Measured cases, each a separate process that prints one line of JSON."""
