"""The doctor tries a recipe: packages, backends, an input, and its first entry."""

import json
from pathlib import Path

import pytest

from engine.queueing import extras
from engine.queueing.money.estimate import Estimate

pytestmark = pytest.mark.usefixtures("one_process")

SMALL = ("--set", "width=96", "--set", "height=96", "--set", "max_iterations=1")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.txt"
    path.write_text("a red boat\na blue kite\n")
    return path


def test_a_recipe_is_tried_without_leaving_anything(run, tmp_path, source):
    ran = run("doctor", "refine", source, *SMALL, "-w", tmp_path, "--json")
    checks = {check["name"]: check for check in ran.json["checks"]}
    assert (ran.code, ran.json["ok"]) == (0, True)
    assert list(checks) == [
        *("settings", "packages", "image", "vision", "text", "input"),
        *("iteration-1/generate", "iteration-1/evaluate", "trial"),
    ]
    assert checks["image"]["found"] == "builtin painter-1 is ready"
    assert checks["input"]["found"] == "2 entries can be read"
    assert "a-red-boat is done" in checks["trial"]["found"]
    assert "files written" in checks["trial"]["found"]
    assert [path.name for path in tmp_path.iterdir()] == ["in.txt"]


def test_without_an_input_its_needs_are_checked(run, tmp_path):
    ran = run("doctor", "storyboard", "-w", tmp_path)
    assert ran.code == 0
    assert ran.lines[-2] == "✓ score: builtin measures-1 is ready"


def test_a_missing_package_has_its_command_and_nothing_is_run(run, tmp_path, source, monkeypatch):
    monkeypatch.setattr(extras, "missing_from_extra", lambda _extra: ["librosa"])
    ran = run("doctor", "visual-prompts", source, "-w", tmp_path, "--json")
    checks = {check["name"]: check for check in ran.json["checks"]}
    assert ran.code == 1
    assert "librosa" in checks["packages"]["found"]
    assert "[audio]" in checks["packages"]["remedy"]
    assert not {"input", "trial"} & set(checks)


def test_a_backend_that_is_not_ready_is_named(run, tmp_path, source, monkeypatch):
    monkeypatch.delenv("STABILITY_API_KEY", raising=False)
    ran = run("doctor", "refine", source, "--set", "image=stability", "-w", tmp_path, "--json")
    [bad] = [check for check in ran.json["checks"] if not check["ok"]]
    assert ran.code == 1
    assert bad["name"] == "image"
    assert "needs STABILITY_API_KEY" in bad["found"]
    assert bad["remedy"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("[", "in.json"), (json.dumps([{"prompt": 7}]), "'prompt': must be text")],
)
def test_a_wrong_input_is_one_line(run, tmp_path, content, sentence):
    source = tmp_path / "in.json"
    source.write_text(content)
    ran = run("doctor", "refine", source, "-w", tmp_path, "--json")
    assert ran.code == 1
    assert ran.json["checks"][-1]["name"] == "input"
    assert sentence in ran.json["checks"][-1]["found"]


def test_nothing_is_paid_unless_it_is_asked_for(run, tmp_path, source, monkeypatch):
    monkeypatch.setattr(Estimate, "is_free", False)
    ran = run("doctor", "refine", source, *SMALL, "-w", tmp_path)
    assert ran.code == 0
    assert ran.lines[-3].startswith("– trial: nothing was run, since ")
    assert "To run an entry, add --paid." in ran.lines[-2]
    assert "is done" in run("doctor", "refine", source, *SMALL, "--paid", "-w", tmp_path).lines[-2]


def test_wrong_settings_and_names_are_sentences(run, tmp_path, source):
    ran = run("doctor", "refine", source, "--set", "widht=3", "-w", tmp_path)
    assert ran.code == 1
    assert "has no setting 'widht'" in ran.out
    ran = run("doctor", "refin", "-w", tmp_path)
    assert ran.code == 2
    assert "refine" in ran.err
