"""Gates of `refine`: before it refines, and before it spends above an amount."""

import json
from pathlib import Path
from typing import Any

import pytest

from db.queries import jobs as queries
from engine.client.workspace import Workspace
from engine.queueing.overrides import QueueError
from tests.recipes.refine.test_loop import Scripted, result, run


@pytest.fixture(autouse=True)
def no_projection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The script's images are no images."""
    monkeypatch.setattr("engine.recipes.refine.read_report.write_job", lambda *_: [])


class Paid(Scripted):
    """A script whose images cost something, and whose other calls are free."""

    dollars: float | None = 0.6

    def for_capability(self, capability: str) -> "Scripted":
        same = super().for_capability(capability)
        same.change(paid=capability == "image")
        return same

    def worst_cost(self, request: Any, agent: Any = None) -> int | None:
        return None if self.dollars is None else round(self.dollars * 1e6)

    def usual_cost(self) -> tuple[int, int] | None:
        return None if self.dollars is None else (100, round(self.dollars * 1e6))


def job_now(workspace: Workspace) -> Any:
    with workspace.reading() as connection:
        return queries.job(connection, 1)


def answered(workspace: Workspace, verb: str, **arguments: Any) -> Any:
    (number,) = workspace.command(verb, ["j1"], arguments)
    answer = workspace.answer(number)
    assert answer is not None
    assert answer.state == "done", answer.answer
    workspace.follow("b1")
    return job_now(workspace)


def test_it_waits_before_it_refines_and_takes_the_edited_prompt(tmp_path: Path) -> None:
    script = Scripted([10, 20, 30])
    workspace, job = run(tmp_path, script, approve="refine")
    assert (job.state, job.reason, len(script.generated)) == ("parked", "approval", 1)
    (gate,) = workspace.waiting("j1")
    assert (gate.key, gate.value) == (
        "iteration-2/refined", {"prompt": "prompt 2", "negative_prompt": ""},
    )  # fmt: skip
    answered(workspace, "approve", value={"prompt": "mine", "negative_prompt": "people"})
    job = answered(workspace, "approve")
    assert [(r.prompt, r.negative_prompt) for r in script.generated] == [
        ("brief", ""), ("mine", "people"), ("prompt 3", ""),
    ]  # fmt: skip
    assert (job.state, result(job)["iteration"]) == ("done", 3)


def test_a_rejected_prompt_ends_the_loop_with_the_best_so_far(tmp_path: Path) -> None:
    script = Scripted([10, 20, 30])
    workspace, _ = run(tmp_path, script, approve="refine")
    job = answered(workspace, "reject", reason="good enough")
    assert (job.state, result(job)["iteration"], len(script.generated)) == ("done", 1, 1)


def test_an_empty_prompt_is_not_approved(tmp_path: Path) -> None:
    workspace, _ = run(tmp_path, Scripted([10, 20, 30]), approve=["iteration-*/refined"])
    (number,) = workspace.command("approve", ["j1"], {"value": {"prompt": ""}})
    answer = workspace.answer(number)
    assert answer is not None
    assert (answer.state, "Nothing was approved" in (answer.answer or "")) == ("refused", True)


@pytest.mark.parametrize(("above", "dollars"), [(0.5, 0.6), (0, 0.6), (5, None)])
def test_it_waits_before_it_spends_above_an_amount(
    tmp_path: Path, above: float, dollars: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Paid, "dollars", dollars)
    script = Paid([10, 95])
    workspace, job = run(tmp_path, script, approve_above=above)
    assert (job.state, job.reason, script.generated) == ("parked", "approval", [])
    price = "a call whose price is not known" if dollars is None else "about $0.60 is spent"
    assert f"start waits for approval before {price}." in job.message
    job = answered(workspace, "approve", key="start")
    assert (job.state, len(script.generated)) == ("parked", 1)
    job = answered(workspace, "approve", key="iteration-2/refined")
    assert (job.state, len(script.generated)) == ("done", 2)


def test_what_costs_less_does_not_wait(tmp_path: Path) -> None:
    _, job = run(tmp_path, Paid([10, 20, 95]), approve_above=0.6)
    assert job.state == "done"


def test_a_gate_that_refine_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QueueError, match="refine has no gate 'plan'; it has start, refine"):
        run(tmp_path, Scripted([10]), approve="plan")


def test_settings_of_earlier_releases_have_no_gates(tmp_path: Path) -> None:
    workspace, job = run(tmp_path, Scripted([10, 20, 30]))
    with workspace.reading() as connection:
        (settings,) = connection.execute("SELECT settings FROM batches").fetchone()
    stored = json.loads(settings)
    del stored["approve"], stored["approve_above"]
    recipe = workspace.catalog.recipe("refine")
    assert recipe.settings.model_validate(stored).approve == ()
    assert job.state == "done"


def test_each_of_several_prompts_has_a_gate_and_a_rejected_one_is_left_out(tmp_path: Path) -> None:
    script = Scripted([10, 20, 30, 40])
    workspace, _ = run(tmp_path, script, approve="refine", rewrites=2, max_iterations=2)
    (gate,) = workspace.waiting("j1")
    assert gate.key == "iteration-2/rewrite-1/refined"
    answered(workspace, "reject", reason="no")
    job = answered(workspace, "approve")
    assert [request.prompt for request in script.generated] == ["brief", "prompt 3"]
    assert (job.state, result(job)["stop"]) == ("done", "iterations")


def test_a_loop_ends_if_every_prompt_is_rejected(tmp_path: Path) -> None:
    script = Scripted([10, 20, 30, 40])
    workspace, _ = run(tmp_path, script, approve="refine", rewrites=2, max_iterations=2)
    answered(workspace, "reject", reason="no")
    job = answered(workspace, "reject", reason="no")
    assert (job.state, result(job)["stop"], len(script.generated)) == ("done", "rejected", 1)


def test_the_cost_of_an_iteration_counts_all_of_its_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Paid, "dollars", 0.2)
    script = Paid([10, 20, 30, 95])
    workspace, job = run(tmp_path, script, approve_above=0.5, candidates=3, max_iterations=1)
    assert (job.state, job.reason, script.generated) == ("parked", "approval", [])
    job = answered(workspace, "approve")
    assert (job.state, len(script.generated)) == ("done", 3)
