"""The engine itself: its lock, its store, its folders, and how it stops."""

import asyncio
import errno
import fcntl
import json
import os
import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from db.queries import batches
from engine.contract import CallContext, Permanent
from engine.contract.outputs import Outputs
from engine.recipes.refine.agents.refiner import RefineRequest
from engine.runtime.artifacts import ArtifactStore
from engine.runtime.engine import Engine
from engine.runtime.lanes import lane as lanes
from engine.runtime.lock import EngineLock, WorkspaceBusy, lock_holder
from engine.runtime.store_gone import StoreGone
from engine.runtime.timings import EngineTimings
from engine.text.temporary_names import mark
from tests.support.engines import PATIENCE, Toy, eventually, quick_settings
from tests.support.toys import TOY


class Slow:
    """Calls that end when they are let, and say how many are in flight."""

    def __init__(self) -> None:
        self.let = asyncio.Event()
        self.inside = 0

    async def __call__(self, _request: RefineRequest, _context: CallContext) -> None:
        self.inside += 1
        try:
            await self.let.wait()
        finally:
            self.inside -= 1


async def test_a_second_engine_is_refused_and_told_who_works(toy: Toy) -> None:
    toy.queue()
    async with toy.running():
        await toy.becomes("done")
        with pytest.raises(WorkspaceBusy) as refused:
            await toy.engine().run()
        assert refused.value.pid == os.getpid()
        assert lock_holder(toy.paths.lock) == (os.getpid(), refused.value.host)
    assert lock_holder(toy.paths.lock) is None
    await toy.run()


def test_whoever_asks_who_works_keeps_nobody_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "engine.lock"
    path.write_text('{"pid": 1, "host": "long gone"}')
    asker = os.open(path, os.O_RDONLY)
    fcntl.flock(asker, fcntl.LOCK_SH)
    monkeypatch.setattr(time, "sleep", lambda _seconds: os.close(asker))
    with EngineLock(path):
        assert lock_holder(path) is not None


def test_a_lock_of_a_process_that_is_gone_is_free(tmp_path: Path) -> None:
    path = tmp_path / "engine.lock"
    path.write_text('{"pid": 999999, "host": "elsewhere"}')
    assert lock_holder(path) is None
    with EngineLock(path):
        assert json.loads(path.read_text())["pid"] == os.getpid()


async def test_an_engine_that_was_lost_is_known_to_be(toy: Toy) -> None:
    with toy.store.alone() as write:
        write(
            lambda c: c.execute(
                "INSERT INTO engines (pid, host, version, run_id, state, started_at, seen_at) "
                "VALUES (1, 'h', '0', 'r', 'running', 'then', 'then')"
            )
        )
    await toy.run()
    states = toy.read(lambda c: [row[0] for row in c.execute("SELECT state FROM engines")])
    assert states == ["lost", "stopped"]
    assert toy.read(batches.running_engine) is None


async def test_a_store_that_is_deleted_underneath_ends_the_engine(toy: Toy) -> None:
    toy.timings = EngineTimings(heartbeat=0.01)
    slow = toy.backend.reply = Slow()
    toy.settings = quick_settings(grace_seconds=0)
    toy.queue()
    task = asyncio.create_task(toy.engine().run())
    await eventually(lambda: slow.inside == 1)
    shutil.rmtree(toy.paths.private)
    with pytest.raises(StoreGone, match="deleted or replaced"):
        await asyncio.wait_for(task, PATIENCE)
    assert not toy.paths.store.exists()


async def test_stopping_waits_for_paid_calls_within_the_grace_period(toy: Toy) -> None:
    slow = toy.backend.reply = Slow()
    toy.backend.change(paid=True)
    toy.queue(2)
    engine = toy.engine()
    task = asyncio.create_task(engine.run())
    await eventually(lambda: slow.inside == 2)
    engine.stop()
    await eventually(lambda: toy.batch().queued == 2)  # the jobs let go, the calls go on
    assert slow.inside == 2
    slow.let.set()
    await asyncio.wait_for(task, PATIENCE)
    assert [step.state for job in (1, 2) for step in toy.steps(job)] == ["done", "done"]
    assert len(toy.backend.asked) == 2
    await toy.run()
    assert len(toy.backend.asked) == 6
    assert toy.batch().state == "done"


@pytest.mark.parametrize(
    ("paid", "resumable", "state"),
    [(False, False, "open"), (True, False, "running"), (True, True, "submitted")],
)
async def test_what_has_no_answer_after_the_grace_period_is_cut(
    toy: Toy, paid: bool, resumable: bool, state: str
) -> None:
    slow = Slow()
    seen: list[str | None] = []

    async def submit(request: RefineRequest, context: CallContext) -> None:
        seen.append(context.request_id)
        if resumable and context.request_id is None:
            await context.submitted("the-id")
        await slow(request, context)

    toy.backend.reply = submit
    toy.backend.change(paid=paid, resumable=resumable)
    toy.settings = quick_settings(grace_seconds=0.05)
    toy.queue(overrides={"steps": 1})
    engine = toy.engine()
    task = asyncio.create_task(engine.run())
    await eventually(lambda: slow.inside == 1)
    engine.stop()
    await asyncio.wait_for(task, PATIENCE)
    assert slow.inside == 0
    assert [(step.state, step.request_id) for step in toy.steps()] == [
        (state, "the-id" if resumable else None)
    ]
    slow.let.set()
    await toy.run()
    assert toy.job().state == ("parked" if state == "running" else "done")
    assert seen[1:] == ([] if state == "running" else ["the-id" if resumable else None])


