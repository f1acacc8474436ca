"""A store that is absent, deleted, replaced, written or of another version is survived."""

import asyncio
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from db.connect import connect_reader
from db.schema import SCHEMA_VERSION
from db.store import Store
from engine.config.paths import WorkspacePaths
from engine.runtime.lock import EngineLock
from tests.support.stores import make_older_store
from tests.tui.settling import Gate
from tests.tui.support import Place, running, seen, shows, until
from tui.opening_store import open_store


async def test_a_store_that_comes_later_is_found(tmp_path) -> None:
    from tui.app import Dashboard

    async with running(Dashboard(tmp_path)) as pilot:
        await shows(pilot, "Nothing has been queued")
        Place(tmp_path).batch("late", ["one"])
        await shows(pilot, "b1 late")
        await until(pilot, lambda: pilot.app.trouble is None)


async def test_a_store_that_is_deleted_is_said_to_be_gone(place: Place) -> None:
    place.batch("evening", ["one"])
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "evening")
        shutil.rmtree(place.paths.private)
        await shows(pilot, "The store is gone", "evening")
        await pilot.press("p")
        await shows(pilot, "nothing was queued")


async def test_a_store_that_is_replaced_is_read_anew(place: Place, tmp_path) -> None:
    place.batch("old", ["one"])
    other = Place(tmp_path / "other")
    other.batch("new", ["one"])
    other.store.backup(tmp_path / "copy.db")
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "b1 old")
        for name in ("safelight.db-wal", "safelight.db-shm"):
            (place.paths.private / name).unlink(missing_ok=True)
        (tmp_path / "copy.db").replace(place.paths.store)
        await shows(pilot, "b1 new")


async def test_a_store_of_a_newer_version_is_refused(place: Place) -> None:
    connection = sqlite3.connect(place.paths.store)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "written by a newer Safelight", "Upgrade this one.")
        await every_list_says(pilot, "written by a newer Safelight")


async def every_list_says(pilot, sentence: str) -> None:
    """Table, sheet, queue and activity say why nothing is seen, in place of being empty."""
    app = pilot.app
    for key, name in (("1", ""), ("2", ""), ("3", "queue"), ("4", "activity")):
        await pilot.press(key)
        await until(pilot, lambda name=name: (name or "batches") == app.screen.WHERE)
        await until(pilot, lambda: sentence in body(app))
    await pilot.press("1")
    await until(pilot, lambda: app.screen.WHERE == "batches")


def body(app) -> str:
    """The screen below the notices, in one line; it never says that there is nothing."""
    text = " ".join(" ".join(seen(app).splitlines()[3:]).split())
    assert "No batches here" not in text
    assert "No events yet" not in text
    return text


@pytest.fixture
def older(tmp_path) -> WorkspacePaths:
    """A workspace whose store was written by the version before."""
    paths = WorkspacePaths(tmp_path / "older")
    paths.private.mkdir(parents=True, mode=0o700)
    make_older_store(paths.store, SCHEMA_VERSION).close()
    return paths


async def test_a_store_of_an_older_version_is_left_alone_by_a_watcher(
    older: WorkspacePaths,
) -> None:
    from tui.app import Dashboard

    async with running(Dashboard(older.root, read_only=True)) as pilot:
        await shows(pilot, "written by an older Safelight")
        await every_list_says(pilot, "up to date where it may be written: safelight status")
    assert user_version(older.store) == SCHEMA_VERSION - 1


async def test_a_store_of_an_older_version_is_brought_up_to_date(older: WorkspacePaths) -> None:
    from tui.app import Dashboard

    async with running(Dashboard(older.root)) as pilot:
        await shows(pilot, "Nothing has been queued")
        assert pilot.app.trouble is None
    assert user_version(older.store) == SCHEMA_VERSION
    copies = older.private.glob("safelight-schema-*.db")
    assert [user_version(path) for path in copies] == [SCHEMA_VERSION - 1]


async def test_a_store_of_an_older_version_is_left_to_its_engine(older: WorkspacePaths) -> None:
    from tui.app import Dashboard

    with EngineLock(older.lock):
        async with running(Dashboard(older.root)) as pilot:
            await shows(pilot, "written by an older Safelight")
            await every_list_says(pilot, "safelight engine restart")
    assert user_version(older.store) == SCHEMA_VERSION - 1


async def test_a_store_that_cannot_be_brought_up_to_date(
    older: WorkspacePaths, monkeypatch
) -> None:
    from tui.app import Dashboard

    def refuse(_path: str) -> None:
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr("db.store.migrate", refuse)
    async with running(Dashboard(older.root)) as pilot:
        await shows(pilot, "cannot be brought up to date")
        await every_list_says(pilot, "attempt to write a readonly database")


