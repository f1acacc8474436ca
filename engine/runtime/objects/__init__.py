"""Stored files in an object store: uploads that are verified, a cache here, moves in between."""
