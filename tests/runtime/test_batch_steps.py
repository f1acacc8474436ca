"""Steps of a whole batch: before its first job, after its last, and progress outputs between."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.contract import Blocked, Permanent
from engine.contract.batch import BatchStep
from engine.recipes.refine.agents.refiner import Refinement
from tests.support.corpus_batch import BATCHED, Corpus, Dataset
from tests.support.engines import Toy, eventually

pytestmark = pytest.mark.usefixtures("one_process")

KEPT = ["0001-prompt-0", "0002-prompt-1", "0003-prompt-2"]


@pytest.fixture
def corpus(tmp_path: Path) -> Toy:
    toy = Toy(tmp_path)
    toy.catalog.known_recipes["toy"] = BATCHED
    return toy


def own_steps(corpus: Toy) -> list[tuple[str, str]]:
    sql = """SELECT key, state FROM steps WHERE job_id IS NULL AND superseded_at IS NULL
             ORDER BY id"""
    return [tuple(row) for row in corpus.read(lambda c: c.execute(sql).fetchall())]


def refusing(part: str, error: Exception) -> Any:
    """A backend's reply that refuses one brief and answers all others."""

    def reply(request: Any, _context: Any) -> Refinement | None:
        if request.brief.startswith(part):
            raise error
        return None

    return reply


async def test_a_dataset_is_read_before_and_measures_are_taken_after(corpus: Toy):
    corpus.queue(3)
    await corpus.run()
    assert corpus.backend.asked[:2] == ["part 0", "part 1"]
    assert sorted(corpus.backend.asked[2:5]) == [f"prompt {n} PART 0 PART 1" for n in range(3)]
    assert corpus.backend.asked[5:] == ["66 PART 0"]
    assert own_steps(corpus) == [
        ("before/part-0", "done"),
        ("before/part-1", "done"),
        ("after/letters", "done"),
        ("after/verdict", "done"),
    ]
    batch = corpus.batch()
    assert (batch.state, batch.start, batch.finish) == ("done", "done", "done")
    assert json.loads(batch.before_result or "") == {"words": ["PART 0", "PART 1"]}
    assert json.loads(batch.after_result or "") == {
        "jobs": 3,
        "letters": 66,
        "verdict": "66 PART 0",
    }
    measures = (corpus.root / batch.outputs / "measures.json").read_text()
    assert json.loads(measures) == json.loads(batch.after_result or "")


async def test_a_recipe_without_such_steps_starts_at_once(corpus: Toy):
    corpus.catalog.known_recipes["toy"] = replace(BATCHED, before=None, after=None)
    corpus.queue()
    assert corpus.batch().start == "done"


async def test_what_is_done_is_not_done_again_for_appended_entries(corpus: Toy):
    corpus.queue(2)
    await corpus.run()
    more = corpus.root / "more.txt"
    more.write_text("prompt 9\n")
    corpus.append(1, more)
    await corpus.run()
    assert corpus.batch().state == "done"
    assert [brief for brief in corpus.backend.asked if brief.startswith("part")] == [
        "part 0",
        "part 1",
    ]
    assert json.loads(corpus.batch().after_result or "")["jobs"] == 3


async def test_an_engine_that_is_stopped_in_the_middle_goes_on_there(corpus: Toy):
    corpus.queue()
    engine = corpus.engine()

    def stop(request: Any, _context: Any) -> None:
        if request.brief == "part 1" and len(corpus.backend.asked) == 2:
            engine.stop()

    corpus.backend.reply = stop
    await engine.run()
    assert corpus.batch().start == "pending"
    assert corpus.job().starts == 0
    await corpus.run()
    assert corpus.batch().state == "done"
    assert corpus.backend.asked.count("part 0") == 1


async def test_jobs_wait_for_what_their_batch_waits_for(corpus: Toy):
    corpus.backend.reply = refusing("part 1", Blocked("No key.", reason="key", remedy="Set it."))
    corpus.queue(3)
    await corpus.run()
    assert [(job.state, job.reason, job.lane) for job in corpus.jobs()] == [
        ("parked", "key", "toy")
    ] * 3
    assert corpus.jobs()[0].message == "No key. Set it."
    assert (corpus.batch().state, corpus.batch().start) == ("parked", "pending")
    sql = "SELECT count(*) FROM events WHERE type = 'batch.parked'"
    assert corpus.read(lambda c: c.execute(sql).fetchone()[0]) == 1
    corpus.backend.reply = None
    corpus.command("resume", batch=1)
    await corpus.run()
    assert corpus.batch().state == "done"
    assert corpus.backend.asked.count("part 0") == 1


async def test_a_failure_before_the_jobs_fails_them_and_a_retry_goes_on_there(corpus: Toy):
    corpus.backend.reply = refusing("part 1", Permanent("No such file."))
    corpus.queue(2)
    await corpus.run()
    assert [job.state for job in corpus.jobs()] == ["failed"] * 2
    assert (corpus.batch().state, corpus.batch().start) == ("done_with_failures", "pending")
    messages = corpus.read(lambda c: c.execute("SELECT message FROM errors").fetchall())
    assert [row[0] for row in messages] == ["No such file."]
    assert corpus.batch().after_result is None
    corpus.backend.reply = None
    corpus.command("retry", batch=1)
    await corpus.run()
    assert corpus.batch().state == "done"
    assert corpus.backend.asked.count("part 0") == 1
    assert corpus.backend.asked.count("part 1") == 2


