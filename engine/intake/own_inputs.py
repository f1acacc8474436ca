"""Inputs that a recipe reads itself: a folder of samples, a dataset, a song."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from engine.contract.reader import Reader
from engine.intake.entries import MAX_ENTRIES, InputEntry
from engine.intake.problems import InputError


def own_path(reader: Reader | None, where: str | Path | BinaryIO) -> Path | None:
    """Return the path of an input that a recipe's reader accepts; None for any other input."""
    if reader is None or not isinstance(where, str | Path) or str(where) == "-":
        return None
    path = Path(where)
    return path if path.exists() and reader.accepts(path) else None


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
