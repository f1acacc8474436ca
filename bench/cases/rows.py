"""Cost of each row of a step: the product's own writes, in groups of 50, on the real schema.

Usage: python -m bench.cases.rows STEPS
"""

import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest import mock

from bench.machine import emit
from db.store import Store
from db.writes import batches as batch_writes
from db.writes import steps as step_writes
from db.writes.records import Intent, Outcome

GROUP = 50
ARTIFACT = {
    "role": "result",
    "hash": "0" * 64,
    "media_type": "image/png",
    "kind": "image",
    "size": 1000,
    "width": 64,
    "height": 64,
}
SCORE = {"metric": "score", "value": 50.0, "raw": None, "scorer": "bench"}
CRITIQUE = {"text": "Fine.", "missing": [], "measurements": {}}
PROMPT = {"text": "A prompt.", "negative": "", "author": "bench", "reason": "why"}
CALL = {
    "attempt": 1,
    "request_id": "r",
    "status": "done",
    "error": None,
    "wait_seconds": None,
    "cost": 0,
    "tokens_in": None,
    "tokens_out": None,
    "started_at": "2026-01-01T00:00:00.000000Z",
    "finished_at": "2026-01-01T00:00:00.000000Z",
}
BARE = Outcome(result='{"ok":true}', message="bench", had_progress=False)
OUTCOMES = {
    "step": BARE,
    "step + artifact": replace(BARE, artifacts=[ARTIFACT]),
    "step + score": replace(BARE, scores=[SCORE]),
    "step + headline": replace(BARE, headline=50.0),
    "step + critique": replace(BARE, critiques=[CRITIQUE]),
    "step + prompt": replace(BARE, prompts=[PROMPT]),
    "step + api call": replace(BARE, calls=[CALL]),
    "step + progress": replace(BARE, had_progress=True),
}


def _intent(job_id: int, key: str) -> Intent:
    return Intent(
        1, job_id, key, "", key, f"{job_id:032d}{key:>032}", "answer", "bench", "bench-1", "{}"
    )


def _jobs(store: Store, count: int) -> None:
    batch = batch_writes.NewBatch("b", "bench", "1", 1, "{}", "{}", "outputs", "summary.json")
    jobs = [batch_writes.NewJob(str(n), "{}", 1, f"outputs/{n}", f"{n}") for n in range(count)]
    with store.alone() as write:
        write(lambda c: batch_writes.create_batch(c, batch))
        write(lambda c: batch_writes.add_jobs(c, 1, jobs))


def _grouped(connection: sqlite3.Connection, count: int, each: Callable[[int], None]) -> float:
    """Microseconds of processor time an operation, its share of the commit included."""
    before = time.process_time()
    for start in range(0, count, GROUP):
        connection.execute("BEGIN IMMEDIATE")
        for number in range(start, min(start + GROUP, count)):
            each(number)
        connection.execute("COMMIT")
    return (time.process_time() - before) / count * 1e6


def measure(folder: Path, outcome: Outcome, count: int) -> tuple[float, float]:
    """Microseconds an intent, and an outcome."""
    store = Store.create(folder / "bench.db", created_by="bench")
    _jobs(store, count // 3 + 1)
    from db.connect import connect_writer

    connection = connect_writer(store.path)
    intents = [_intent(number // 3 + 1, f"step-{number % 3}") for number in range(count)]
    ids: list[int] = []
    begin = _grouped(
        connection, count, lambda n: ids.append(step_writes.begin_step(connection, intents[n]))
    )
    finish = _grouped(
        connection,
        count,
        lambda n: step_writes.finish_step(connection, ids[n], intents[n], outcome),
    )
    connection.close()
    return begin, finish


def main() -> None:
    count, found = int(sys.argv[1]), dict[str, float]()
    for name, outcome in OUTCOMES.items():
        with tempfile.TemporaryDirectory(prefix="rows-") as folder:
            found["intent"], found[name] = measure(Path(folder), outcome, count)
    with (
        tempfile.TemporaryDirectory(prefix="rows-") as folder,
        mock.patch.object(step_writes, "record_event", lambda *_, **__: None),
    ):
        _, found["step - event"] = measure(Path(folder), BARE, count)
    emit(**{name: round(value, 1) for name, value in found.items()})


if __name__ == "__main__":
    main()
