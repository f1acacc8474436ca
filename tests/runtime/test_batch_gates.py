"""Gates of a whole batch: nothing runs or is spent while it waits, and it waits across restarts."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from db.queries.gates import waiting_gates_of_batch
from engine.client.gates import batch_gates, waiting_gates
from tests.support.corpus_batch import BATCHED, GATED
from tests.support.engines import Toy

pytestmark = pytest.mark.usefixtures("module_in_one_process")

PLAN, REPORT = "before/plan", "after/report"


@pytest.fixture
def corpus(tmp_path: Path) -> Toy:
    toy = Toy(tmp_path)
    toy.catalog.known_recipes["toy"] = GATED
    return toy


async def queued(corpus: Toy, count: int = 2, gate: str = PLAN) -> None:
    corpus.queue(count, {"approve": [gate]})
    await corpus.run()


async def answered(corpus: Toy, verb: str, target: Any = None, **arguments: Any) -> str:
    """Give a command, run an engine until nothing is left to do, and return the answer."""
    number = corpus.command(verb, arguments, **(target or {"batch": 1}))
    await corpus.run()
    sql = "SELECT answer FROM commands WHERE id = ?"
    return str(corpus.read(lambda c: c.execute(sql, (number,)).fetchone()[0]))


def gates(corpus: Toy) -> list[str]:
    return [gate.key for gate in corpus.read(lambda c: waiting_gates_of_batch(c, 1))]


def job_states(corpus: Toy) -> set[tuple[str, str | None]]:
    return {(job.state, job.reason) for job in corpus.jobs()}


async def test_all_jobs_wait_for_a_gate_before_the_first(corpus: Toy):
    await queued(corpus)
    assert job_states(corpus) == {("parked", "approval")}
    assert corpus.batch().state == "parked"
    assert corpus.job().message == (
        "before/plan waits for approval. Look at it: safelight approve b1 --print. "
        "Then approve or reject it."
    )
    [gate] = corpus.read(lambda c: batch_gates(c, 1))
    assert (gate.key, gate.job, gate.value) == (PLAN, None, {"words": ["PART 0", "PART 1"]})
    assert corpus.backend.asked == ["part 0", "part 1"]


async def test_approval_starts_the_jobs(corpus: Toy):
    await queued(corpus)
    assert await answered(corpus, "approve") == "Approved 1 gate of b1."
    assert corpus.batch().state == "done"
    assert corpus.backend.asked.count("part 0") == 1


@pytest.mark.parametrize("target", [{"batch": 1}, {"job": 2}])
async def test_an_edited_value_is_what_the_batch_gets(corpus: Toy, target: Any):
    await queued(corpus)
    answer = await answered(corpus, "approve", target, key=PLAN, value={"words": ["MINE"]})
    assert answer == "Approved the edited before/plan of b1."
    assert json.loads(corpus.batch().before_result or "") == {"words": ["MINE"]}
    assert sorted(corpus.backend.asked[2:4]) == ["prompt 0 MINE", "prompt 1 MINE"]


async def test_an_edited_value_that_does_not_fit_is_refused(corpus: Toy):
    await queued(corpus)
    answer = await answered(corpus, "approve", value={"words": 3})
    assert answer.startswith("The edited before/plan does not fit, 'words'")
    assert gates(corpus) == [PLAN]


@pytest.mark.parametrize("gate", [PLAN, REPORT])
async def test_a_gate_survives_restarts_resumes_and_retries(corpus: Toy, gate: str):
    await queued(corpus, gate=gate)
    asked = list(corpus.backend.asked)
    for verb in ("resume", "retry"):
        await answered(corpus, verb)
    for _ in range(3):
        await corpus.run()
    assert (gates(corpus), corpus.backend.asked) == ([gate], asked)
    assert corpus.batch().state == "parked"
    await answered(corpus, "approve", key=gate)
    assert corpus.batch().state == "done"


async def test_jobs_that_an_engine_left_behind_are_queued_by_the_next(corpus: Toy):
    await queued(corpus, 3)
    sql = "UPDATE steps SET state = 'done', result = ? WHERE key = ?"
    result = json.dumps({"value": {"words": ["X"]}})
    with corpus.store.intake() as write:  # killed before it queued the jobs
        write(lambda c: c.execute(sql, (result, PLAN)))
    await corpus.run()
    assert corpus.batch().state == "done"


@pytest.mark.parametrize("gate", [PLAN, REPORT])
async def test_a_rejection_fails_the_batch_and_a_retry_asks_again(corpus: Toy, gate: str):
    await queued(corpus, gate=gate)
    answer = await answered(corpus, "reject", key=gate, reason="too dark")
    assert answer == f"Rejected {gate} of b1; the recipe decides how to continue."
    assert corpus.batch().state in {"failed", "done_with_failures"}
    error = corpus.read(lambda c: c.execute("SELECT message, remedy FROM errors").fetchone())
    assert error["message"] == f"{gate} was rejected: too dark"
    assert error["remedy"].endswith("retry the batch: safelight retry b1. Otherwise cancel it.")
    await answered(corpus, "retry")
    assert gates(corpus) == [gate]
    await answered(corpus, "approve")
    assert corpus.batch().state == "done"


async def test_the_end_waits_for_a_gate_after_the_last_job(corpus: Toy):
    await queued(corpus, gate=REPORT)
    batch = corpus.batch()
    assert (job_states(corpus), batch.finish) == ({("done", None)}, "parked")
    assert "safelight approve b1 --print" in (batch.finish_error or "")
    edited = {"jobs": 0, "letters": 0, "verdict": "mine"}
    await answered(corpus, "approve", value=edited)
    assert json.loads(corpus.batch().after_result or "") == edited


async def test_a_gate_is_found_from_a_job_that_waits_for_it_and_no_other(corpus: Toy):
    await queued(corpus)
    [gate] = corpus.read(lambda c: waiting_gates(c, 2))
    assert gate.key == PLAN
    await answered(corpus, "approve")
    assert corpus.read(lambda c: waiting_gates(c, 2)) == []
    assert "No job of b1 waits for approval." in await answered(corpus, "approve")


async def test_a_key_of_another_gate_approves_nothing(corpus: Toy):
    await queued(corpus)
    answer = await answered(corpus, "approve", key="draft")
    assert answer == "No job of b1 waits for approval of 'draft'."
    assert gates(corpus) == [PLAN]


async def test_a_gate_that_is_not_declared_is_a_bug_of_the_recipe(corpus: Toy):
    corpus.catalog.known_recipes["toy"] = replace(BATCHED, before=GATED.before)
    corpus.queue()
    await corpus.run()
    assert corpus.job().state == "failed"
