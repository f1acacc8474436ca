"""Slots of a ComfyUI workflow, as the command line shows them."""

import json
from pathlib import Path

import pytest

from tests.backends.test_comfyui_slots import node, plain


@pytest.fixture
def workflow(tmp_path: Path) -> Path:
    (tmp_path / "p.txt").write_text("a red barn\n")
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(plain()))
    return file


def asked(verb: str, workflow: Path, *more: str) -> tuple[object, ...]:
    folder = workflow.parent
    setting = ("--set", "image=comfyui", "--set", f"comfyui.workflow={workflow}")
    return (verb, "refine", folder / "p.txt", "--workspace", folder / "w", *setting, *more)


def test_an_estimate_shows_what_goes_where(run, workflow: Path):
    shown = run(*asked("run", workflow, "--dry-run")).out
    assert "prompt: 6.text (CLIPTextEncode)" in shown
    assert "output: 9 (SaveImage)" in shown
    document = run(*asked("queue", workflow, "--dry-run", "--json")).json
    (image,) = [call for call in document["calls"] if call["capability"] == "image"]
    assert "seed: 3.seed (KSampler)" in image["details"]


def test_the_list_of_backends_shows_what_goes_where_and_what_is_refused(run, workflow: Path):
    folder = workflow.parent
    toml = folder / "safelight.toml"
    toml.write_text(f"[backends.comfyui]\nworkflow = '{workflow}'\n")
    assert "seed: 3.seed (KSampler)" in run("backends", "--workspace", folder).out
    workflow.write_text(json.dumps(plain(n2=node("SaveImage", images=["8", 0]))))
    assert "comfyui.output=9" in run("backends", "--workspace", folder).out


def test_what_has_no_place_is_said_when_a_batch_is_queued(run, workflow: Path):
    ran = run(*asked("queue", workflow, "--set", "comfyui.slots.seed="))
    assert "has no place for the seed." in ran.out
    refused = run(*asked("queue", workflow, "--set", "comfyui.slots.prompt=99.text"))
    assert refused.code == 2
    assert "there is no input '99.text'" in refused.err
