"""Shared parts of recipes: documents and copies of stored files for people, films, sound files."""
