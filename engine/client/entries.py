"""Entries that are given as data instead of in a file."""

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from engine.intake.given import name_of
from engine.queueing.queue import QueueOptions

Entries = Sequence[Mapping[str, Any]]
"""Entries as plain data; a field without a value may be None."""


def entries_stream(entries: Entries) -> io.BytesIO:
    """Return entries as an input of format `json`, without fields that have no value."""
    return io.BytesIO(json.dumps([_present(entry) for entry in entries]).encode())


def entries_options(entries: Entries, **options: Any) -> QueueOptions:
    """Return the options with which entries are queued, named after the first.

    Args:
        entries: The entries, at least one.
        options: Further fields of `QueueOptions`.
    """
    return QueueOptions(name=name_of(_present(entries[0])), file_format="json", **options)


def _present(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if value is not None}
