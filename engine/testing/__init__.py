"""Tests of plugins: fake backends, a catalog in memory, and contract suites for pytest."""
