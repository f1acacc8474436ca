"""Fingerprints of the built-in family, pinned: a rename must not make finished steps run again.

Each includes the results of the steps before it, so a few of a run stand for all. A change here is
a change for every store that exists: raise the version of what changed, and say so.
"""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from db.queries import jobs
from engine.client.workspace import Workspace
from engine.recipes.storyboard.settings import OF_VERSION_1, StoryboardSettings

pytestmark = pytest.mark.usefixtures("one_process")

SMALL = {"width": 64, "height": 64, "seed": 7}
REFINE = {
    "iteration-1/evaluate": "ff64a1aadb7453cf57b31e571de0ae96d57caed1c2cbaedaf21efd753bc024a6",
    "iteration-1/generate": "fd27d2f99f3741002363b41b8a649fb1e698faf62b1571b80a971441575df1b2",
    "iteration-1/refine": "f1d85c86488b346986afaeaf7d854d7bcd932b2d0a94375ea2bd5352efe33ba6",
    "iteration-2/evaluate": "fc437512e471494ba071c810c938366d318905fcbae4820665a9bf167667cca8",
    "iteration-2/generate": "8a25872f8e7890c4971fc2d029f542e33a230cab59f4b5389beb7f87874312a6",
}
STORYBOARD = {
    "compare": "077734f2e222ed6118b2b60be9aac39060e57c59f8a5b9948d37c78b7bfae82e",
    "scene-1/iteration-2/write": "703f6efd365be4907d64feb347e7ebd8954f2947849bc9168bb8d13e4f840ac3",
    "scene-1/score": "949f6a2a413863356d6c798b9fbb89c1376710c76b73e3a53b54d7355ac1c028",
    "scene-1/select": "b2ef3f90e082091ddce75469240a7d1814728f64ea9f8baac174befb47786e13",
}


def fingerprints(workspace: Workspace, job: int) -> dict[str, str | None]:
    with workspace.reading() as connection:
        return {step.key: step.fingerprint for step in jobs.steps(connection, job)}


def run(folder: Path, recipe: str, entry: str, **settings: object) -> dict[str, str | None]:
    source = folder / "in.yaml"
    source.write_text(entry)
    workspace = Workspace(folder / "w", create=True)
    workspace.follow(workspace.queue(recipe, source, settings={**SMALL, **settings}))
    return fingerprints(workspace, 1)


def test_fingerprints_of_a_refine_run_hold(tmp_path: Path) -> None:
    entry = "- id: lamp\n  prompt: a brass lamp on a desk at night, teal\n"
    assert run(tmp_path, "refine", entry, max_iterations=2, target_score=100) == REFINE


FILM = (
    "id: film\nprompt: a lighthouse in a storm, then calm\n"
    "scenes: [{prompt: a lighthouse in a storm}, {prompt: calm sea at dawn}]\n"
)
FORMER_FILM = {
    "preset": "fast", "num_variations": 2, "max_enhancement_iterations": 2,
    "quality_threshold": 20, "criteria_weights": {}, "seconds_per_scene": 3.75,
}  # fmt: skip
"""Settings with the defaults of version 1 of the recipe."""


def test_fingerprints_of_a_storyboard_run_hold(tmp_path: Path) -> None:
    found = run(tmp_path, "storyboard", FILM, **FORMER_FILM, min_gain=0, subjects=False)
    assert {key: found.get(key) for key in STORYBOARD} == STORYBOARD


def test_a_storyboard_of_version_1_of_its_recipe_resumes_as_it_was(tmp_path: Path) -> None:
    """Its settings lack those of later versions, and the defaults of its time are among them."""
    source = tmp_path / "in.yaml"
    source.write_text(FILM)
    workspace = Workspace(tmp_path / "w", create=True)
    batch = workspace.queue("storyboard", source, settings={**SMALL, **FORMER_FILM})
    with closing(sqlite3.connect(workspace.paths.store)) as connection, connection:
        (text,) = connection.execute("SELECT settings FROM batches").fetchone()
        stored = {k: v for k, v in json.loads(text).items() if k in OF_VERSION_1}
        connection.execute("UPDATE batches SET settings = ?", (json.dumps(stored),))
    workspace.follow(batch)
    found = fingerprints(workspace, 1)
    assert {key: found.get(key) for key in STORYBOARD} == STORYBOARD
    assert not {"scene-1/references", "animatic"} & set(found)
    assert (
        StoryboardSettings.model_validate_json(json.dumps(stored)).weights_of_criteria == (1,) * 5
    )
