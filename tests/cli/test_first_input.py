"""An input that is refused, and one that is only estimated, leave no new workspace behind."""

import io
import json
import sys

import pytest

GOOD, WRONG = '[{"prompt": "a barn"}]', '[{"prompt": "a barn"}, {"promt": "a fox"}]'


class Piped:
    """Standard input that can be read once."""

    def __init__(self, text: str) -> None:
        self.buffer = io.BytesIO(text.encode())

    def isatty(self) -> bool:
        return False


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A folder that is no workspace, with a good input and a wrong one in it."""
    (tmp_path / "good.json").write_text(GOOD)
    (tmp_path / "wrong.json").write_text(WRONG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def left_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("verb", ["run", "queue"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["refine", "wrong.json"],
        ["refine", "missing.json"],
        ["nothing", "good.json"],
        ["refine", "good.json", "--set", "image=nobody"],
        ["refine", "good.json", "--set", "width=3"],
    ],
    ids=["entry", "file", "recipe", "backend", "setting"],
)
def test_a_refused_command_creates_nothing(run, work, verb, arguments):
    ran = run(verb, *arguments, "-w", "new/place")
    assert ran.code == 2
    assert left_in(work) == ["good.json", "wrong.json"]


def test_a_dry_run_creates_nothing(run, work):
    ran = run("run", "refine", "good.json", "--dry-run", "--json")
    assert ran.json["jobs"] == 1
    assert left_in(work) == ["good.json", "wrong.json"]


def test_a_good_input_creates_the_workspace(run, work):
    assert run("queue", "refine", "good.json", "-w", "new/place").code == 0
    assert run("jobs", "b1", "-w", "new/place", "--json").json


@pytest.mark.parametrize(("text", "code"), [(GOOD, 0), (WRONG, 2)])
def test_standard_input_is_checked_before_the_workspace_is_created(
    run, work, monkeypatch, text, code
):
    monkeypatch.setattr(sys, "stdin", Piped(text))
    ran = run("queue", "refine", "-", "-w", "place")
    assert ran.code == code
    assert (work / "place").exists() is (code == 0)
    assert code == 0 or "standard input, entry 2, field 'promt'" in ran.err


def test_an_image_of_a_refused_input_is_not_kept(run, work):
    from PIL import Image

    Image.new("RGB", (64, 64), (9, 8, 7)).save(work / "ref.png")
    entries = [{"prompt": "a", "reference_image": "ref.png"}, {"promt": "b"}]
    (work / "wrong.json").write_text(json.dumps(entries))
    assert run("queue", "refine", "wrong.json").code == 2
    assert left_in(work) == ["good.json", "ref.png", "wrong.json"]
