"""Inputs that a recipe reads itself: a folder of samples, a dataset, a song."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from engine.contract.reader import Reader, has_wildcards
from engine.intake.entries import MAX_ENTRIES, InputEntry
from engine.intake.problems import InputError, Problem


def own_path(reader: Reader | None, where: str | Path | BinaryIO) -> Path | None:
    """Return the path of an input that a recipe's reader accepts; None for any other input."""
    if reader is None or not isinstance(where, str | Path) or str(where) == "-":
        return None
    path = Path(where)
    is_there = path.exists() or has_wildcards(path)
    return path if is_there and reader.accepts(path) else None


def folder_of(path: Path) -> Path:
    """Return the folder that paths in an input's entries are relative to."""
    return path if path.is_dir() else path.parent


def read_own(reader: Reader, path: Path, settings: Any, name: str) -> Iterator[InputEntry]:
    """Yield the entries that a recipe's reader finds.

    Raises:
        InputError: The input cannot be read, or is not what it should be.
    """
    try:
        for number, data in enumerate(reader.read(path, settings), 1):
            if number > MAX_ENTRIES:
                raise InputError.of(name, f"has more than {MAX_ENTRIES} entries")
            yield InputEntry(number, None, dict(data))
    except OSError as error:
        raise InputError.of(name, f"cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise InputError.of(name, str(error)) from error


def converted(
    reader: Reader, entries: Iterable[InputEntry | Problem], settings: Any, name: str
) -> Iterator[InputEntry | Problem]:
    """Yield the entries of a list as a recipe's reader converts them, without those left out.

    Raises:
        InputError: All are left out.
    """
    nothing = True
    for entry in entries:
        found = entry if isinstance(entry, Problem) else _converted(reader, entry, settings, name)
        if found is not None:
            nothing = False
            yield found
    if nothing:
        raise InputError.of(name, "has no entry that the settings select")


def _converted(
    reader: Reader, entry: InputEntry, settings: Any, name: str
) -> InputEntry | Problem | None:
    if reader.entry is None:
        return entry
    try:
        data = reader.entry(entry.data, entry.number, settings)
    except ValueError as error:
        return Problem(file=name, entry=entry.number, line=entry.line, message=str(error))
    return None if data is None else InputEntry(entry.number, entry.line, dict(data))
