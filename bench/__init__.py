"""Measures: beside peers and the limit of the disk, in the same run. See `results.md`."""
