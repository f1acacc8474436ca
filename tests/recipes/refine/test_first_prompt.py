"""Entries without a prompt: an agent writes it, once, unless their batch is of before."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.client.memory_catalog import MemoryCatalog
from engine.client.workspace import Workspace
from engine.recipes.refine import RECIPE
from engine.recipes.refine.settings import RefineSettings
from engine.testing.fakes import FakeChatBackend, FakeImageBackend

pytestmark = pytest.mark.usefixtures("one_process")

SETTINGS = {
    "image": "fake",
    "vision": "fake",
    "text": "fake",
    "max_iterations": 1,
    "width": 64,
    "height": 64,
}
ENTRIES = [
    {"id": "pier", "title": "Last light", "scene": "a pier", "mood": "calm"},
    {"id": "fox", "title": "Fox", "prompt": "a fox"},
]


def run(folder: Path, **settings: Any) -> dict[str, tuple[list[str], str]]:
    """Return the steps of each job, and the prompt of its image."""
    written = {
        "reason": "So.",
        "prompt": "a long wooden pier, pale sea",
        "negative_prompt": "people",
    }
    judged = {"description": "A picture.", "missing": [], "reasons": ["So."], "score": 50.0}
    chat = FakeChatBackend({"write_prompt": written})
    eyes = FakeChatBackend({"evaluate": judged}, capability="vision")
    catalog = MemoryCatalog([RECIPE], [FakeImageBackend(), chat, eyes])
    source = folder / "in.json"
    source.write_text(json.dumps(ENTRIES))
    with Workspace(folder / "w", create=True, catalog=catalog) as workspace:
        batch = workspace.run("refine", source, settings={**SETTINGS, **settings})
        reports = {report.key: report for report in workspace.results(batch)}
        with workspace.reading() as connection:
            sql = "SELECT j.key, s.key FROM steps s JOIN jobs j ON j.id = s.job_id ORDER BY s.id"
            steps = [tuple(row) for row in connection.execute(sql)]
    return {
        key: ([step for job, step in steps if job == key], report.iterations[0].prompt)
        for key, report in reports.items()
    }


def test_an_agent_writes_the_prompt_in_a_step(tmp_path: Path) -> None:
    jobs = run(tmp_path)
    assert jobs["pier"][0][0] == "write_prompt"
    assert jobs["pier"][1] == "a long wooden pier, pale sea"
    assert "write_prompt" not in jobs["fox"][0]
    assert jobs["fox"][1] == "Fox. a fox"


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    jobs = run(tmp_path, write_prompt=False)
    assert "write_prompt" not in jobs["pier"][0]
    assert jobs["pier"][1] == "Last light. a pier. calm."


def test_a_batch_of_before_goes_on_without_it() -> None:
    stored = json.loads(RefineSettings().model_dump_json())
    assert stored.pop("write_prompt") is True
    assert RefineSettings.model_validate_json(json.dumps(stored)).write_prompt is False
    assert RefineSettings().write_prompt is True