async def test_stopping_does_not_wait_out_a_retry(toy: Toy) -> None:
    """A call that waits for its next try is not in flight."""

    def busy(_request: RefineRequest, _context: CallContext) -> None:
        from engine.contract import Retryable

        raise Retryable("Busy.", retry_after=3600)

    toy.backend.reply = busy
    toy.backend.change(paid=True)
    toy.settings = quick_settings(grace_seconds=3600)
    toy.queue(overrides={"steps": 1})
    engine = toy.engine()
    task = asyncio.create_task(engine.run())
    await eventually(lambda: [step.state for step in toy.steps()] == ["open"])
    engine.stop()
    await asyncio.wait_for(task, PATIENCE)
    toy.backend.reply = None
    await toy.run()
    assert toy.job().state == "done"  # nothing about it was unknown


class Folder:
    """A recipe's folder, which can be written or not."""

    def __init__(self, toy: Toy) -> None:
        self.error: OSError | None = OSError(errno.ENOSPC, "No space left on device", "result.txt")
        self.written: list[str] = []
        toy.catalog.known_recipes["toy"] = replace(TOY, outputs=Outputs(write_job=self))

    def __call__(self, projection: Any) -> None:
        if self.error is not None:
            raise self.error
        self.written.append(projection.job.key)


async def test_a_folder_that_cannot_be_written_parks_and_goes_on_by_itself(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "PROBE_SECONDS", 0.05)
    folder = Folder(toy)
    toy.queue(4)
    async with toy.running():
        await eventually(lambda: toy.batch().parked == 4)
        assert {(job.reason, job.lane) for job in toy.jobs()} == {("disk", "outputs")}
        assert "No space left on device (result.txt)" in (toy.job().message or "")
        folder.error = None
        await eventually(lambda: toy.batch().state == "done")
    assert len(toy.backend.asked) == 12  # no step was made again
    assert set(folder.written) == {job.key for job in toy.jobs()}


async def test_a_folder_that_could_not_be_written_is_written_after_a_restart(toy: Toy) -> None:
    folder = Folder(toy)
    toy.queue(3)
    await toy.run(until=lambda _engine: toy.batch().parked == 3)
    folder.error = None
    async with toy.running():
        await eventually(lambda: toy.batch().state == "done")
    assert len(toy.backend.asked) == 9


async def test_a_folder_without_the_right_to_write_parks_too(toy: Toy) -> None:
    def write(projection: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(projection.folder))

    toy.catalog.known_recipes["toy"] = replace(TOY, outputs=Outputs(write_job=write))
    toy.queue()
    await toy.run()
    assert (toy.job().state, toy.job().reason) == ("parked", "disk")


async def test_a_job_that_fails_while_its_folder_cannot_be_written_fails(toy: Toy) -> None:
    def refuse(_request: RefineRequest, _context: CallContext) -> None:
        raise Permanent("Never.")

    toy.backend.reply = refuse
    Folder(toy)
    toy.queue()
    await toy.run()
    assert toy.job().state == "failed"


# -- files by content -------------------------------------------------------------------------


def test_files_are_stored_once_by_content_and_read_back_checked(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "artifacts")
    hash_ = store.put(b"image")
    assert store.put(b"image") == hash_
    assert store.hashes() == [hash_]
    assert store.read(hash_) == b"image"
    assert not list(store.folder.glob("*/.new-*"))
    store.path(hash_).write_bytes(b"pictura")
    with pytest.raises(Permanent, match="damaged"):
        store.read(hash_)
    store.path(hash_).unlink()
    with pytest.raises(Permanent, match="gone"):
        store.read(hash_)


async def test_an_engine_removes_the_temporary_files_of_processes_that_have_ended(toy: Toy) -> None:
    with subprocess.Popen(["true"]) as ended:
        pass
    folder = toy.root / ".safelight" / "artifacts" / "ab"
    folder.mkdir(parents=True)
    machine = mark().split("-")[0]
    left = folder / f".new-{machine}-{ended.pid}-1-abcdefgh"
    others = [folder / name for name in (f".new-{mark()}-abcdefgh", ".new-abcdefgh")]
    for path in (left, *others):
        path.write_bytes(b"x")
    toy.queue(1)
    await toy.run()
    await eventually(lambda: not left.exists())
    assert all(path.exists() for path in others)


def test_a_file_that_was_cut_short_is_stored_again(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "artifacts")
    hash_ = store.put(b"image")
    store.path(hash_).write_bytes(b"pic")
    assert store.put(b"image") == hash_
    assert store.read(hash_) == b"image"


def test_a_write_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ArtifactStore(tmp_path / "artifacts")

    def no_room(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(os, "fsync", no_room)
        with pytest.raises(OSError, match="No space"):
            store.put(b"image")
    assert store.hashes() == []
    assert not [path for path in store.folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("hash_", ["", "../../etc/passwd", "a" * 63, "A" * 64, "a" * 62 + "/."])
def test_a_hash_is_never_a_path(tmp_path: Path, hash_: str) -> None:
    with pytest.raises(ValueError, match="64 lower-case hexadecimal"):
        ArtifactStore(tmp_path / "artifacts").path(hash_)


async def test_an_engine_and_its_session_gain_no_attribute_after_they_are_created(toy: Toy) -> None:
    toy.queue()
    engine = toy.engine()
    before, seen = set(vars(engine)), list[set[str]]()

    def until(running: Engine) -> bool:
        seen.append(set(vars(running.session)))
        return running.is_idle

    await asyncio.wait_for(engine.run(until), PATIENCE)
    assert set(vars(engine)) == before
    assert len(seen) > 1
    assert seen[0] == seen[-1]
    with pytest.raises(RuntimeError, match="does not hold its workspace"):
        _ = engine.session
