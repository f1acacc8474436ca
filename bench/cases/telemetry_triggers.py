"""Processor time of the outcome of a step in SQLite, with and without the triggers of totals.

Usage: python -m bench.cases.telemetry_triggers STEPS
"""

import sys
import tempfile
from contextlib import closing
from pathlib import Path
from unittest import mock

from bench.cases.rows import BARE, measure
from bench.machine import emit
from db.connect import connect_writer
from db.store import Store

TRIGGERS = ("steps_ended", "steps_recovered", "jobs_recovered", "steps_charged", "calls_counted")


def _without(path: Path, *, created_by: str) -> Store:
    store = _create(path, created_by=created_by)
    drop_triggers(path)
    return store


def drop_triggers(path: Path) -> None:
    """Drop the triggers of a store that keep the totals."""
    with closing(connect_writer(path)) as connection:
        for name in TRIGGERS:
            connection.execute(f"DROP TRIGGER {name}")


_create = Store.create


def main() -> None:
    count = int(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="triggers-") as folder:
        _, with_them = measure(Path(folder), BARE, count)
    with (
        tempfile.TemporaryDirectory(prefix="triggers-") as folder,
        mock.patch.object(Store, "create", _without),
    ):
        _, without = measure(Path(folder), BARE, count)
    emit(with_us=with_them, without_us=without)


if __name__ == "__main__":
    main()
