"""Notation: features of a sound as ABC text, as a MIDI file, and as a staff."""
