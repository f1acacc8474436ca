"""Deletion of batches by a running engine, and after kills in the middle of it."""

import asyncio
import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from db.queries import deletions, search
from db.queries.search import count_unindexed
from db.writes.batch_marks import begin_deletion
from engine.runtime.artifacts import ArtifactStore
from engine.runtime.deletion import SLICE_JOBS, Deletion
from engine.runtime.intake_lock import taking_in
from tests.support.engines import Toy, eventually

_KILLED = """
import os, sys
from pathlib import Path
from db.store import Store
from engine.config.paths import WorkspacePaths
from engine.runtime import deletion
from tests.support.toys import ToyCatalog

paths = WorkspacePaths(Path(sys.argv[1]))
left = int(sys.argv[2])
store = Store(paths.store)

def step(write, piece):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), 9)
    return write(piece)

with store.alone() as write:
    deletion.delete_here(
        deletion.Deletion(store, paths, ToyCatalog(), list), lambda piece: step(write, piece)
    )
"""


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    """A workspace whose steps leave a file of their own, and one that all share."""
    toy, number = Toy(tmp_path), itertools.count()

    async def leave(_request: Any, context: Any) -> None:
        await context.keep(f"file {next(number)}".encode())
        await context.keep(b"shared")

    toy.backend.reply = leave
    return toy


def count(toy: Toy, table: str) -> int:
    return toy.read(lambda c: c.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def stored(toy: Toy) -> set[str]:
    return set(ArtifactStore(toy.paths.artifacts).hashes())


def named(toy: Toy) -> set[str]:
    return toy.read(lambda c: {row[0] for row in c.execute("SELECT hash FROM artifacts")})


async def test_an_engine_deletes_a_batch_and_its_files_once_it_is_idle(toy: Toy) -> None:
    first = toy.queue(3)
    toy.queue(2, name="stays")
    await toy.run()
    kept = toy.read(
        lambda c: {r[0] for r in c.execute("SELECT hash FROM artifacts WHERE batch_id = 2")}
    )
    freed = toy.read(lambda c: deletions.what_is_freed(c, first))
    assert (freed.jobs, freed.files, freed.shared) == (3, 9, 1)
    async with toy.running():
        answer = await toy.obeyed("delete", batch=first)
        assert answer.state == "done"
        await eventually(lambda: toy.read(deletions.batch_to_delete) is None or None)
        await eventually(lambda: not toy.read(deletions.has_freed) or None)
    assert stored(toy) == kept == named(toy)
    assert count(toy, "jobs") == 2
    assert toy.store.check() == []


@pytest.mark.slow
async def test_kills_in_the_middle_lose_nothing_and_leave_nothing(toy: Toy) -> None:
    batch = toy.queue(SLICE_JOBS + 3)
    toy.queue(2, name="stays")
    await toy.run()
    kept = toy.read(
        lambda c: {r[0] for r in c.execute("SELECT hash FROM artifacts WHERE batch_id = 2")}
    )
    with toy.store.intake() as write:
        assert write(lambda c: begin_deletion(c, batch))
    for before in (1, 2, 1, 2):
        command = [sys.executable, "-c", _KILLED, str(toy.root), str(before)]
        ended = await asyncio.to_thread(
            subprocess.run, command, cwd=Path(__file__).parents[2], check=False
        )
        assert ended.returncode == -signal.SIGKILL, os.strerror(abs(ended.returncode))
        assert toy.store.check() == []
        assert named(toy) >= kept
        assert stored(toy) >= named(toy)  # a row never names a file that is gone
    async with toy.running():
        await eventually(lambda: toy.read(deletions.batch_to_delete) is None or None)
        await eventually(lambda: not toy.read(deletions.has_freed) or None)
    assert stored(toy) == kept == named(toy)
    assert count(toy, "batches") == 1


async def test_a_batch_that_runs_is_not_deleted(toy: Toy) -> None:
    batch = toy.queue(2)
    toy.command("delete", batch=batch)
    toy.backend.reply = None
    async with toy.running():
        await eventually(lambda: toy.batch(batch).is_over or None)
    answer = toy.read(lambda c: c.execute("SELECT state, answer FROM commands").fetchone())
    assert answer["state"] == "refused"
    assert "Cancel it first" in answer["answer"]
    assert count(toy, "jobs") == 2


async def test_files_stay_while_something_is_taken_in(toy: Toy) -> None:
    batch = toy.queue(1)
    await toy.run()
    with toy.store.alone() as write:
        assert write(lambda c: begin_deletion(c, batch))
        deletion = Deletion(toy.store, toy.paths, toy.catalog, list)
        while (piece := deletion.next_slice()) is not None:
            write(piece)
    assert stored(toy)
    with taking_in(toy.paths.intake_lock):
        assert deletion.remove_files() == []
    assert deletion.remove_files()
    assert not stored(toy)


async def test_an_engine_indexes_what_has_ended(toy: Toy) -> None:
    toy.queue(30)
    await toy.run()
    async with toy.running():
        await eventually(lambda: not toy.read(count_unindexed) or None)
    found = toy.read(
        lambda c: search.search_texts(c, search.Words.parse("toy"), search.Condition(), limit=100)
    )
    assert len(found) == 30
