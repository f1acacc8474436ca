"""Reading what operators hand in: files of entries, validated whole before anything is queued."""

from engine.intake.entries import Entry
from engine.intake.loading import load, read
from engine.intake.problems import InputError, Problem
from engine.intake.readers import FORMATS, Format, open_entries
from engine.intake.validate import Validated, validate

__all__ = [
    "FORMATS",
    "Entry",
    "Format",
    "InputError",
    "Problem",
    "Validated",
    "load",
    "open_entries",
    "read",
    "validate",
]
