"""Terms that never helped: learned from finished rewrites, offered to new batches, editable."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.cli.app import main
from engine.client.memory_catalog import MemoryCatalog
from engine.client.workspace import Workspace
from engine.recipes.refine import RECIPE
from engine.recipes.refine.learning import phrases
from engine.testing.fakes import FakeChatBackend, FakeImageBackend

pytestmark = pytest.mark.usefixtures("one_process")

SETTINGS = {
    "image": "fake",
    "vision": "fake",
    "text": "fake",
    "max_iterations": 2,
    "target_score": 100,
    "width": 64,
    "height": 64,
}


def judge(request: Any) -> dict[str, Any]:
    return {"description": "A picture.", "missing": [], "reasons": ["So."], "score": 50.0}


class Refiner:
    """Writes the same rewrite each time, and keeps its requests."""

    def __init__(self) -> None:
        self.requests: list[Any] = []

    def __call__(self, request: Any) -> dict[str, Any]:
        self.requests.append(request)
        return {
            "reason": "So.",
            "prompt": f"{request.brief}, 8k, trending on a site",
            "negative_prompt": "blurry",
        }


@pytest.fixture
def refiner() -> Refiner:
    return Refiner()


@pytest.fixture
def workspace(tmp_path: Path, refiner: Refiner) -> Workspace:
    chat = FakeChatBackend({"refine": refiner})
    eyes = FakeChatBackend({"evaluate": judge}, capability="vision")
    catalog = MemoryCatalog([RECIPE], [FakeImageBackend(), chat, eyes])
    return Workspace(tmp_path, create=True, catalog=catalog)


def run_batch(workspace: Workspace, folder: Path, prompts: list[str], **settings: Any) -> str:
    source = folder / "in.json"
    source.write_text(json.dumps(prompts))
    return workspace.run("refine", source, settings={**SETTINGS, **settings})


def avoided(workspace: Workspace, batch: str) -> list[str]:
    with workspace.reading() as connection:
        sql = "SELECT settings FROM batches WHERE id = ?"
        row = connection.execute(sql, (int(batch[1:]),)).fetchone()
    terms: list[str] = json.loads(row[0])["avoid"]
    return terms


def test_what_never_helped_is_kept_with_the_next_batch(
    workspace: Workspace, refiner: Refiner, tmp_path: Path
) -> None:
    first = run_batch(workspace, tmp_path, ["a fox", "a hare, 8k", "an owl"])
    assert avoided(workspace, first) == []
    rows = {row.term: row for row in workspace.learned(all_terms=True)}
    assert {term: (row.tried, row.helped) for term, row in rows.items()} == {
        "8k": (2, 0),  # the hare's own brief has it
        "trending on a site": (3, 0),
        "no blurry": (3, 0),
    }
    assert [row.term for row in workspace.learned()] == ["no blurry", "trending on a site"]

    second = run_batch(workspace, tmp_path, ["a cat"])
    assert avoided(workspace, second) == ["trending on a site", "no blurry"]
    assert refiner.requests[-1].avoid == ("trending on a site", "no blurry")
    assert run_batch(workspace, tmp_path, ["a dog"], avoid=["mist"]) == "b3"
    assert avoided(workspace, "b3") == ["mist"]  # the operator's own list stays as it is
    assert avoided(workspace, run_batch(workspace, tmp_path, ["a bat"], learned=False)) == []


def test_the_operator_edits_switches_and_deletes(
    workspace: Workspace, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run_batch(workspace, tmp_path, ["a fox", "a hare", "an owl"])
    ids = {row.term: row.id for row in workspace.learned(all_terms=True)}
    where = ("--workspace", str(tmp_path))

    def learned(*arguments: object) -> tuple[int, str]:
        capfd.readouterr()
        code = main(["learned", *map(str, arguments), *where])
        out, err = capfd.readouterr()
        return code, out + err

    assert learned("--off", ids["8k"])[0] == 0
    assert learned("--edit", ids["no blurry"], "--to", "no blurred edges")[0] == 0
    assert learned("--delete", ids["trending on a site"])[0] == 0
    assert learned("--add", "lens flare", "--model", "fake fake-1")[0] == 0
    code, out = learned("--json")
    document = json.loads(out)["learned"]
    assert {(one["term"], one["offered"], one["author"]) for one in document} == {
        ("8k", False, "loop"),
        ("no blurred edges", True, "operator"),
        ("lens flare", True, "operator"),
    }
    code, out = learned("--on", 99)
    assert code == 2
    assert "No term has the number 99" in out
    code, out = learned("--add", "a\x1b[31m", "--model", "m")
    assert code == 2
    assert "\x1b" not in out
    assert learned("--edit", ids["8k"])[0] == 2
    assert "lens flare" in learned()[1]


def test_a_score_that_rose_is_help(workspace: Workspace, tmp_path: Path) -> None:
    seen: list[str] = []

    def better_each_time(request: Any) -> dict[str, Any]:
        seen.append(request.brief)
        return {**judge(request), "score": 40.0 + 5 * seen.count(request.brief)}

    eyes: Any = workspace.catalog.backend("vision", "fake", {}, {})
    eyes.answers["evaluate"] = better_each_time
    run_batch(workspace, tmp_path, ["a fox", "a hare", "an owl"])
    assert workspace.learned() == []
    rows = workspace.learned(all_terms=True)
    assert {(row.tried, row.helped, row.gain) for row in rows} == {(3, 3, 15.0)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A Red fox, in  snow; 8K.", ["a red fox", "in snow", "8k"]),
        ("\x1b[31mred\x1b[0m light, \u202eevil", ["red light", "evil"]),
        ("(Sharp edges:1.25), f/1.8", ["sharp edges", "f/1.8"]),
        ("a red barn\nCorrections: (darker:1.2).", ["a red barn", "darker"]),
        ("\x1b[1;31mred\x1b[0m\nlight", ["red", "light"]),
        ("x" * 500, []),
        ("", []),
    ],
)
def test_phrases_of_a_prompt(text: str, expected: list[str]) -> None:
    assert phrases(text) == expected
