"""Offline rules of the agents."""
