"""Metadata of a sample as it is kept: plain data from outside, bounded and storable."""

import json
import re
from collections.abc import Mapping
from typing import Any

MAX_CHARACTERS = 64 * 1024
"""Metadata of one sample, in characters of JSON."""

FILE = "file"
"""Key of the name of a sample's file."""

MAX_DEPTH = 8
_SURROGATE = re.compile("[\ud800-\udfff]")


def plain_text(text: str) -> str:
    """Return a text with U+FFFD for each half of a character, which cannot be stored."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def plain_metadata(found: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return metadata that can be stored, and a sentence about what was left out.

    The largest values go first if all are more than `MAX_CHARACTERS`.
    """
    kept = {plain_text(key): _plain(value, 1) for key, value in found.items()}
    sizes = {key: len(json.dumps({key: value})) for key, value in kept.items()}
    left = []
    for key in sorted(sizes, key=lambda key: sizes[key], reverse=True):
        if sum(sizes.values()) <= MAX_CHARACTERS:
            break
        del kept[key], sizes[key]
        left.append(key)
    names = ", ".join(sorted(left))[:300]
    return kept, [f"Its metadata is too large; left out: {names}."] if left else []


def _plain(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return plain_text(value)
    if depth > MAX_DEPTH:
        return None
    if isinstance(value, Mapping):
        return {plain_text(str(key)): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    return value


def seconds_of_slice(metadata: Mapping[str, Any]) -> float | None:
    """Return the length that `slice_pos` (start and end in seconds) gives; None without one."""
    ends = metadata.get("slice_pos")
    if not isinstance(ends, list) or len(ends) != 2:
        return None
    if not all(isinstance(end, int | float) and not isinstance(end, bool) for end in ends):
        return None
    start, end = ends
    try:
        length = float(end) - float(start)
    except OverflowError:
        return None
    return length if 0 < length < 1e6 else None
