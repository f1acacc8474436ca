"""Fingerprints of the built-in family, pinned: a rename must not make finished steps run again.

Each includes the results of the steps before it, so a few of a run stand for all. A change here is
a change for every store that exists: raise the version of what changed, and say so.
"""

from pathlib import Path

import pytest

from db.queries import jobs
from engine.client.workspace import Workspace

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


def test_fingerprints_of_a_storyboard_run_hold(tmp_path: Path) -> None:
    entry = (
        "id: film\nprompt: a lighthouse in a storm, then calm\n"
        "scenes: [{prompt: a lighthouse in a storm}, {prompt: calm sea at dawn}]\n"
    )
    found = run(tmp_path, "storyboard", entry, preset="fast", num_variations=2)
    assert {key: found.get(key) for key in STORYBOARD} == STORYBOARD
