"""Import of finished results: a recipe reads them back from a tree of files, its own or older."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from db.writes.imports import DoneJob


@dataclass(frozen=True, slots=True)
class TreeProblem:
    """Something in a tree that was not taken.

    Attributes:
        path: The file or folder; its name may hold anything.
        message: What is wrong with it, without its subject; fit to be shown.
    """

    path: Path
    message: str


@dataclass(frozen=True, slots=True)
class TreeField:
    """A field of a document that was not taken.

    Attributes:
        path: The document.
        name: The field, with those it lies in; fit to be shown.
    """

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class TreeOthers:
    """Files of text that are not of a job.

    Attributes:
        count: How many.
    """

    count: int


class TreeFile(NamedTuple):
    """A file of a job in a tree.

    Attributes:
        path: The file.
        hash: SHA-256 of its bytes as they were read.
    """

    path: Path
    hash: str


@dataclass(frozen=True, slots=True)
class FinishedJob:
    """One job of a tree.

    Attributes:
        key: Its id, as its documents name it.
        place: Its folder in the tree, in place of an id that another job of the tree has.
        folder: Its folder.
        files: Its files, which are stored by content.
        as_done: Returns its rows; gets its id in the new batch, its output folder, and the same
            folder in the form in which no two jobs may have the same.
    """

    key: str
    place: str
    folder: Path
    files: tuple[TreeFile, ...]
    as_done: Callable[[str, str, str], DoneJob]


TreeItem = FinishedJob | TreeProblem | TreeField | TreeOthers


@dataclass(frozen=True, slots=True)
class Importer:
    """Reader of a recipe's finished results. Nothing in the tree is trusted.

    Attributes:
        read: Yields the jobs of a tree and what is left out. Raises `NotADirectoryError` if it is
            not a folder, and `OSError` if it cannot be read.
        read_file: Returns the bytes of a job's file. Raises `UserError` if it is a link, not a
            regular file or too large, and `OSError` if it cannot be read.
    """

    read: Callable[[Path], Iterator[TreeItem]]
    read_file: Callable[[Path], bytes]
