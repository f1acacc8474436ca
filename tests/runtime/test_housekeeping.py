"""Periodic duties of an engine."""

import logging
import sqlite3
from contextlib import suppress
from typing import Any

import pytest

from engine.runtime import artifacts, housekeeping
from engine.runtime.timings import EngineTimings
from engine.text.temporary_names import mark
from tests.support.engines import Toy, eventually


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


async def test_what_a_killed_process_leaves_while_an_engine_runs_is_removed(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy.timings = EngineTimings(sweep=0.01)
    async with toy.running():
        with monkeypatch.context() as patch:
            patch.setattr(artifacts, "mark", lambda: mark().rpartition("-")[0] + "-1")
            upload = artifacts.ArtifactStore(toy.paths.artifacts).scratch()
            folder = upload.__enter__()
        with suppress(FileNotFoundError):
            (folder / "upload").write_bytes(b"half")
        await eventually(lambda: not folder.exists())
