"""Sounds computed from models of what makes them: struck bodies, loose grains, steps."""
