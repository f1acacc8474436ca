"""Branches of a job, and decisions taken back: nothing that is finished is paid twice."""

from pathlib import Path
from typing import Any

import pytest

from db.queries import jobs as queries
from db.queries import lineage
from engine.client.undoing import NothingToUndo
from engine.client.workspace import Workspace
from engine.contract.recipe import AnyRecipe
from engine.queueing.overrides import QueueError
from tests.recipes.refine.test_loop import Scripted, result, run


@pytest.fixture(autouse=True)
def no_projection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The script's images are no images."""
    monkeypatch.setattr("engine.recipes.refine.read_report.write_job", lambda *_: [])


def job_of(workspace: Workspace, batch: str) -> Any:
    with workspace.reading() as connection:
        [job] = queries.jobs_page(connection, int(batch.removeprefix("b")))
    return job


def branched(workspace: Workspace, source: str, **how: Any) -> Any:
    batch = workspace.branch(source, **how)
    workspace.follow(batch)
    return job_of(workspace, batch)


def again(workspace: Workspace, job: int = 1) -> Any:
    workspace.follow("b1")
    with workspace.reading() as connection:
        return queries.job(connection, job)


def current(workspace: Workspace, job: int) -> dict[str, Any]:
    with workspace.reading() as connection:
        found = queries.steps(connection, job)
    return {step.key: step for step in found if step.superseded_at is None}


def test_a_branch_keeps_what_comes_before_and_leaves_the_old_line(tmp_path: Path) -> None:
    script = Scripted([10, 20, 30, 40, 50])
    workspace, origin = run(tmp_path, script)
    before = current(workspace, origin.id)
    job = branched(workspace, "j1:iteration-2", prompt="mine")
    assert [request.prompt for request in script.generated[3:]] == ["mine", "prompt 4"]
    assert (job.key, job.seed, job.state, job.iterations, job.score) == (
        origin.key, origin.seed, "done", 3, 50.0,
    )  # fmt: skip
    assert current(workspace, origin.id) == before
    kept = current(workspace, job.id)["iteration-1/generate"]
    assert (kept.reused_from, kept.cost) == (before["iteration-1/generate"].id, 0)
    with workspace.reading() as connection:
        came = lineage.origin_of(connection, job.id)
        files = [file.step_id for file in queries.artifacts(connection, job.id)]
        scores = [score.step_id for score in queries.scores(connection, job.id)]
    assert came is not None
    assert (came.source_job_id, came.branch) == (origin.id, "iteration-2")
    assert kept.id in files
    assert current(workspace, job.id)["iteration-1/evaluate"].id in scores


def test_another_seed_and_size_hold_from_the_branch_on(tmp_path: Path) -> None:
    script = Scripted([10, 20, 30, 40, 50])
    workspace, _ = run(tmp_path, script)
    job = branched(workspace, "j1:iteration-2", settings={"seed": 99, "width": 512})
    assert [(r.seed, r.width) for r in script.generated[3:]] == [(99, 512)] * 2
    assert len(script.refined) == 3  # that of iteration 1 is kept
    assert (job.seed, len(script.evaluated)) == (99, 5)


def test_iterations_that_differ_in_nothing_are_not_run_again(tmp_path: Path) -> None:
    script = Scripted([10, 20, 30, 40])
    workspace, _ = run(tmp_path, script)
    branched(workspace, "j1:iteration-2", settings={"max_iterations": 4})
    assert [request.prompt for request in script.generated[3:]] == ["prompt 4"]


def test_seeds_that_differ_by_turn_are_the_same_in_a_branch(tmp_path: Path) -> None:
    script = Scripted([10, 20, 30, 40])
    workspace, _ = run(tmp_path, script, vary_seed=True)
    branched(workspace, "j1:iteration-3", prompt="mine")
    assert script.generated[3].seed == script.generated[2].seed


def test_earlier_decisions_are_kept_and_later_ones_are_not(tmp_path: Path) -> None:
    script = Scripted([10, 20, 30, 40, 50, 60, 70])
    workspace, _ = run(tmp_path, script)
    workspace.command("decide", ["j1"], {"key": "iteration-1/prompt", "value": "first"})
    workspace.command("decide", ["j1"], {"key": "select", "value": 1})
    again(workspace)
    job = branched(workspace, "j1:iteration-3", prompt="mine")
    with workspace.reading() as connection:
        own = [(row.key, row.value) for row in queries.decision_rows(connection, job.id)]
    assert own == [("iteration-1/prompt", '"first"'), ("iteration-3/prompt", '"mine"')]
    assert [request.prompt for request in script.generated[6:]] == ["mine"]


