"""Files of options: `__colours__` stands for the lines of `colours.txt` in a named folder."""

import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path

from engine.contract.files import open_regular
from engine.intake.grid.nodes import Node
from engine.intake.grid.template import MAX_DEPTH, MAX_OPTIONS, BadTemplate, parse
from engine.text.terminal import quoted

MAX_FILE_BYTES = 16 << 20
"""Maximum size of a wildcard file."""
MAX_LINE = 10_000
"""Maximum length of one of its lines, in characters."""
MAX_LINES_READ = 1_000_000
"""Maximum number of lines of all files of one batch, as often as they are named."""

_NAME = re.compile(r"[A-Za-z0-9](?:[ ._/-]?[A-Za-z0-9])*")


class Wildcards:
    """Wildcard files in some folders, each read once; nothing outside the folders is opened.

    Args:
        folders: The folders, of which the first with a file of a name has it.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = list(folders)
        self._lines: dict[str, list[str]] = {}
        self._open: list[str] = []
        self._count = 0

    def options(self, name: str, depth: int) -> tuple[Node, ...]:
        """Return the lines of a file as options.

        Args:
            name: Its name without the ending, `colours` or `animals/birds`.
            depth: Depth of the options in other choices.

        Raises:
            BadTemplate: There is no such file, it refers to itself, or it cannot be used.
        """
        if name in self._open:
            raise BadTemplate(f"names {quoted(f'__{name}__')}, which refers to itself")
        if depth > MAX_DEPTH:
            raise BadTemplate(f"has more than {MAX_DEPTH} choices inside each other")
        lines = self._read(name)
        self._count += len(lines)
        if self._count > MAX_LINES_READ:
            raise BadTemplate(f"needs more than {MAX_LINES_READ} lines of wildcard files")
        self._open.append(name)
        try:
            return tuple(parse(line, self.options, depth) for line in lines)
        finally:
            self._open.pop()

    def _read(self, name: str) -> list[str]:
        if name not in self._lines:
            self._lines[name] = self._options_in(self._path(name), name)
        return self._lines[name]

    def _path(self, name: str) -> Path:
        shown = quoted(f"__{name}__")
        if not _NAME.fullmatch(name):
            raise BadTemplate(
                f"has {shown}, and a wildcard's name has letters, digits and single - _ . / between"
                " them only; write \\__ for the text"
            )
        parts = f"{name}.txt".split("/")
        for folder in self._folders:
            if _is_regular(folder, parts):
                return folder.joinpath(*parts)
        where = ", ".join(quoted(str(folder)) for folder in self._folders)
        there = f"there is no {quoted(f'{name}.txt')} in {where}" if where else "no folder is named"
        raise BadTemplate(f"has {shown}, but {there}; name a folder with --wildcards")

    def _options_in(self, path: Path, name: str) -> list[str]:
        shown = quoted(f"{name}.txt")
        try:
            with open_regular(path, MAX_FILE_BYTES) as stream:
                text = stream.read(MAX_FILE_BYTES + 1).decode("utf-8-sig")
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or (
                "it is not UTF-8" if isinstance(error, UnicodeError) else str(error)
            )
            raise BadTemplate(f"needs {shown}, which cannot be read: {why}") from None
        stripped = (line.strip() for line in text.splitlines())
        lines = [line for line in stripped if line and not line.startswith("#")]
        if not lines or len(lines) > MAX_OPTIONS or "\0" in text:
            problem = "has no lines" if not lines else "is no list of options"
            raise BadTemplate(f"needs {shown}, which {problem}")
        if max(map(len, lines)) > MAX_LINE:
            raise BadTemplate(f"needs {shown}, which has a line of more than {MAX_LINE} characters")
        return lines


def _is_regular(folder: Path, parts: Sequence[str]) -> bool:
    """Return whether a path below a folder is a regular file that is reached through no link."""
    path = folder
    try:
        for part in parts:
            path = path / part
            mode = os.lstat(path).st_mode
            if stat.S_ISLNK(mode):
                return False
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(mode)
