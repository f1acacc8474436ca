"""Silhouettes of things: what the painter cuts out and the checklist's rule looks for."""
