"""An entry given on the command line instead of in a file."""

import io
import json
from collections.abc import Collection, Mapping
from typing import Any

from engine.intake.ids import slug


def given_entry(
    overrides: Mapping[str, Any], fields: Collection[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Divide `--set` into one entry and the remaining settings.

    Args:
        overrides: Its values by name.
        fields: Names of an entry's fields.

    Returns:
        The entry, empty if none of its fields is set, and everything else.
    """
    entry = {name: value for name, value in overrides.items() if name in fields}
    return entry, {name: value for name, value in overrides.items() if name not in fields}


def as_stream(entry: Mapping[str, Any]) -> io.BytesIO:
    """Return one entry as an input of format `json`."""
    return io.BytesIO(json.dumps([entry]).encode())


def name_of(entry: Mapping[str, Any]) -> str:
    """Return the name of a batch of one entry: its id, else the first words of its first text."""
    texts = [entry.get("id"), *entry.values()]
    return slug(next((text for text in texts if isinstance(text, str)), "")) or "batch"
