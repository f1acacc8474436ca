"""Checks of the source that no linter on the shelf has."""
