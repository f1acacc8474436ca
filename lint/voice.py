"""Hold down habits of prose and of names: count them per room and fail when a count rises.

Three habits are counted: docstrings that open with a noun clause ("What a call costs" instead of
"Maximum cost of a call"), words that the field does not use ("told", "made", "goes on", "for want
of", "anew"), and variables and arguments that are named by a bare participle (`found`, `given`)
instead of by what they hold (`row`, `options`). `lint/voice.json` holds the counts; `--update`
lowers them.
"""

import argparse
import ast
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
COUNTS = Path(__file__).with_suffix(".json")
HABITS = ("openings", "words", "names")
CODE = ("bench", "db", "engine", "examples", "safelight", "tests", "themes", "tui")
PAGES = ("docs", "examples", "README.md", "CONTRIBUTING.md", "AGENTS.md")

OPENING = re.compile(r"\s*(What|Whether|Who|How|Which|Where|That)\b")
WORDS = re.compile(r"\b(told|made|goes on|for want of|anew)\b", re.IGNORECASE)
NAMES = frozenset({"found", "given", "made", "own", "said", "told"})
"""Names that say how a value came about, and not what it is. Attributes do not count."""

MAX_SHOWN = 20
"""Maximum number of findings printed for one room."""

Counts = dict[str, dict[str, int]]
"""By room, the number of findings of each habit; rooms and habits without any are left out."""


class Finding(NamedTuple):
    """One use of a habit."""

    room: str
    habit: str
    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.habit}: {self.text}"


def room_of(path: Path) -> str:
    """Return the room of a file: a package of the engine, or the top-level folder.

    Args:
        path: Path relative to the root.

    Returns:
        `engine/runtime`, `tui`, `docs`, ...; `.` for files at the root.
    """
    parts = path.parent.parts
    return "/".join(parts[:2] if parts[:1] == ("engine",) else parts[:1]) or "."


def in_code(source: str, path: Path) -> Iterator[Finding]:
    """Find habits in the docstrings, messages and names of a module.

    Args:
        source: Text of the module.
        path: Path of the module relative to the root. Only docstrings count in tests, where
            other strings are data and names are short-lived.
    """
    tree = ast.parse(source)
    docstrings = {
        id(node.value): node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)
    }
    is_test = path.parts[0] == "tests"
    if not is_test:
        yield from _names(tree, path)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        is_docstring = id(node) in docstrings
        if is_docstring and OPENING.match(node.value):
            yield _finding("openings", path, node.lineno, node.value.strip())
        if is_docstring or (" " in node.value and not is_test):
            yield from _words(node.value, path, node.lineno)


def in_page(text: str, path: Path) -> Iterator[Finding]:
    """Find habits in a page of documentation.

    Args:
        text: Text of the page.
        path: Path of the page relative to the root.
    """
    return _words(text, path, 1)


def _names(tree: ast.AST, path: Path) -> Iterator[Finding]:
    fields = {
        id(statement.target)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for statement in node.body
        if isinstance(statement, ast.AnnAssign)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            name = "" if id(node) in fields else node.id
        else:
            name = node.arg if isinstance(node, ast.arg) else ""
        if name in NAMES and isinstance(node, ast.Name | ast.arg):
            yield _finding("names", path, node.lineno, name)


def _words(text: str, path: Path, first: int) -> Iterator[Finding]:
    for number, line in enumerate(text.splitlines(), first):
        for _ in WORDS.finditer(line):
            yield _finding("words", path, number, line.strip())


def _finding(habit: str, path: Path, line: int, text: str) -> Finding:
    return Finding(room_of(path), habit, path.as_posix(), line, text.partition("\n")[0])


def findings(root: Path) -> list[Finding]:
    """Find habits in the whole tree.

    Args:
        root: Folder of the project.
    """
    found: list[Finding] = []
    for path in _files(root, CODE, ".py"):
        found += in_code(path.read_text("utf-8"), path.relative_to(root))
    for path in _files(root, PAGES, ".md"):
        found += in_page(path.read_text("utf-8"), path.relative_to(root))
    return found


def _files(root: Path, names: Iterable[str], suffix: str) -> Iterator[Path]:
    for name in names:
        place = root / name
        if place.is_file():
            yield place
        for path in sorted(place.rglob(f"*{suffix}")):
            if not any(part.startswith(".") for part in path.relative_to(root).parts):
                yield path  # and not the peers' environment, bench/.venv


def count(found: Iterable[Finding]) -> Counts:
    """Count findings per room and habit."""
    counts: Counts = {}
    for (room, habit), number in sorted(Counter((f.room, f.habit) for f in found).items()):
        counts.setdefault(room, {})[habit] = number
    return counts


def risen(counts: Counts, kept: Counts) -> list[tuple[str, str, int, int]]:
    """List what has risen: room, habit, kept count, present count."""
    return [
        (room, habit, kept.get(room, {}).get(habit, 0), number)
        for room, habits in counts.items()
        for habit, number in habits.items()
        if number > kept.get(room, {}).get(habit, 0)
    ]


def total(counts: Counts, habit: str) -> int:
    """Return the number of findings of one habit in all rooms."""
    return sum(habits.get(habit, 0) for habits in counts.values())


def to_text(counts: Counts) -> str:
    """Write counts as JSON with one line per room, so that two changes rarely meet."""
    rows = (f"  {json.dumps(room)}: {json.dumps(habits)}" for room, habits in counts.items())
    return "{\n" + ",\n".join(rows) + "\n}\n"


def _show(found: list[Finding], room: str, habit: str | None) -> None:
    lines = [f for f in found if f.room == room and habit in (None, f.habit)]
    for finding in lines[:MAX_SHOWN] if habit else lines:
        print(f"  {finding}")
    if habit and len(lines) > MAX_SHOWN:
        print(f"  and {len(lines) - MAX_SHOWN} more: python -m lint.voice --show {room}")


def _update(counts: Counts, kept: Counts) -> int:
    higher = [habit for habit in HABITS if total(counts, habit) > total(kept, habit)]
    if higher and kept:
        print(f"Counts only fall, and these are higher than before: {', '.join(higher)}.")
        return 1
    COUNTS.write_text(to_text(counts), "utf-8")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Compare the tree with the kept counts.

    Returns:
        0, or 1 if a room's count has risen.
    """
    parser = argparse.ArgumentParser(prog="python -m lint.voice", description=__doc__)
    parser.add_argument("--update", action="store_true", help="write the present counts")
    parser.add_argument("--show", metavar="ROOM", help="list what a room has")
    options = parser.parse_args(arguments)
    found = findings(ROOT)
    counts = count(found)
    kept: Counts = json.loads(COUNTS.read_text("utf-8")) if COUNTS.exists() else {}
    if options.show:
        _show(found, options.show, None)
        return 0
    if options.update:
        return _update(counts, kept)
    rises = risen(counts, kept)
    for room, habit, before, now in rises:
        print(f"{room}: {habit} rose from {before} to {now}. Reword what is new:")
        _show(found, room, habit)
    return 1 if rises else 0


if __name__ == "__main__":
    sys.exit(main())
