import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from engine.cli.app import main
from engine.client.workspace import Workspace
from engine.contract import Blocked, Permanent
from tests.support.one_process import compute_here
from tests.support.toys import ToyCatalog

HOSTILE = "\x1b]0;owned\x07\x1b[31mred\x1b[0m [bold]not bold[/bold] \u202egnp.exe \x9b2J end"


@dataclass
class Ran:
    """Output and exit code of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


@pytest.fixture
def run(capfd) -> Callable[..., Ran]:
    """Runs `safelight` in this process."""

    def run_(*arguments: object) -> Ran:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        return Ran(code, *capfd.readouterr())

    return run_


def _reply(request, _context):
    if "wrong" in request.brief:
        raise Permanent(f"Cannot say {HOSTILE}", remedy="Say it otherwise.", cost=2_500)
    if "bug" in request.brief:
        raise ZeroDivisionError(HOSTILE)


def _closed(request, _context):
    raise Blocked("No key for toys.", reason="key", remedy="Set TOY_KEY in .env.")


def _queue(root: Path, name: str, lines: list[str], reply, **options) -> Workspace:
    catalog = ToyCatalog()
    catalog.toy.reply = reply
    workspace = Workspace(root, create=True, catalog=cast("Any", catalog))
    source = root.parent / f"{name}.txt"
    source.write_text("".join(f"{line}\n" for line in lines))
    workspace.queue("toy", source, **options)
    return workspace


@pytest.fixture(scope="session")
def _toys(tmp_path_factory) -> Path:
    """b1 is done with failures, b2 is parked, b3 is queued; created once."""
    root = tmp_path_factory.mktemp("toys") / "workspace"
    first = json.dumps({"id": "a/../b", "prompt": HOSTILE})
    lines = ["fine", "wrong", "bug"]
    workspace = _queue(root, "mixed", lines, _reply, settings={"seed": "11", "steps": "2"})
    workspace.follow("b1")
    workspace = _queue(root, "parked", ["p"], _closed)
    workspace.follow("b2")
    source = root.parent / "hostile.jsonl"
    source.write_text(first + "\n" + json.dumps({"id": "plain", "prompt": "plain"}) + "\n")
    workspace.queue("toy", source)
    return root


@pytest.fixture
def toys(_toys, tmp_path) -> Path:
    """A workspace of toy batches, one's own copy."""
    return shutil.copytree(_toys, tmp_path / "toys")


@pytest.fixture(scope="session")
def _images(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("images") / "workspace"
    source = root.parent / "prompts.json"
    entries = [
        {"id": "circles", "title": "Round", "prompt": "An abstract pattern of red circles"},
        {"id": "../lemons", "prompt": "A bowl of lemons on a table"},
    ]
    source.write_text(json.dumps(entries))
    settings = {"seed": 11, "width": 96, "height": 96, "max_iterations": 2, "target_score": 100}
    with pytest.MonkeyPatch.context() as patch:
        compute_here(patch)
        workspace = Workspace(root, create=True)
        name = workspace.queue("refine", source, settings=settings)
        assert workspace.follow(name).state == "done"
    return root


@pytest.fixture
def images(_images, tmp_path) -> Path:
    """A workspace with a finished refine batch of two jobs, one's own copy."""
    return shutil.copytree(_images, tmp_path / "images")
