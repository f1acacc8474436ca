"""Backends: each turns a typed request into a typed result for one capability."""