async def test_a_bug_before_the_jobs_is_one_error(corpus: Toy):
    async def broken(_batch: Any) -> Any:
        raise ZeroDivisionError("A bug.")

    corpus.catalog.known_recipes["toy"] = replace(BATCHED, before=BatchStep(broken, Dataset))
    corpus.queue(2)
    await corpus.run()
    sql = "SELECT kind, message FROM errors"
    assert [tuple(row) for row in corpus.read(lambda c: c.execute(sql).fetchall())] == [
        ("bug", "ZeroDivisionError: A bug.")
    ]


async def test_the_end_of_a_batch_waits_for_what_its_steps_wait_for(corpus: Toy):
    corpus.backend.reply = refusing("22 ", Blocked("No key.", reason="key", remedy="Set it."))
    corpus.queue()
    async with corpus.running():
        await eventually(lambda: corpus.batch().finish == "parked")
        batch = corpus.batch()
        assert (batch.state, batch.finish_error) == ("parked", "No key. Set it.")
        corpus.backend.reply = None
        command = await corpus.obeyed("resume", batch=1)
        assert command.answer == "Resumed b1; its last steps run again."
        await eventually(lambda: corpus.batch().is_over)
    assert corpus.batch().state == "done"


async def test_the_end_of_a_batch_that_waits_is_tried_again_by_the_next_engine(corpus: Toy):
    corpus.backend.reply = refusing("22 ", Blocked("No key.", reason="key"))
    corpus.queue()
    await corpus.run()
    corpus.backend.reply = None
    await corpus.run()
    assert corpus.batch().state == "done"


async def test_a_failure_after_the_jobs_is_the_batchs_and_can_be_retried(corpus: Toy):
    corpus.backend.reply = refusing("22 ", Permanent("Refused."))
    corpus.queue()
    await corpus.run()
    batch = corpus.batch()
    assert (batch.state, batch.finish_error) == ("done_with_failures", "Refused.")
    assert corpus.job().state == "done"
    corpus.backend.reply = None
    corpus.command("retry", batch=1)
    await corpus.run()
    assert corpus.batch().state == "done"
    assert [step for step in own_steps(corpus) if step[0].startswith("after")] == [
        ("after/letters", "done"),
        ("after/verdict", "done"),
    ]


async def test_a_batch_that_is_cancelled_before_it_starts_has_no_last_steps(corpus: Toy):
    corpus.queue(2)
    corpus.command("cancel", batch=1)
    await corpus.run()
    assert corpus.batch().state == "cancelled"
    assert corpus.backend.asked == []


async def test_a_paused_batch_does_not_start(corpus: Toy):
    async def asks_first(batch: Any) -> Dataset:
        corpus.command("pause", batch=1)
        await eventually(lambda: corpus.batch().held)
        return await BATCHED.before.run(batch)  # type: ignore[union-attr]

    corpus.catalog.known_recipes["toy"] = replace(BATCHED, before=BatchStep(asks_first, Dataset))
    corpus.queue(2)
    await corpus.run()
    assert (corpus.batch().state, corpus.batch().start) == ("paused", "pending")
    corpus.catalog.known_recipes["toy"] = BATCHED
    corpus.command("resume", batch=1)
    await corpus.run()
    assert corpus.batch().state == "done"


async def test_steps_return_what_they_declare(corpus: Toy):
    async def wrong(_batch: Any) -> Any:
        return Dataset(words=[])

    corpus.catalog.known_recipes["toy"] = replace(BATCHED, after=BatchStep(wrong, Corpus))
    corpus.queue()
    await corpus.run()
    assert corpus.batch().finish_error == "after of the recipe returned Dataset, not Corpus."


def checkpoints(corpus: Toy) -> dict[str, list[str]]:
    folder = (corpus.root / corpus.batch().summary).parent
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("prompts_*"))}


async def test_progress_is_written_after_every_few_jobs(corpus: Toy):
    corpus.queue(5, in_flight=1)
    await corpus.run()
    keys = [job.key for job in corpus.jobs()]
    assert checkpoints(corpus) == {
        "prompts_checkpoint_002": keys[:2],
        "prompts_checkpoint_004": keys[:4],
    }
    assert corpus.batch().checkpoints == 4


async def test_progress_that_could_not_be_written_is_written_later(corpus: Toy):
    wrong = [True]

    def sometimes(projection: Any) -> None:
        if wrong:
            wrong.clear()
            raise OSError("No space.")
        BATCHED.outputs.write_progress(projection)  # type: ignore[misc]

    outputs = replace(BATCHED.outputs, write_progress=sometimes)
    corpus.catalog.known_recipes["toy"] = replace(BATCHED, outputs=outputs)
    corpus.queue(3, in_flight=1)
    await corpus.run()
    assert list(checkpoints(corpus)) == ["prompts_checkpoint_002"]


async def test_progress_is_written_by_the_next_engine_if_one_was_killed(corpus: Toy):
    silent = replace(BATCHED.outputs, write_progress=None)
    corpus.catalog.known_recipes["toy"] = replace(BATCHED, outputs=silent)
    corpus.queue(3)
    await corpus.run(lambda engine: engine.is_idle or corpus.batch().ended >= 2)
    corpus.catalog.known_recipes["toy"] = BATCHED
    with corpus.store.alone() as write:
        write(lambda c: c.execute("UPDATE batches SET finish = 'pending'"))
    await corpus.run()
    assert list(checkpoints(corpus)) == ["prompts_checkpoint_002"]
