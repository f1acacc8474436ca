"""The public names: each resolves, and type checkers see the same ones."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import safelight

SOURCE = Path(safelight.__file__).read_text()


def _typed_names() -> dict[str, str]:
    tree = ast.parse(SOURCE)
    block = next(node for node in tree.body if isinstance(node, ast.If))
    return {
        alias.asname or alias.name: str(node.module)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@pytest.mark.parametrize("name", dir(safelight))
def test_a_public_name_resolves(name: str):
    assert getattr(safelight, name) is not None


def test_type_checkers_see_the_same_names():
    assert _typed_names() == safelight._HOME


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        safelight.nonsense  # noqa: B018 - the access is the test


def test_importing_it_imports_nothing_heavy():
    code = "import sys, safelight\nprint(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert not loaded & {"pydantic", "textual", "rich", "torch", "numpy", "click", "sqlite3"}


def test_it_runs_as_a_module():
    command = [sys.executable, "-m", "safelight", "--version"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert safelight.__version__ in ran.stdout
