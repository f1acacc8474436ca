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
    "iteration-1/evaluate": "8b430336b6771a08bbdd8acfbad4255f0f08706d10c259d13bd36c3a7da6dc1c",
    "iteration-1/generate": "a03351444b6614731c350da450e3d007eb112539d440fb3ce7aa093764906829",
    "iteration-1/refine": "785b86c0911581e540c2a3f7ca96459714d413313acf14e1811a3616cee0fb85",
    "iteration-2/evaluate": "12346671add4cd934b62596a6aacc7c46e83a6fa2805d8e32c6d6486e645f870",
    "iteration-2/generate": "3ccecf3d7b8b098ed6e0a81b46021e18bde8e5ecb708468444f02c1dd24f5c4f",
}
STORYBOARD = {
    "compare": "21ce5811a27cd0f4a4dfc31d6baafcec43a7f900d740f49fc4447c093727f067",
    "scene-1/iteration-2/write": "703f6efd365be4907d64feb347e7ebd8954f2947849bc9168bb8d13e4f840ac3",
    "scene-1/score": "fc7f8e0d3835b7856570729b2bb053561a96f5e075b2c906f26be463ad087641",
    "scene-1/select": "e976b675334692b42c3cb660602277be7235e84966b79afdccbb21952f017cce",
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
