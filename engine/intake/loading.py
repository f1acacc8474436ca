"""Loading of inputs for the queue: all entries, or all problems."""

import contextlib
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from engine.contract.backend import Artifact
from engine.contract.files import FileSort, KeepFile, StoredPath
from engine.contract.reader import Reader
from engine.intake.entries import InputEntry
from engine.intake.grid.cells import Grid, expand
from engine.intake.own_inputs import OwnInputs, folder_of
from engine.intake.problems import InputError, Problem, ProblemLog
from engine.intake.readers import Format, read_entries
from engine.intake.shared_fields import SHARED
from engine.intake.source import open_source
from engine.intake.validate import Check, InputT, ValidEntry, field_names, validate

_REMEMBERED_FILES = 1024  # of a million entries with the same image, the first reads it


def read(
    where: str | Path | BinaryIO,
    model: type[InputT],
    *,
    file_format: Format | None = None,
    name: str = "",
    keep_file: KeepFile | None = None,
    offset: int = 0,
    reader: Reader | None = None,
    settings: Any = None,
    check: Check[InputT] | None = None,
    grid: Grid | None = None,
    seed: int = 0,
    stored: StoredPath | None = None,
    may_set_backends: bool = False,
) -> Iterator[ValidEntry[InputT]]:
    """Read and validate an input in bounded memory.

    Yields valid entries until the first problem; from there on it reads to the end only to find
    the other problems, and raises them together. So a caller has to store entries in a way that
    it can undo, and keep them if the iteration ends without an error.

    Args:
        where: A path, `-` for standard input, or an open binary stream.
        model: The recipe's input model.
        file_format: The format; by default detected from the name, else from the content.
        name: Name of the input in messages.
        keep_file: Stores a file that an entry names; without it, entries may not name any.
            The caller has to remove files stored for a refused input.
        offset: Number of entries that the batch already has; see `validate`.
        reader: Reads the inputs that it accepts, in place of the formats of lists of entries.
        settings: The recipe's settings, which the reader gets.
        check: Yields further problems of an entry that its model accepts.
        grid: Makes several entries of each.
        seed: Source of a grid's sample.
        may_set_backends: True if entries may have settings of backends.
        stored: Returns the path of an uploaded file, if entries name those instead of paths.

    Yields:
        The entries in their order.

    Raises:
        InputError: At the end, with all problems.
    """
    log = ProblemLog()
    try:
        own = OwnInputs(reader, settings, offset)
        with _entries(where, name, model, file_format, own) as (named, folder, entries):
            cells = entries
            if grid:
                fields = field_names(model)
                cells = expand(entries, grid, source=named, fields=fields, offset=offset, seed=seed)
            context = {"folder": folder, "keep_file": _remembering(keep_file), "stored": stored}
            checks = validate(
                cells,
                model,
                source=named,
                context=context,
                offset=offset,
                check=check,
                may_set_backends=may_set_backends,
            )
            for item in checks:
                if isinstance(item, Problem):
                    log.add([item])
                elif not log:
                    yield item
    except InputError as error:
        log.add(error.problems, error.total)
    if log:
        raise log.error()


@contextlib.contextmanager
def _entries(
    where: str | Path | BinaryIO,
    name: str,
    model: type[InputT],
    file_format: Format | None,
    own: OwnInputs,
) -> Iterator[tuple[str, Path, Iterable[InputEntry | Problem]]]:
    """Return the input's name in messages, the folder of its relative paths, and its entries."""
    path = own.path_of(where) if file_format is None else None
    if path is not None:
        named = name or str(where)
        yield named, folder_of(path), own.read(path, named)
        return
    with open_source(where, name) as source:
        if own.converts:
            entries = own.convert(read_entries(source, file_format=file_format), source.name)
        else:
            fields = dict.fromkeys((*field_names(model), *SHARED))
            entries = read_entries(source, file_format=file_format, fields=list(fields))
        yield source.name, source.folder, entries


def load(
    where: str | Path | BinaryIO,
    model: type[InputT],
    *,
    file_format: Format | None = None,
    name: str = "",
    keep_file: KeepFile | None = None,
    offset: int = 0,
    reader: Reader | None = None,
    settings: Any = None,
) -> list[ValidEntry[InputT]]:
    """Read and validate an input as a whole; see `read`.

    Raises:
        InputError: Something is wrong with it; the error holds all problems.
    """
    return list(
        read(
            where,
            model,
            file_format=file_format,
            name=name,
            keep_file=keep_file,
            offset=offset,
            reader=reader,
            settings=settings,
        )
    )


def _remembering(keep_file: KeepFile | None) -> KeepFile | None:
    """Return a function that does not read the same files again; bytes are not remembered."""
    if keep_file is None:
        return None
    known = functools.lru_cache(_REMEMBERED_FILES)(keep_file)

    def keep(source: Path | bytes, sort: FileSort) -> Artifact:
        return keep_file(source, sort) if isinstance(source, bytes) else known(source, sort)

    return keep
