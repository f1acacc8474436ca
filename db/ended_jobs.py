"""The order of ended jobs by time, in the words of its index."""

HAS_ENDED = "finished_at IS NOT NULL"
"""Condition of the index; SQLite uses it for a query with the same words."""

TOOK = "coalesce(julianday(started_at) - julianday(finished_at), position)"
"""Order from the longest on (in days, negative); then those that never began."""
