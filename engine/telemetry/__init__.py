"""Metrics and spans of a workspace, both from the store's rows."""