def test_a_decision_about_what_a_branch_keeps_is_heard(tmp_path: Path) -> None:
    script = Scripted([10, 20, 30, 40, 50, 60])
    workspace, _ = run(tmp_path, script)
    batch = workspace.branch("j1:iteration-3", prompt="mine")
    workspace.command("decide", ["j2"], {"key": "iteration-2/prompt", "value": "second"})
    workspace.follow(batch)
    assert [request.prompt for request in script.generated[3:]] == ["second", "mine"]


def test_what_a_branch_takes_is_known_before(tmp_path: Path) -> None:
    workspace, _ = run(tmp_path, Scripted([10, 20, 30]))
    estimate = workspace.estimate_branch("j1:iteration-3", prompt="mine")
    assert (estimate.scope, estimate.kept) == ("iteration-3", 6)
    assert estimate.estimate.steps is not None
    assert estimate.estimate.steps[1] == 2  # of 8 at most


@pytest.mark.parametrize(
    ("source", "how", "message"),
    [
        ("j1:iteration-2", {}, "Nothing would differ"),
        ("j1:iteration-9", {"prompt": "mine"}, "has no 'iteration-9' to begin at"),
        ("j1", {"prompt": "mine"}, "has several places"),
        ("j1:iteration-2", {"settings": {"widht": 1}}, "no setting 'widht'"),
        ("j1:iteration-2", {"settings": {"id": "x"}}, "stays in a branch"),
        ("j1:iteration-2", {"settings": {"mood": 7}}, "mood"),
    ],
)
def test_what_cannot_be_branched_is_refused_with_a_sentence(
    tmp_path: Path, source: str, how: dict[str, Any], message: str
) -> None:
    workspace, _ = run(tmp_path, Scripted([10, 20, 30]))
    with pytest.raises(QueueError, match=message):
        workspace.branch(source, **how)
    with workspace.reading() as connection:
        assert connection.execute("SELECT count(*) FROM batches").fetchone()[0] == 1


def test_a_recipe_without_such_places_says_so(tmp_path: Path, monkeypatch) -> None:
    workspace, _ = run(tmp_path, Scripted([10, 20, 30]))
    recipe: AnyRecipe = workspace.catalog.recipe("refine")
    point = recipe.branch
    object.__setattr__(recipe, "branch", None)
    try:
        with pytest.raises(QueueError, match="cannot be branched"):
            workspace.branch("j1:iteration-2", prompt="mine")
    finally:
        monkeypatch.undo()
        object.__setattr__(recipe, "branch", point)


def test_an_undone_decision_costs_nothing(tmp_path: Path) -> None:
    script = Scripted([10, 20, 30, 40, 50])
    workspace, before = run(tmp_path, script)
    workspace.command("decide", ["j1"], {"key": "iteration-2/prompt", "value": "mine"})
    assert result(again(workspace)) != result(before)
    undoing = workspace.undoing("j1")
    assert (undoing.key, undoing.value, undoing.before) == (
        "iteration-2/prompt", "mine", "prompt 2",
    )  # fmt: skip
    assert (undoing.steps, undoing.changes()) == (5, [("-", "mine"), ("+", "prompt 2")])
    workspace.undo("j1")
    assert (result(again(workspace)), len(script.generated)) == (result(before), 5)
    with workspace.reading() as connection:
        (row,) = queries.decision_rows(connection, 1)
    assert row.undone_at is not None
    with pytest.raises(NothingToUndo):
        workspace.undoing("j1")


def test_the_decision_before_holds_again(tmp_path: Path) -> None:
    script = Scripted([10, 20, 30])
    workspace, _ = run(tmp_path, script)
    for value in (1, 2):
        workspace.command("decide", ["j1"], {"key": "select", "value": value})
    assert result(again(workspace))["iteration"] == 2
    assert workspace.undoing("j1", "select").before == 1
    workspace.undo("j1", "select")
    assert result(again(workspace))["iteration"] == 1
    workspace.undo("j1")
    assert result(again(workspace))["iteration"] == 3
    number = workspace.undo("j1")
    answer = workspace.answer(number)
    assert answer is not None
    assert (answer.state, "no decision to undo" in (answer.answer or "")) == ("refused", True)


def test_only_the_decision_that_was_looked_at_is_undone(tmp_path: Path) -> None:
    workspace, _ = run(tmp_path, Scripted([10, 20, 30]))
    workspace.command("decide", ["j1"], {"key": "select", "value": 1})
    seen = workspace.undoing("j1").decision
    workspace.command("decide", ["j1"], {"key": "select", "value": 2})
    (number,) = workspace.command("undo", ["j1"], {"decision": seen})
    answer = workspace.answer(number)
    assert answer is not None
    assert "look at it again" in (answer.answer or "")
