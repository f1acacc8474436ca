"""The way from an input to what can be queued: everything right, or everything that is wrong."""

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from engine.contract.files import KeepFile
from engine.intake.problems import InputError, Problem, ProblemLog
from engine.intake.readers import Format, read_entries
from engine.intake.source import open_source
from engine.intake.validate import InputT, ValidEntry, field_names, validate

_REMEMBERED_FILES = 1024  # of a million entries with the same image, the first reads it


def read(
    where: str | Path | BinaryIO,
    model: type[InputT],
    *,
    file_format: Format | None = None,
    name: str = "",
    keep_file: KeepFile | None = None,
    offset: int = 0,
) -> Iterator[ValidEntry[InputT]]:
    """Reads and validates an input in bounded memory.

    Yields what is right until the first problem; from there on it reads to the end only to find
    the other problems, and raises them together. So a caller writes what it gets into something
    that it can take back, and keeps it when the iteration ends without an error.

    Args:
        where: A path, `-` for standard input, or an open binary stream.
        model: The recipe's input model.
        file_format: The format; by default told from the name, else from the content.
        name: What to call the input in messages.
        keep_file: Stores an image that an entry names; without it, entries may name none.
            What it stored for a refused input is the caller's to take back.
        offset: How many entries the batch already has; see `validate`.

    Yields:
        The entries in their order.

    Raises:
        InputError: At the end, with everything that is wrong.
    """
    log = ProblemLog()
    try:
        with open_source(where, name) as source:
            context = {"folder": source.folder, "keep_file": _remembering(keep_file)}
            entries = read_entries(source, file_format=file_format, fields=field_names(model))
            for item in validate(
                entries, model, source=source.name, context=context, offset=offset
            ):
                if isinstance(item, Problem):
                    log.add([item])
                elif not log:
                    yield item
    except InputError as error:
        log.add(error.problems, error.total)
    if log:
        raise log.error()


def load(
    where: str | Path | BinaryIO,
    model: type[InputT],
    *,
    file_format: Format | None = None,
    name: str = "",
    keep_file: KeepFile | None = None,
    offset: int = 0,
) -> list[ValidEntry[InputT]]:
    """Reads and validates an input as a whole; see `read`.

    Raises:
        InputError: Something is wrong with it; it holds everything that is.
    """
    return list(
        read(where, model, file_format=file_format, name=name, keep_file=keep_file, offset=offset)
    )


def _remembering(keep_file: KeepFile | None) -> KeepFile | None:
    return functools.lru_cache(_REMEMBERED_FILES)(keep_file) if keep_file else None
