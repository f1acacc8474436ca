"""Periodic duties of an engine."""

import logging
import sqlite3
from typing import Any

import pytest

from engine.runtime import housekeeping
from tests.support.engines import Toy


@pytest.mark.parametrize("duty", ["prune_events", "forget_temporary"])
async def test_a_duty_that_cannot_be_written_ends_nothing(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, duty: str
) -> None:
    def fails(*_arguments: Any) -> int:
        raise sqlite3.DatabaseError("not now")

    monkeypatch.setattr(housekeeping, duty, fails)
    toy.queue(1)
    with caplog.at_level(logging.WARNING, logger="engine.runtime.housekeeping"):
        await toy.run()
    assert [job.state for job in toy.jobs()] == ["done"]
    assert "are left until the next time: not now" in caplog.text
