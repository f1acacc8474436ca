"""No room, no right to write: nothing that is finished or paid for is lost, and work continues."""

import asyncio
import errno
import os
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import db.writer
from db.errors import StoreError
from db.queries.history import events_after
from db.store import Store
from engine.contract import CallContext
from engine.recipes.refine.agents.refiner import Refinement, RefineRequest
from engine.runtime.artifacts import ArtifactStore
from engine.runtime.engine import Engine
from engine.runtime.lanes import lane as lanes
from engine.runtime.step import call as calling
from tests.faults.conftest import Diagnose, read_only, unprivileged
from tests.support.engines import Toy, eventually
from tests.support.toys import ToyBackend


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db.writer, "_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(calling, "UNWRITABLE_SECONDS", 0.01)
    monkeypatch.setattr(lanes, "PROBE_SECONDS", 0.05)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file of this process may become larger, as with `ulimit -f`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def long_winded(request: RefineRequest, _context: CallContext) -> Refinement:
    """An answer of 4 kB."""
    return Refinement(prompt=request.brief * 250, reason="long", author="toy")


def fill(folder: Path) -> Path:
    """Takes all room that a disk has left."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as file:
        for size in (65536, 4096):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as error:
                assert error.errno == errno.ENOSPC
    return path


async def troubled(engine: Engine) -> str:
    return await eventually(lambda: engine.trouble)


async def test_a_full_disk_loses_nothing_and_stops_what_costs(
    small_disk: Path, diagnose: Diagnose
) -> None:
    filled = asyncio.Event()

    async def once_filled(request: RefineRequest, context: CallContext) -> Refinement:
        await filled.wait()
        return long_winded(request, context)

    toy = Toy(small_disk / "workspace", ToyBackend(paid=True, reply=once_filled))
    toy.queue(40)
    async with toy.running() as engine:
        await eventually(lambda: toy.backend.asked)
        filler = fill(small_disk)
        filled.set()
        assert "full" in await troubled(engine)
        asked = len(toy.backend.asked)
        assert diagnose(toy.root)["room"].found.startswith("the disk is full")
        assert len(toy.backend.asked) == asked  # nothing was bought while it could not be noted
        filler.unlink()
        await eventually(lambda: engine.is_idle)
    assert {job.state for job in toy.jobs()} == {"done"}
    assert len(toy.backend.asked) == len(set(toy.backend.asked)) == 120
    assert toy.store.check() == []
    events = toy.read(lambda c: events_after(c, 0))
    assert "full" in next(event.message for event in events if event.type == "store.back")


async def test_a_limit_on_the_size_of_files_loses_nothing(toy: Toy) -> None:
    toy.backend.change(paid=True)
    toy.backend.reply = long_winded
    toy.queue(10)
    size = toy.paths.store.stat().st_size
    with largest_file(size + 4096):
        async with toy.running() as engine:
            assert "cannot be written" in await troubled(engine)
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
            await eventually(lambda: engine.is_idle)
    assert {job.state for job in toy.jobs()} == {"done"}
    assert len(toy.backend.asked) == len(set(toy.backend.asked)) == 30
    assert toy.store.check() == []


async def test_paid_files_wait_in_memory_and_the_lane_says_disk(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, put = True, ArtifactStore.put

    def put_or_not(store: ArtifactStore, data: bytes) -> str:
        if full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return put(store, data)

    async def keep(request: RefineRequest, context: CallContext) -> None:
        await context.keep(request.brief.encode())

    monkeypatch.setattr(ArtifactStore, "put", put_or_not)
    toy.backend.change(paid=True, concurrency=2)
    toy.backend.reply = keep
    toy.queue(5, overrides={"steps": 1})
    async with toy.running() as engine:

        def shown() -> list[tuple[str, str | None]]:
            rows = toy.read(lambda c: c.execute("SELECT state, reason FROM lanes").fetchall())
            return [tuple(row) for row in rows if row["reason"]]

        assert ("blocked", "disk") in await eventually(shown)
        assert len(toy.backend.asked) <= 2  # those that were under way; nothing more is bought
        assert {job.reason for job in toy.jobs() if job.state == "parked"} <= {"disk"}
        full = False
        await eventually(lambda: engine.is_idle and toy.batch().is_over)
    assert {job.state for job in toy.jobs()} == {"done"}
    assert sorted(toy.backend.asked) == sorted(set(toy.backend.asked))


def test_the_doctor_sees_that_the_disk_is_full(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, diagnose: Diagnose
) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    found = diagnose(toy.root)["room"]
    assert "the disk is full" in found.found
    assert "safelight gc" in found.remedy


def test_a_read_only_folder_is_said_to_be_one(open_folder: Path) -> None:
    toy = Toy(open_folder / "workspace")
    with read_only(toy.root), unprivileged(), pytest.raises(StoreError) as refused:
        Store(toy.paths.store)
    assert "writable" in str(refused.value)


def test_the_doctor_sees_a_read_only_folder(open_folder: Path, diagnose: Diagnose) -> None:
    toy = Toy(open_folder / "workspace")
    reader = toy.store.reader()  # another process has the store open: it can be read
    reader.execute("SELECT count(*) FROM jobs").fetchone()
    diagnose(toy.root)  # its modules are imported by a user who may read them
    with read_only(toy.root), unprivileged():
        found = diagnose(toy.root)
    reader.close()
    assert "nothing can be written" in found["room"].found


async def test_a_store_that_becomes_read_only_is_written_when_it_is_given_back(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, refused = db.writer.StoreWriter._commit, 0

    def commit_or_not(writer: db.writer.StoreWriter, items: list[db.writer._Item]) -> None:
        nonlocal refused
        if len(toy.backend.asked) > 3 and refused < 5:
            refused += 1
            error = sqlite3.OperationalError("attempt to write a readonly database")
            error.sqlite_errorcode = sqlite3.SQLITE_READONLY
            raise error
        commit(writer, items)

    monkeypatch.setattr(db.writer.StoreWriter, "_commit", commit_or_not)
    toy.backend.change(paid=True)
    toy.queue(5)
    await toy.run()
    assert refused == 5
    assert {job.state for job in toy.jobs()} == {"done"}
    assert len(toy.backend.asked) == len(set(toy.backend.asked)) == 15
