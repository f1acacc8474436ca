"""Gates: jobs that wait for an operator's approval, cost nothing meanwhile, and survive it all."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from db.queries.gates import gates_of
from engine.contract.recipe import RecipeSettings
from engine.queueing.overrides import QueueError
from engine.recipes.refine.agents.refiner import Refinement
from tests.support.engines import Toy
from tests.support.song import SONG

PLAN = "draft-1/plan"


@pytest.fixture
def song(tmp_path: Path) -> Toy:
    toy = Toy(tmp_path)
    toy.catalog.known_recipes["toy"] = SONG
    return toy


async def queued(song: Toy, count: int = 1, **overrides: Any) -> None:
    song.queue(count, {"approve": ["draft-*/plan"], **overrides})
    await song.run()


async def told(song: Toy, verb: str, target: Any = None, **arguments: Any) -> Any:
    """Asks for something, and runs an engine until there is nothing left to do."""
    number = song.command(verb, arguments, **(target or {"job": 1}))
    await song.run()
    sql = "SELECT state, answer FROM commands WHERE id = ?"
    return song.read(lambda c: c.execute(sql, (number,)).fetchone())


def result(song: Toy, job: int = 1) -> Any:
    return json.loads(song.job(job).result or "null")


def step_states(song: Toy) -> list[tuple[str, str]]:
    return [(step.key, step.state) for step in song.steps() if step.superseded_at is None]


async def test_a_job_waits_at_a_gate_that_is_on(song: Toy):
    await queued(song)
    job = song.job()
    assert (job.state, job.reason, job.lane, song.batch().state) == (
        "parked",
        "approval",
        None,
        "parked",
    )
    assert job.message == (
        "draft-1/plan waits for approval. Look at it: safelight approve j1 --print. "
        "Then approve or reject it."
    )
    assert step_states(song) == [("title", "done"), (PLAN, "waiting")]
    [gate] = song.read(lambda c: gates_of(c, 1))
    assert json.loads(gate.request)["value"] == {"title": "PROMPT 0", "verses": ["one", "two"]}


async def test_no_gate_is_on_by_default(song: Toy):
    song.queue()
    await song.run()
    assert result(song) == {"title": "PROMPT 0", "verses": ["ONE", "TWO"]}
    assert [key for key, _ in step_states(song)] == ["title", "verse-1/write", "verse-2/write"]


async def test_approval_lets_the_job_continue_from_there(song: Toy):
    await queued(song)
    answer = await told(song, "approve")
    assert (answer["state"], answer["answer"]) == (
        "done",
        "Approved draft-1/plan of j1 (0001-prompt-0).",
    )
    assert song.job().state == "done"
    assert result(song)["verses"] == ["ONE", "TWO"]
    assert song.backend.asked == ["prompt 0", "one", "two"]
    decision = song.read(lambda c: c.execute("SELECT key, value, author FROM decisions").fetchone())
    assert tuple(decision) == (PLAN, '{"approved": true, "edited": false}', "operator")


async def test_a_gate_survives_restarts_resumes_and_retries(song: Toy):
    await queued(song)
    for verb in ("resume", "retry", "pause", "resume"):
        await told(song, verb)
    for _ in range(3):
        await song.run()
    assert song.job().reason == "approval"
    assert song.backend.asked == ["prompt 0"]
    assert len(song.steps()) == 2
    await told(song, "approve")
    assert song.job().state == "done"


async def test_approval_before_an_engine_runs_is_kept(song: Toy):
    await queued(song)
    song.command("approve", {"key": PLAN}, job=1)
    await song.run()
    await song.run()
    assert song.backend.asked == ["prompt 0", "one", "two"]


async def test_an_edited_value_is_what_the_recipe_gets(song: Toy):
    await queued(song)
    edited = {"title": "Mine", "verses": ["a", "b", "c"]}
    answer = await told(song, "approve", key=PLAN, value=edited)
    assert answer["answer"] == "Approved the edited draft-1/plan of j1 (0001-prompt-0)."
    assert result(song) == {"title": "Mine", "verses": ["A", "B", "C"]}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"title": "x"}, "The edited draft-1/plan does not fit, 'verses': Field required."),
        ({"title": "x", "verses": []}, "does not fit, 'verses': List should have at least 1 item"),
        ({"title": "x", "verses": list("abcd")}, "draft-1/plan has more than three verses."),
        ("{}", "The edited draft-1/plan does not fit: Input should be an object"),
        (None, "The edited draft-1/plan does not fit: Input should be an object"),
    ],
)
async def test_an_edited_value_that_does_not_fit_is_refused(song: Toy, value: Any, said: str):
    await queued(song)
    answer = await told(song, "approve", value=value)
    assert answer["state"] == "refused"
    assert said in answer["answer"]
    assert answer["answer"].endswith("Nothing was approved.")
    assert song.job().reason == "approval"


async def test_a_rejected_job_fails_and_a_retry_asks_again(song: Toy):
    await queued(song)
    answer = await told(song, "reject", reason="too\x1b[31m dark")
    assert answer["answer"].startswith("Rejected draft-1/plan of j1")
    assert (song.job().state, song.batch().state) == ("failed", "done_with_failures")
    error = song.read(lambda c: c.execute("SELECT * FROM errors").fetchone())
    assert (error["kind"], error["type"]) == ("permanent", "Rejected")
    assert error["message"].startswith("draft-1/plan was rejected: too")
    assert "\x1b" not in error["message"]
    await told(song, "retry")
    assert (song.job().state, song.job().reason) == ("parked", "approval")
    assert step_states(song)[-1] == (PLAN, "waiting")
    await told(song, "approve")
    assert song.job().state == "done"
    assert song.backend.asked == ["prompt 0", "one", "two"]


async def test_a_recipe_may_show_another_value_after_a_rejection(song: Toy):
    await queued(song, plans=2)
    await told(song, "reject")
    assert song.job().reason == "approval"
    assert step_states(song)[1:] == [(PLAN, "failed"), ("draft-2/plan", "waiting")]
    await told(song, "approve")
    assert result(song)["verses"] == ["ANOTHER"]


async def test_an_approved_plan_may_be_edited_after_the_job_is_done(song: Toy):
    await queued(song)
    await told(song, "approve")
    edited = {"title": "x", "verses": ["one", "three"]}
    await told(song, "approve", key=PLAN, value=edited)
    assert song.job().state == "done"
    assert result(song)["verses"] == ["ONE", "THREE"]
    assert song.backend.asked == ["prompt 0", "one", "two", "three"]


async def test_what_changes_before_a_gate_is_to_be_approved_again(song: Toy):
    await queued(song)
    await told(song, "approve")
    song.backend.reply = lambda request, _: Refinement(
        prompt=f"new {request.brief}", reason="", author="toy"
    )
    with song.store.alone() as write:
        write(
            lambda c: c.execute("UPDATE batches SET snapshot = replace(snapshot, 'toy-1', 'toy-2')")
        )
        write(lambda c: c.execute("UPDATE jobs SET state = 'queued', result = NULL"))
        write(lambda c: c.execute("UPDATE batches SET finish = 'pending'"))
    await song.run()
    assert song.job().reason == "approval"
    states = [(s.state, s.superseded_at is None) for s in song.steps() if s.key == PLAN]
    assert states == [("done", False), ("waiting", True)]


async def test_what_has_changed_since_it_was_shown_is_not_approved(song: Toy):
    await queued(song)
    answer = await told(song, "approve", fingerprint="f" * 64)
    assert answer["answer"].endswith("has changed meanwhile; look at it again.")
    [gate] = song.read(lambda c: gates_of(c, 1))
    answer = await told(song, "approve", fingerprint=gate.fingerprint)
    assert answer["state"] == "done"


async def test_there_has_to_be_a_gate_of_the_name(song: Toy):
    await queued(song)
    answer = await told(song, "approve", key="cut")
    assert answer["answer"] == (
        "j1 (0001-prompt-0) does not wait for approval of 'cut'. It waits for draft-1/plan."
    )
    await told(song, "approve")
    answer = await told(song, "reject")
    assert answer["answer"] == "j1 (0001-prompt-0) does not wait for approval of anything."


async def test_a_batch_is_approved_as_a_whole(song: Toy):
    await queued(song, 3, approve="*")
    answer = await told(song, "approve", {"batch": 1}, value=[])
    assert answer["answer"] == "An edited value is of one job; name it."
    answer = await told(song, "approve", {"batch": 1})
    assert answer["answer"] == "Approved 3 gates of b1."
    assert [job.reason for job in song.jobs()] == ["approval"] * 3
    await told(song, "approve", {"batch": 1})
    assert [job.state for job in song.jobs()] == ["done"] * 3
    answer = await told(song, "approve", {"batch": 1})
    assert answer["answer"] == "No job of b1 waits for approval."


async def test_one_that_waits_does_not_hold_up_the_others(song: Toy):
    await queued(song, 2)
    await told(song, "approve", {"job": 2})
    assert [job.state for job in song.jobs()] == ["parked", "done"]
    assert song.batch().state == "parked"


async def test_a_paused_job_stays_paused_when_its_gate_is_approved(song: Toy):
    await queued(song)
    await told(song, "pause")
    await told(song, "approve")
    assert song.job().state == "paused"
    await told(song, "resume")
    assert song.job().state == "done"


async def test_a_gate_is_not_decided(song: Toy):
    await queued(song)
    answer = await told(song, "decide", key=PLAN, value={})
    assert answer["answer"] == (
        "'draft-1/plan' is a gate: safelight approve JOB draft-1/plan, or safelight reject JOB "
        "draft-1/plan."
    )


@pytest.mark.parametrize("gates", ["plan", "draft-*", "draft-x/words"])
def test_settings_name_gates_that_there_are(song: Toy, gates: str):
    with pytest.raises(QueueError) as caught:
        song.queue(1, {"approve": gates})
    assert str(caught.value) == (
        f"Setting approve: toy has no gate '{gates}'; it has draft-*/plan, words."
    )


def test_a_recipe_with_gates_has_settings_for_them():
    with pytest.raises(TypeError, match="settings of a recipe with gates are GatedSettings"):
        replace(SONG, settings=RecipeSettings)


async def test_an_undeclared_gate_is_a_bug_of_the_recipe(song: Toy):
    song.catalog.known_recipes["toy"] = replace(SONG, decisions=SONG.decisions[:1])
    await queued(song)
    await told(song, "approve")
    assert song.job().state == "failed"
    error = song.read(lambda c: c.execute("SELECT kind, message FROM errors").fetchone())
    assert tuple(error) == (
        "bug",
        "TypeError: The recipe asks for approval of 'words' and declares no Approval of it.",
    )


async def test_an_answer_that_is_undone_is_asked_for_again(song: Toy):
    await queued(song)
    await told(song, "approve", key=PLAN)
    assert song.job().state == "done"
    answer = await told(song, "undo")
    assert answer["answer"] == (
        f"Undid the answer to {PLAN} of j1 (0001-prompt-0); it waits for approval again."
    )
    assert (song.job().state, song.job().reason) == ("parked", "approval")
    asked = len(song.backend.asked)
    await told(song, "approve", key=PLAN)
    assert (song.job().state, len(song.backend.asked)) == ("done", asked)
