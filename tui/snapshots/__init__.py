"""What each screen reads of the store: cleaned snapshots, bounded in size."""
