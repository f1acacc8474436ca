"""The engine: recipes, the runtime that makes them durable, backends, and the command line."""

__version__ = "0.1.0"
"""The version of Safelight."""
