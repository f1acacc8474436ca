"""Datasets of sounds in NumPy's files, read without running what a pickle asks for."""
