"""Processor time of a step in SQLite, with and without the triggers of totals, by turns.

A step is an intent and an outcome, in groups of 50: one that is free, and one that has a cost and a
call. Beside them: no totals of spending, as before migration 20, and in their place the index that
would let spending be summed without the rows.

Usage: python -m bench.cases.telemetry_triggers STEPS ROUNDS
"""

import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from unittest import mock

from bench.cases.rows import BARE, CALL, measure
from bench.machine import emit
from db.connect import connect_writer
from db.store import Store

COUNTED = ("steps_ended", "steps_recovered", "jobs_recovered", "steps_charged", "calls_counted")
SPENT = ("steps_begun", "steps_tried", "steps_paid", "calls_begun", "jobs_ended", "jobs_changed",
         "steps_timed", "steps_imported")  # fmt: skip
"""Triggers that a step or the end of a job runs: of metrics, and of spending (migration 20)."""

INDEX = """CREATE INDEX steps_spent ON steps(batch_id, backend, model, name, finished_at, cost,
           attempts, reused_from, kept_calls, kept_in, kept_out)"""

STORES: dict[str, Sequence[str]] = {
    "with": (),
    "before": [f"DROP TRIGGER {name}" for name in SPENT],
    "without": [f"DROP TRIGGER {name}" for name in (*COUNTED, *SPENT)],
    "index": [*(f"DROP TRIGGER {name}" for name in SPENT), INDEX],
}
PAID = replace(BARE, cost=500, calls=[CALL])


def drop_triggers(path: Path) -> None:
    """Drop the triggers of a store that keep the totals."""
    _change(path, STORES["without"])


def _change(path: Path, statements: Sequence[str]) -> None:
    with closing(connect_writer(path)) as connection:
        for statement in statements:
            connection.execute(statement)


_create = Store.create


def _measured(name: str, count: int) -> tuple[float, float]:
    """Microseconds of a free step, and of a paid one."""

    def create(path: Path, *, created_by: str) -> Store:
        store = _create(path, created_by=created_by)
        _change(path, STORES[name])
        return store

    times = []
    for outcome in (BARE, PAID):
        with (
            tempfile.TemporaryDirectory(prefix="triggers-") as folder,
            mock.patch.object(Store, "create", create),
        ):
            times.append(sum(measure(Path(folder), outcome, count)))
    return times[0], times[1]


def main() -> None:
    count, rounds = int(sys.argv[1]), int(sys.argv[2])
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in STORES}
    for _ in range(rounds):
        for name, of_store in times.items():
            of_store.append(_measured(name, count))
    results = {}
    for number, kind in enumerate(("free", "paid")):
        medians = {name: statistics.median(t[number] for t in times[name]) for name in STORES}
        ratios = [
            a[number] / b[number]
            for a, b in zip(*(times[n] for n in ("with", "before")), strict=True)
        ]
        results[f"{kind}_ratio"] = statistics.median(ratios)
        results |= {f"{kind}_{name}_us": value for name, value in medians.items()}
    emit(**results)


if __name__ == "__main__":
    main()
