"""The runtime's own house rules: small files, and nobody who reaches through two objects."""

import ast
from collections.abc import Iterator
from pathlib import Path

import engine.runtime

FOLDER = Path(engine.runtime.__file__).parent
FILES = sorted(FOLDER.rglob("*.py"))
MAX_LINES = 400


def reaching(path: Path) -> Iterator[str]:
    """Yield names that go through an object, its part and that one's part to something of that."""
    tree = ast.parse(path.read_text())
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or id(node) in inner:
            continue
        parts = ast.unparse(node).removeprefix("self.").split(".")
        if len(parts) > 3 and all(part.isidentifier() for part in parts):
            yield f"{path.relative_to(FOLDER)}:{node.lineno}: {ast.unparse(node)}"


def test_nobody_reaches_through_two_objects() -> None:
    assert [found for path in FILES for found in reaching(path)] == []


def test_no_file_is_long() -> None:
    long = {path.name: len(path.read_text().splitlines()) for path in FILES}
    assert {name: lines for name, lines in long.items() if lines >= MAX_LINES} == {}
