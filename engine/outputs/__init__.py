"""The folders that people read: a projection of the store that can be rebuilt at any time."""
