"""One job: its state, its snapshot and the loop that runs its recipe."""
