"""Snapshots of the store for each screen: cleaned, and bounded in size."""
