"""Measure the structure of a checkout: its rooms, and the imports between them.

    python -m bench.structure [CHECKOUT]

A room is a package or loose module one level below `engine`, or `tui`, `db`, `themes` and
`safelight` as a whole. An arrow is an import from one room to another, counted once.
"""

import ast
import statistics
import sys
from collections import defaultdict
from pathlib import Path

import grimp

WHOLE = ("tui", "db", "themes", "safelight")
SPLIT = "engine"


def room_of(module: str) -> str:
    """Return the room of a module."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == SPLIT else parts[0]


def arrows(packages: list[str]) -> tuple[set[str], dict[str, set[str]]]:
    """Return the rooms, and for each room the rooms that it imports."""
    graph = grimp.build_graph(*packages, cache_dir=None)
    rooms = {room_of(module) for module in graph.modules} - {SPLIT}
    found: dict[str, set[str]] = defaultdict(set)
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            one, other = room_of(module), room_of(imported)
            if one != other and SPLIT not in (one, other):
                found[one].add(other)
    return rooms, found


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of rooms that import each other, directly or not."""
    reach: dict[str, set[str]] = {}
    for room in graph:
        seen: set[str] = set()
        stack = [room]
        while stack:
            for other in graph.get(stack.pop(), ()):
                if other not in seen:
                    seen.add(other)
                    stack.append(other)
        reach[room] = seen
    groups = {
        frozenset(other for other in reach[room] if room in reach.get(other, ()))
        for room in graph
        if room in reach[room]
    }
    return [sorted(group) for group in groups]


def functions(files: list[Path]) -> list[int]:
    """Return the length in lines of every function."""
    return [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def first_words(files: list[Path], words: tuple[str, ...]) -> tuple[int, int]:
    """Return how many docstrings open with one of some words, and how many there are."""
    found = total = 0
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, kinds) and (doc := ast.get_docstring(node)):
                total += 1
                found += doc.split(maxsplit=1)[0].rstrip(",.:") in words
    return found, total


def spread(lines: list[int]) -> str:
    """Return the count, median and maximum of some lengths in lines."""
    return f"{len(lines)}: median {statistics.median(lines):.0f} lines, longest {max(lines)}"


CLAUSES = ("What", "Whether", "Who", "How", "Which", "Where", "That")


def main() -> None:
    """Print the figures."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    sys.path.insert(0, str(root))
    packages = [name for name in (SPLIT, *WHOLE) if (root / name / "__init__.py").exists()]
    rooms, graph = arrows(packages)
    files = sorted(file for name in packages for file in (root / name).rglob("*.py"))
    sizes = [len(file.read_text().splitlines()) for file in files]
    lengths = functions(files)
    clauses, docstrings = first_words(files, CLAUSES)
    print(f"rooms      {len(rooms)}: {' '.join(sorted(rooms))}")
    print(f"arrows     {sum(map(len, graph.values()))}")
    print(f"circles    {circles(graph) or 'none'}")
    print(f"files      {spread(sizes)}")
    print(f"functions  {spread(lengths)}")
    share = 100 * clauses / docstrings
    print(f"docstrings {docstrings}: {share:.1f} % open with {'/'.join(CLAUSES)}")


if __name__ == "__main__":
    main()
