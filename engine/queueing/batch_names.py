"""Names of batches: from their inputs, and free in the store."""

import re
import sqlite3
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO

from db.queries import batches as queries
from db.writes.batches import NewOrigin
from engine.contract.reader import has_wildcards
from engine.text.folder_names import claim
from engine.text.terminal import clean


def free_name(reader: sqlite3.Connection, name: str) -> str:
    """Return the name, or `NAME-2` and so on if another batch has it or it reads as an id."""
    return claim(name, lambda free: reads_as_id(free) or bool(queries.batches_named(reader, free)))


def reads_as_id(name: str) -> bool:
    """Return whether a name could be mistaken for a batch's or a job's number, such as `b3`."""
    return re.fullmatch("[bj][1-9][0-9]*", name) is not None


def wanted_name(source: Path | str | BinaryIO, name: str | None) -> str:
    """Return the requested name of a batch, before a number is appended."""
    if name:
        return name
    if isinstance(source, str | Path) and str(source) != "-":
        return clean(_last_name(Path(source).absolute())) or "batch"
    return "stdin"


def _last_name(path: Path) -> str:
    """Return the name of an input without its ending; of a pattern, that of its folder."""
    while has_wildcards(Path(path.name)) and not path.exists():
        path = path.parent
        if not has_wildcards(Path(path.name)):
            return path.name
    return path.stem


def source_of(source: Path | str | BinaryIO, origins: Collection[NewOrigin]) -> str:
    """Return what a batch stores of where its entries come from."""
    if origins:
        return clean(", ".join(origin.source for origin in origins), 1000)
    return clean(str(source), None) if isinstance(source, str | Path) else "-"
