"""Provenance: where a file is from, stated in the file itself and signed (C2PA).

Files are signed when they leave the store, never in it: a signature differs each time, and stored
files are named by their content. The package `c2pa` does the signing; it is imported when the first
file is signed or read.
"""
