"""The version of Safelight."""

__version__ = "0.1.0"