def user_version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


async def test_a_store_that_another_program_holds(place: Place, monkeypatch) -> None:
    monkeypatch.setattr("tui.opening_store.PATIENCE_SECONDS", 0.05)
    place.batch("evening", ["one"])
    holder = sqlite3.connect(place.paths.store, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    holder.execute("UPDATE jobs SET score = score")
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "Another program holds the store")
        await every_list_says(pilot, "lsof shows which one it is")
        holder.close()
        await shows(pilot, "b1 evening")
        await until(pilot, lambda: pilot.app.trouble is None)


async def test_nothing_is_said_to_be_missing_before_it_is_read(place: Place, monkeypatch) -> None:
    gate = Gate()

    def wait(path: Path) -> sqlite3.Connection:
        gate.wait()
        return connect_reader(path)

    monkeypatch.setattr("tui.opening_store.connect_reader", wait)
    place.batch("evening", ["one"])
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "[1 table]")
        assert "No batches here" not in seen(pilot.app)
        gate.open()
        await shows(pilot, "b1 evening")


@pytest.mark.parametrize(
    ("bytes_", "words"),
    [
        (b"not a database" * 99, "or is no store"),
        (b"", "The store is empty"),
    ],
    ids=["text", "empty"],
)
async def test_a_file_that_is_no_store(tmp_path, bytes_: bytes, words: str) -> None:
    from tui.app import Dashboard

    (tmp_path / ".safelight").mkdir()
    (tmp_path / ".safelight" / "safelight.db").write_bytes(bytes_)
    async with running(Dashboard(tmp_path)) as pilot:
        await shows(pilot, words)
        await every_list_says(pilot, "Restore a backup")


async def test_a_damaged_store(place: Place) -> None:
    place.batch("evening", ["one"])
    with place.paths.store.open("r+b") as file:
        file.truncate(6000)
    for name in ("safelight.db-wal", "safelight.db-shm"):
        (place.paths.private / name).unlink(missing_ok=True)
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "The store is damaged")
        await every_list_says(pilot, "Restore a backup")


async def test_a_store_whose_rows_cannot_be_read_is_not_opened_without_pause(
    place: Place, monkeypatch
) -> None:
    openings = []

    def count(*args, **options):
        openings.append(args)
        return open_store(*args, **options)

    def refuse(_connection: object) -> None:
        raise sqlite3.DatabaseError("a row is in pieces")

    place.batch("evening", ["one"])
    monkeypatch.setattr("tui.feed.open_store", count)
    monkeypatch.setattr("tui.feed.data_version", refuse)
    monkeypatch.setattr("tui.feed.CHECK_SECONDS", 60.0)
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "a row is in pieces")
        openings.clear()
        await asyncio.sleep(0.3)
        assert not openings


async def test_a_store_that_may_not_be_read(place: Place, monkeypatch) -> None:
    def refuse(_path: object) -> None:
        raise PermissionError(13, "Permission denied")

    place.batch("evening", ["one"])
    monkeypatch.setattr("tui.opening_store.connect_reader", refuse)
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "The store may not be opened")
        await every_list_says(pilot, "See who owns it")


@pytest.mark.slow
async def test_a_store_that_is_written_all_the_time(place: Place) -> None:
    place.batch("busy", [f"job-{n}" for n in range(50)])
    over = threading.Event()

    def write() -> None:
        store = Store(place.paths.store)
        with store.intake() as commit:
            while not over.wait(0.02):
                commit(lambda c: c.execute("UPDATE jobs SET score = abs(random()) % 100"))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        async with running(place.dashboard()) as pilot:
            await shows(pilot, "b1 busy")
            await pilot.press("enter")
            await until(pilot, lambda: pilot.app.screen.WHERE == "batch")
            await until(pilot, lambda: pilot.app.screen.rows.total == 50)
            await pilot.press("s", "w", "G", "g", "j")
            await until(pilot, lambda: pilot.app.screen.rows.cursor == 1)
    finally:
        over.set()
        writer.join()


async def test_nothing_is_held_open_between_reads(place: Place) -> None:
    place.batch("evening", ["one"])
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "evening")
        connection = sqlite3.connect(place.paths.store, timeout=5)
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        connection.close()
        assert busy == 0


async def test_a_store_that_may_only_be_read_says_so(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*given: object, **named: object) -> None:
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr("engine.client.workspace.Workspace.step_in", refuse)
    place.batch("evening", ["one"])
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "evening")
        await pilot.press("p")
        await shows(pilot, "You may read this workspace", "Nothing was queued.")
