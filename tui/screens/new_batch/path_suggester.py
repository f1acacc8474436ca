"""Completion of the path of an input file, a name at a time."""

import asyncio
import os
from contextlib import suppress
from itertools import islice
from pathlib import Path

from textual.suggester import Suggester

from engine.text.terminal import has_hidden

MAX_LOOKED_AT = 2_000
"""Names of a folder that are looked at."""


class PathSuggester(Suggester):
    """Suggests the first name that a path may go on with, found in a thread."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """Return the path with its last name completed; None if nothing there begins so."""
        return await asyncio.to_thread(completed, value)


def completed(text: str) -> str | None:
    """Return a path with its last name completed; a folder ends in a slash.

    Names that could act on the terminal are not suggested.
    """
    before, slash, begun = text.rpartition("/")
    try:
        folder = Path(f"{before}{slash}" or ".").expanduser()
        with os.scandir(folder) as entries:
            names = [_shown(entry) for entry in islice(entries, MAX_LOOKED_AT)]
    except (OSError, ValueError, RuntimeError):
        return None
    fitting = [name for name in names if name.startswith(begun) and name != begun]
    known = [name for name in fitting if begun and not has_hidden(name)]
    return f"{before}{slash}{min(known)}" if known else None


def _shown(entry: "os.DirEntry[str]") -> str:
    with suppress(OSError):  # a link that leads to itself, or where nobody may look
        if entry.is_dir():
            return f"{entry.name}/"
    return entry.name
