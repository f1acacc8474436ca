"""A batch or a job is queued again as it ran, with what is changed."""

import json

import pytest

from engine.client.again import run_command, settings_since
from engine.client.ids import UnknownId
from engine.client.requests import BatchRequest
from engine.client.workspace import Workspace
from engine.queueing.overrides import QueueError
from engine.queueing.queue import QueueOptions
from engine.recipes.refine.settings import RefineSettings
from tests.cli.conftest import run  # noqa: F401 - a fixture


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    """b1: two entries that were queued from a file, which is gone since."""
    source = tmp_path / "prompts.json"
    entries = [{"id": "fox", "prompt": "a fox"}, {"id": "lamp", "title": "A lamp"}]
    source.write_text(json.dumps(entries))
    workspace = Workspace(tmp_path / "images", create=True)
    workspace.queue("refine", source, settings={"seed": 11, "max_iterations": 2, "width": 96})
    source.unlink()
    return workspace


def _rows(workspace: Workspace, sql: str):
    with workspace.reading() as connection:
        return [tuple(row) for row in connection.execute(sql)]


def test_a_batch_is_queued_again_as_it_ran(workspace: Workspace) -> None:
    assert workspace.again("b1") == "b2"
    first, second = _rows(workspace, "SELECT settings, seed, budget FROM batches ORDER BY id")
    assert first == second
    jobs = _rows(workspace, "SELECT key, input, seed FROM jobs ORDER BY id")
    assert jobs[:2] == jobs[2:]


def test_what_a_preset_set_stays_whatever_the_workspace_sets_since(workspace: Workspace) -> None:
    root = workspace.paths.root
    path = root / "scene.json"
    path.write_text(json.dumps([{"id": "coffee", "prompt": "coffee"}]))
    workspace.queue("storyboard", path, settings={"preset": "fast"})
    (root / "safelight.toml").write_text("[recipes.storyboard]\nnum_variations = 5\n")
    assert Workspace(root).again("b2") == "b3"
    before, after = _rows(workspace, "SELECT settings FROM batches WHERE id > 1 ORDER BY id")
    assert before == after


def test_settings_name_budget_and_priority_can_be_others(workspace: Workspace) -> None:
    options = QueueOptions(name="wide", priority=3, budget=2_000_000)
    batch = workspace.again("b1", settings={"max_iterations": 5, "seed": 12}, options=options)
    (row,) = _rows(workspace, "SELECT name, priority, budget, seed, settings FROM batches"
                              f" WHERE id = {batch.removeprefix('b')}")  # fmt: skip
    assert row[:4] == ("wide", 3, 2_000_000, 12)
    settings = json.loads(row[4])
    assert (settings["max_iterations"], settings["width"]) == (5, 96)


def test_a_job_is_queued_again_with_another_prompt(workspace: Workspace) -> None:
    workspace.again("b1/fox", settings={"prompt": "a red fox"})
    assert _rows(workspace, "SELECT key, input FROM jobs WHERE batch_id = 2") == [
        ("fox", '{"id":"fox","prompt":"a red fox"}')
    ]


def test_a_setting_replaces_a_value_of_an_entrys_own(tmp_path) -> None:
    source = tmp_path / "one.json"
    source.write_text('[{"id": "fox", "prompt": "a fox", "seed": 3, "width": 128}]')
    workspace = Workspace(tmp_path / "images", create=True)
    workspace.queue("refine", source)
    workspace.again("b1/fox", settings={"seed": 7, "width": 96, "height": 64})
    workspace.again("b1", settings={"seed": "-1"})
    (_, (seed, entry), (other, last)) = _rows(workspace, "SELECT seed, input FROM jobs")
    assert (seed, json.loads(entry)) == (
        7, {"id": "fox", "prompt": "a fox", "seed": 7, "width": 96}
    )  # fmt: skip
    assert other != 3
    assert "seed" not in json.loads(last)


def test_settings_of_a_form_that_differ_from_those_that_ran() -> None:
    ran = BatchRequest("refine", None, {"width": 128, "fal.model": "x"}, seed=3)
    same = RefineSettings(width=128)
    assert settings_since(ran, same, 3) == {}
    other = RefineSettings(width=96, max_iterations=5)
    assert settings_since(ran, other, 3) == {"width": 96, "max_iterations": 5}
    assert settings_since(ran, same, 4) == {"seed": 4}
    assert settings_since(ran, same, None) == {"seed": -1}


def test_axes_of_a_grid_keep_their_values(tmp_path) -> None:
    source = tmp_path / "one.json"
    source.write_text('[{"id": "fox", "prompt": "a fox"}]')
    workspace = Workspace(tmp_path / "images", create=True)
    grid = workspace.grid({"seed": [1, 2]})
    workspace.queue("refine", source, options=QueueOptions(grid=grid))
    workspace.again("b1", settings={"seed": 9})
    assert _rows(workspace, "SELECT seed FROM jobs") == [(1,), (2,), (1,), (2,)]


@pytest.mark.usefixtures("one_process")
def test_the_title_is_not_put_before_the_prompt_twice(tmp_path) -> None:
    source = tmp_path / "one.json"
    source.write_text('[{"id": "fox", "title": "Snow", "mood": "calm", "prompt": "a fox"}]')
    workspace = Workspace(tmp_path / "images", create=True)
    size = {"width": 64, "height": 64, "max_iterations": 1}
    workspace.run("refine", source, settings=size)
    workspace.again("b1/fox")
    first, second = _rows(workspace, "SELECT input FROM jobs ORDER BY id")
    assert first == second


def test_the_command_that_ran_it_names_only_what_differs(workspace: Workspace) -> None:
    recipe = workspace.catalog.recipe("refine")
    with workspace.reading() as connection:
        from db.queries.batches import batch

        row = batch(connection, 1)
    assert row is not None
    command = run_command(row, recipe)
    assert command.startswith("safelight run refine ")
    assert command.endswith("--set max_iterations=2 --set width=96 --set seed=11")


def test_what_is_not_there_and_what_is_wrong(workspace: Workspace) -> None:
    with pytest.raises(UnknownId):
        workspace.again("b9")
    with pytest.raises(QueueError, match="no setting 'nonsense'"):
        workspace.again("b1", settings={"nonsense": 1})
    assert _rows(workspace, "SELECT count(*) FROM batches") == [(1,)]


def test_the_command_line_queues_or_estimates(workspace: Workspace, run) -> None:  # noqa: F811
    root = workspace.paths.root
    ran = run("again", "b1", "--dry-run", "--json", "-w", root)
    assert ran.json["jobs"] == 2
    ran = run("again", "j1", "--set", "prompt=a wolf", "--name", "wolf", "-w", root)
    assert "Queued b2." in ran.out
    assert _rows(workspace, "SELECT name FROM batches WHERE id = 2") == [("wolf",)]
