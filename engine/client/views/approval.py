"""Values that wait for approval, as an operator reads them: their files, and a line per field."""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from db.queries.faces import FileLine, files_of_hashes
from engine.client.gates import WaitingItem, everything_waiting
from engine.text.terminal import clean

MAX_FILES = 12
"""Maximum files of a value that are shown."""

MAX_FIELDS = 400
"""Maximum lines of a value; its whole text is in the editor."""

MAX_TEXT = 2000

_HASH_LENGTH = 64


@dataclass(frozen=True, slots=True)
class FieldLine:
    """One field of a value, cleaned.

    Attributes:
        depth: Number of fields around it.
        name: Its name.
        text: Its text; empty if fields inside it follow.
    """

    depth: int
    name: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class ShownGate:
    """A gate with its value as it is read.

    Attributes:
        item: The gate.
        files: Files that the value mentions, in their order.
        fields: Its other fields.
    """

    item: WaitingItem
    files: tuple[FileLine, ...]
    fields: tuple[FieldLine, ...]


def read_waiting(connection: sqlite3.Connection) -> list[ShownGate]:
    """Return what waits for approval over all batches, the longest waiting first."""
    return [_shown(connection, item) for item in everything_waiting(connection)]


def _shown(connection: sqlite3.Connection, item: WaitingItem) -> ShownGate:
    hashes = list(dict.fromkeys(_hashes(item.gate.value)))[:MAX_FILES]
    files = {file.hash: file for file in files_of_hashes(connection, item.batch, hashes)}
    shown = tuple(files[hash_] for hash_ in hashes if hash_ in files)
    fields = tuple(islice(_fields(item.gate.value), MAX_FIELDS))
    return ShownGate(item, shown, fields)


def is_file(value: Any) -> bool:
    """Return True if a part of a value is a file: its hash and its media type."""
    hash_ = value.get("hash") if isinstance(value, Mapping) else None
    return isinstance(hash_, str) and len(hash_) == _HASH_LENGTH and "media_type" in value


def _hashes(value: Any) -> Iterator[str]:
    if is_file(value):
        yield value["hash"]
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _hashes(part)
    elif isinstance(value, list):
        for part in value:
            yield from _hashes(part)


def _fields(value: Any, name: str = "", depth: int = 0) -> Iterator[FieldLine]:
    """Yield the fields of a value; empty ones are left out."""
    if value is None or value == "" or value in ([], {}):
        return
    if is_file(value):
        yield FieldLine(depth, name, clean(f"{value['media_type']} {value['hash'][:8]}", 80))
    elif isinstance(value, Mapping):
        yield from _parts([(clean(str(key), 60), part) for key, part in value.items()], name, depth)
    elif isinstance(value, list) and any(isinstance(part, Mapping | list) for part in value):
        numbered = [(str(number), part) for number, part in enumerate(value, 1)]
        yield from _parts(numbered, name, depth)
    else:
        values = value if isinstance(value, list) else [value]
        text = ", ".join(_word(one) for one in values)
        yield FieldLine(depth, name, clean(text, MAX_TEXT, keep_newlines=True))


def _parts(parts: list[tuple[str, Any]], name: str, depth: int) -> Iterator[FieldLine]:
    if name:
        yield FieldLine(depth, name)
    for key, part in parts:
        yield from _fields(part, key, depth + bool(name))


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
