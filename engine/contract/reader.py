"""Readers of inputs that are not a list of entries: a folder of samples, a dataset, a song."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Reader:
    """Converter of a file or folder into a recipe's entries.

    The entries are validated like those of any input. Paths in them are relative to the folder, or
    to the folder that the file is in; a field that takes a file takes its bytes as well, which are
    then stored. What is wrong with the input is raised as a `ValueError`, as the end of a sentence
    that begins with its name: `holds no sound`.

    Attributes:
        accepts: Returns whether a path is such an input; of other inputs the entries are read.
            It is asked about a path with `*`, `?` or `[` as well if no such file exists.
        read: Yields the entries of a path as plain data, in their order, without holding them all.
            The other arguments are the recipe's settings as the batch has them, and the number of
            entries that the batch already has: 0, unless they are appended.
        entry: Converts an entry of a list (CSV, JSON, ...) whose columns are not the fields of the
            input model: gets it as it was written, its number from 1, and the two as `read` does.
            Returns None to leave it out.
    """

    accepts: Callable[[Path], bool]
    read: Callable[[Path, Any, int], Iterator[Mapping[str, Any]]]
    entry: Callable[[Mapping[str, Any], int, Any, int], Mapping[str, Any] | None] | None = None


def has_wildcards(path: Path) -> bool:
    """Return whether a path is a pattern such as `samples/*.flac`."""
    return any(sign in str(path) for sign in "*?[")
