"""A store that is absent, deleted, replaced, written or of another version is survived."""

import shutil
import sqlite3
import threading

import pytest

from db.store import Store
from tests.tui.support import Place, running, seen, shows, until


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
        assert "No batches here" not in seen(pilot.app)


async def test_a_file_that_is_no_store(tmp_path) -> None:
    from tui.app import Dashboard

    (tmp_path / ".safelight").mkdir()
    (tmp_path / ".safelight" / "safelight.db").write_bytes(b"not a database" * 1000)
    async with running(Dashboard(tmp_path)) as pilot:
        await shows(pilot, "The store cannot be read at the moment")
        assert pilot.app.is_running


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
