"""Reading what operators hand in: files of entries, validated whole before anything is queued."""

from engine.intake.entries import InputEntry
from engine.intake.loading import load, read
from engine.intake.problems import InputError, Problem
from engine.intake.readers import FORMATS, Format, open_entries
from engine.intake.validate import ValidEntry, validate

__all__ = [
    "FORMATS",
    "Format",
    "InputEntry",
    "InputError",
    "Problem",
    "ValidEntry",
    "load",
    "open_entries",
    "read",
    "validate",
]
