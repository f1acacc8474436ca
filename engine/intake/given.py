"""An entry that is given on the command line instead of in a file."""

import io
import json
from collections.abc import Collection, Mapping
from typing import Any

from engine.intake.ids import slug


def given_entry(
    overrides: Mapping[str, Any], fields: Collection[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `--set` says, as one entry and as the settings that are left.

    Args:
        overrides: What it says, by name.
        fields: The names that are an entry's.

    Returns:
        The entry, empty where nothing is said of one, and everything else.
    """
    entry = {name: value for name, value in overrides.items() if name in fields}
    return entry, {name: value for name, value in overrides.items() if name not in fields}


def as_stream(entry: Mapping[str, Any]) -> io.BytesIO:
    """One entry as an input of format `json`."""
    return io.BytesIO(json.dumps([entry]).encode())


def name_of(entry: Mapping[str, Any]) -> str:
    """What a batch of one entry is called: its id, else the first words of its first text."""
    texts = [entry.get("id"), *entry.values()]
    return slug(next((text for text in texts if isinstance(text, str)), "")) or "batch"
