"""Local models that generate sounds."""
