"""Inputs that a recipe reads itself: a folder of samples, a dataset, a song."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from engine.contract.reader import Reader, has_wildcards
from engine.intake.entries import MAX_ENTRIES, InputEntry
from engine.intake.problems import InputError, Problem


@dataclass(frozen=True, slots=True)
class OwnInputs:
    """A recipe's reader, for one batch.

    Attributes:
        reader: The reader; None of a recipe without one.
        settings: The recipe's settings as the batch has them.
        offset: Number of entries that the batch already has.
    """

    reader: Reader | None
    settings: Any
    offset: int

    @property
    def converts(self) -> bool:
        """Return whether the entries of lists are converted."""
        return self.reader is not None and self.reader.entry is not None

    def path_of(self, where: str | Path | BinaryIO) -> Path | None:
        """Return the path of an input that the reader accepts; None for any other input."""
        if self.reader is None or not isinstance(where, str | Path) or str(where) == "-":
            return None
        path = Path(where)
        is_there = path.exists() or has_wildcards(path)
        return path if is_there and self.reader.accepts(path) else None

    def read(self, path: Path, name: str) -> Iterator[InputEntry]:
        """Yield the entries that the reader finds.

        Raises:
            InputError: The input cannot be read, or is not what it should be.
        """
        try:
            for number, data in enumerate(self._found(path), 1):
                if number > MAX_ENTRIES:
                    raise InputError.of(name, f"has more than {MAX_ENTRIES} entries")
                yield InputEntry(number, None, dict(data))
        except OSError as error:
            raise InputError.of(name, f"cannot be read: {error.strerror or error}") from error
        except ValueError as error:
            raise InputError.of(name, str(error)) from error

    def convert(
        self, entries: Iterable[InputEntry | Problem], name: str
    ) -> Iterator[InputEntry | Problem]:
        """Yield the entries of a list as the reader converts them, without those left out.

        Raises:
            InputError: All are left out.
        """
        nothing = True
        for entry in entries:
            found = entry if isinstance(entry, Problem) else self._converted(entry, name)
            if found is not None:
                nothing = False
                yield found
        if nothing:
            raise InputError.of(name, "has no entry that the settings select")

    def _found(self, path: Path) -> Iterable[Any]:
        return self.reader.read(path, self.settings, self.offset) if self.reader else ()

    def _converted(self, entry: InputEntry, name: str) -> InputEntry | Problem | None:
        if self.reader is None or self.reader.entry is None:
            return entry
        try:
            data = self.reader.entry(entry.data, entry.number, self.settings, self.offset)
        except ValueError as error:
            return Problem(file=name, entry=entry.number, line=entry.line, message=str(error))
        return None if data is None else InputEntry(entry.number, entry.line, dict(data))


def folder_of(path: Path) -> Path:
    """Return the folder that paths in an input's entries are relative to."""
    return path if path.is_dir() else path.parent
