"""Entries of a list of sounds: rows of a CSV file, objects of JSON, or one path per line."""

import re
from collections.abc import Mapping
from typing import Any

from engine.recipes.visual_prompts.metadata import plain_metadata
from engine.recipes.visual_prompts.settings import VisualPromptsSettings

SOUND_NAMES = ("sound", "audio", "path", "file")
"""Columns that may hold the path of the sound, the first of those present."""

_LINE = "prompt"  # the field of an entry that is a line of text
_NUMBERS = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


def list_entry(
    data: Mapping[str, Any], number: int, settings: VisualPromptsSettings, offset: int = 0
) -> dict[str, Any] | None:
    """Return the entry that a list gives; None if the settings leave it out.

    Besides the path, the id and the seed, everything is metadata.

    Args:
        data: Names and values as they were written.
        number: Number of the entry, from 1.
        settings: The recipe's settings.
        offset: Samples that the batch already has.
    """
    index = number - 1
    last = settings.start_idx + settings.samples if settings.samples else number
    if not settings.start_idx <= index < last:
        return None
    fields = {_column(name): value for name, value in data.items()}
    name = next((name for name in SOUND_NAMES if fields.get(name) is not None), None)
    if name is None and set(fields) == {_LINE}:
        name = _LINE
    shown = index + offset
    entry: dict[str, Any] = {"id": f"sample_{shown:03d}", "index": shown}
    if name is not None:
        entry["sound"] = fields.pop(name)
    entry |= {key: fields.pop(key) for key in ("id", "seed") if fields.get(key) is not None}
    inner = fields.pop("metadata", None)
    found = fields | (inner if isinstance(inner, dict) else {"metadata": inner})
    entry["metadata"], entry["notes"] = plain_metadata(_typed(found))
    return entry


def _column(name: str) -> str:
    """Return the name that a column's head means: `Artist Name` is `artist_name`."""
    return re.sub(r"[\s-]+", "_", name.strip()).casefold()


def _typed(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return metadata with artists as a list and `slice_pos` as two numbers, as in data sets."""
    typed = {name: value for name, value in found.items() if value is not None}
    artist, ends = typed.get("artist_name"), typed.get("slice_pos")
    if isinstance(artist, str):
        typed["artist_name"] = [artist]
    if isinstance(ends, str) and len(numbers := _NUMBERS.findall(ends.replace("-", " "))) == 2:
        typed["slice_pos"] = [float(part) if "." in part else int(part) for part in numbers]
    return typed
