"""The store held, deleted, replaced, torn, copied badly, or in a place that cannot keep it."""

import asyncio
import logging
import os
import shutil
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

import db.connect
import db.store
import db.writer
from db.errors import StoreError, StoreUnsafe
from db.queries.history import events_after
from db.store import Store
from db.writes.events import record_event
from engine.client.doctor import faults as checks_of_faults
from engine.runtime.lock import EngineLock
from engine.runtime.store_gone import StoreGone
from engine.runtime.timings import EngineTimings
from tests.faults.conftest import Diagnose
from tests.support.engines import Toy, eventually
from tests.support.stores import make_store


def note(key: str) -> Callable[[sqlite3.Connection], None]:
    def operation(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO version_info VALUES (?, ?)", (key, "x" * 200))

    return operation


def noted(store: Store) -> list[str]:
    reader = store.reader()
    try:
        sql = "SELECT key FROM version_info WHERE key LIKE 'n%' ORDER BY key"
        return [row[0] for row in reader.execute(sql)]
    finally:
        reader.close()


async def test_an_engine_goes_on_when_another_program_lets_go_of_the_store(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, diagnose: Diagnose
) -> None:
    monkeypatch.setattr(db.connect, "BUSY_SECONDS", 0.01)
    monkeypatch.setattr(db.writer, "_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(checks_of_faults, "LOCK_SECONDS", 0.01)
    toy.backend.change(paid=True)
    toy.queue(5)
    other = sqlite3.connect(toy.paths.store, isolation_level=None)
    async with toy.running() as engine:
        await eventually(lambda: toy.backend.asked)
        other.execute("PRAGMA busy_timeout = 30000")
        other.execute("BEGIN IMMEDIATE")
        await eventually(lambda: engine.trouble or engine.is_idle)
        if engine.trouble:  # else all was done before the lock was taken
            assert "locked" in engine.trouble
            assert "another program has held the store" in diagnose(toy.root)["lock"].found
        other.execute("COMMIT")
        await eventually(lambda: engine.is_idle)
    other.close()
    assert {job.state for job in toy.jobs()} == {"done"}
    assert len(toy.backend.asked) == len(set(toy.backend.asked)) == 15


@pytest.mark.parametrize("how", ["deleted", "folder deleted", "replaced"])
async def test_what_a_lost_store_held_is_saved(
    toy: Toy, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    toy.timings = EngineTimings(heartbeat=0.0)
    release = asyncio.Event()
    toy.backend.reply = lambda request, _context: _after(release, request.brief)
    toy.queue(2, overrides={"steps": 2})
    running = asyncio.create_task(toy.engine().run())
    await eventually(lambda: len(toy.backend.asked) == 2)
    if how == "deleted":
        for path in toy.paths.private.glob("safelight.db*"):
            path.unlink()
    elif how == "folder deleted":
        shutil.rmtree(toy.paths.private)
    else:
        toy.paths.store.unlink()
        toy.paths.store.write_bytes(b"")
    release.set()
    with caplog.at_level(logging.ERROR), pytest.raises(StoreGone, match="safelight-rescued"):
        await running
    saved = toy.root / "safelight-rescued.db"
    assert str(saved) in caplog.text
    assert saved.stat().st_mode & 0o077 == 0
    store = Store(saved)
    assert store.check() == []
    reader = store.reader()
    states = [row[0] for row in reader.execute("SELECT state FROM jobs")]
    done = reader.execute("SELECT count(*) FROM steps WHERE state = 'done'").fetchone()[0]
    reader.close()
    assert done >= 2  # the answers that came when the file was gone already
    assert set(states) <= {"queued", "done"}


async def _after(release: asyncio.Event, _brief: str) -> None:
    await release.wait()


async def test_a_rescued_store_takes_the_place_of_the_lost_one(toy: Toy) -> None:
    toy.timings = EngineTimings(heartbeat=0.0)
    toy.queue(3)
    engine = toy.engine()
    running = asyncio.create_task(engine.run())
    await eventually(lambda: len(toy.backend.asked) >= 3)
    for path in toy.paths.private.glob("safelight.db*"):
        path.unlink()
    with pytest.raises(StoreGone):
        await running
    (toy.root / "safelight-rescued.db").rename(toy.paths.store)
    toy.store = Store(toy.paths.store)
    await toy.run()
    assert {job.state for job in toy.jobs()} == {"done"}
    assert len(toy.backend.asked) == len(set(toy.backend.asked)) == 9  # nothing was made twice


def test_the_doctor_sees_a_store_that_was_replaced_under_an_engine(
    toy: Toy, diagnose: Diagnose
) -> None:
    with EngineLock(toy.paths.lock):
        found = diagnose(toy.root)["identity"]
    assert "the store was replaced" in found.found


@pytest.mark.parametrize("cut", [1, 5000, -1])
def test_a_torn_log_keeps_what_was_committed_before(tmp_path: Path, cut: int) -> None:
    """A crash of the machine leaves the last transaction half written, or as garbage."""
    store = make_store(tmp_path / "first")
    with store.intake() as write:
        for number in range(20):
            write(note(f"n{number:02}"))
        log = Path(f"{store.path}-wal")
        committed = log.stat().st_size
        write(lambda c: [note(f"n-last-{n}")(c) for n in range(50)])
        torn = tmp_path / "torn" / "safelight.db"
        torn.parent.mkdir()
        shutil.copy(store.path, torn)
        data = bytearray(log.read_bytes())
    if cut > 0:
        del data[committed + cut :]
    else:
        data[committed + 100 : committed + 200] = os.urandom(100)
    Path(f"{torn}-wal").write_bytes(data)
    found = Store(torn)
    assert noted(found) == [f"n{number:02}" for number in range(20)]
    assert found.check() == []
    with found.intake() as write:
        write(note("n-more"))
    assert "n-more" in noted(found)


def test_a_damaged_store_is_told_by_the_doctor(toy: Toy, diagnose: Diagnose) -> None:
    toy.queue(200)
    with toy.store.alone() as write:
        write(lambda c: None)
    data = bytearray(toy.paths.store.read_bytes())
    data[8192 : len(data) - 8192] = os.urandom(len(data) - 16384)
    toy.paths.store.write_bytes(data)
    found = diagnose(toy.root)["store"]
    assert "backup" in found.remedy


async def test_a_copy_without_its_log_is_told_by_its_files(
    toy: Toy, tmp_path: Path, diagnose: Diagnose
) -> None:
    async def keep(request: object, context: object) -> None:
        await context.keep(repr(request).encode())  # type: ignore[attr-defined]

    toy.backend.reply = keep
    toy.queue(3)
    with toy.store.alone() as write:
        write(lambda c: None)  # merges the log: what the copy has
    copy = tmp_path / "copy"
    reader = toy.store.reader()
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM jobs").fetchone()  # keeps the log from being merged
    await toy.run()
    shutil.copytree(toy.paths.private, copy / ".safelight")
    reader.close()
    for name in ("safelight.db-wal", "safelight.db-shm"):
        (copy / ".safelight" / name).unlink()
    found = diagnose(copy)["age"]
    assert "9 stored files are newer" in found.found
    assert "db backup" in found.remedy
    assert "age" not in diagnose(toy.root)


def test_the_doctor_names_a_network_file_system(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, diagnose: Diagnose
) -> None:
    monkeypatch.setattr(db.connect, "_file_system_magic", lambda _folder: 0x6969)
    with pytest.raises(StoreUnsafe, match="NFS"):
        Store(toy.paths.store)
    assert "network file system (NFS)" in diagnose(toy.root)["store"].found


def test_the_doctor_names_a_sqlite_that_is_too_old(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, diagnose: Diagnose
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 31, 1))
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.31.1")
    with pytest.raises(StoreError, match=r"3\.31\.1"):
        Store(toy.paths.store)
    assert "3.31.1" in diagnose(toy.root)["store"].found


async def test_ten_thousand_events_are_all_there_in_their_order(toy: Toy) -> None:
    """A second's worth at ten thousand a second, from a step that says what it does."""

    async def talk(_request: object, context: object) -> None:
        for number in range(10_000):
            context.progress(number / 10_000, f"turn {number}")  # type: ignore[attr-defined]

    toy.backend.reply = talk
    toy.queue(1, overrides={"steps": 1})
    await toy.run()
    assert toy.job().state == "done"
    assert toy.read(lambda c: c.execute("SELECT count(*) FROM progress").fetchone()[0]) == 0
    before = toy.read(lambda c: events_after(c, 0))
    assert len(before) < 50  # what passes is no history

    def say(text: str, connection: sqlite3.Connection) -> None:
        record_event(connection, "said", message=text)

    writer = toy.store.writer()
    said = [f"event {number}" for number in range(10_000)]
    await asyncio.gather(*(writer.write(partial(say, text)) for text in said))
    await writer.close()
    found = toy.read(lambda c: events_after(c, before[-1].id, limit=20_000))
    assert [event.message for event in found] == said
