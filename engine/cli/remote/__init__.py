"""The commands that `--server` has too, where they differ from those of this machine."""
