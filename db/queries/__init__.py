"""Queries: short functions of a connection that return typed rows."""
