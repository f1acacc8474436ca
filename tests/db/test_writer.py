"""The writer door: group commit, neighbours, a full disk, a locked store, order."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

import db.connect
import db.writer
from db.store import Store
from db.writer import StoreWriter
from tests.support.stores import make_store

PATIENCE = 30.0


def note(key: str, value: str = "") -> "db.writer.Operation[None]":
    def operation(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO version_info VALUES (?, ?)", (key, value))

    return operation


def noted(store: Store) -> list[str]:
    reader = store.reader()
    try:
        sql = "SELECT key FROM version_info WHERE key LIKE 'n%' ORDER BY key"
        return [row[0] for row in reader.execute(sql)]
    finally:
        reader.close()


async def test_an_operation_that_raises_does_not_harm_its_neighbours(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    writer = store.writer()

    def half_done(connection: sqlite3.Connection) -> None:
        note("n-half")(connection)
        raise ValueError("changed its mind")

    futures = [writer.write(op) for op in (note("n1"), half_done, note("n1"), note("n2"))]
    found = await asyncio.gather(*futures, return_exceptions=True)
    assert found[0] is None
    assert isinstance(found[1], ValueError)
    assert isinstance(found[2], sqlite3.IntegrityError)
    assert found[3] is None
    assert noted(store) == ["n1", "n2"]
    await writer.close()


async def test_operations_are_carried_out_in_the_order_they_came(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    writer, seen = store.writer(), list[int]()

    def note_number(number: int) -> int:
        seen.append(number)
        return number

    async def one(number: int) -> int:
        return await writer.write(lambda _c: note_number(number))

    answers = await asyncio.gather(*(one(number) for number in range(5000)))
    assert answers == seen == list(range(5000))
    await writer.close()


async def test_what_waits_goes_into_one_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store(tmp_path)
    sizes: list[int] = []
    commit = StoreWriter._commit

    def counted(self: StoreWriter, items: list[db.writer._Item]) -> None:
        sizes.append(len(items))
        commit(self, items)

    monkeypatch.setattr(StoreWriter, "_commit", counted)
    writer = store.writer()
    await asyncio.gather(*(writer.write(note(f"n{n}")) for n in range(500)))
    await writer.close()
    assert sum(sizes) == 500
    assert len(sizes) < 100


async def test_a_result_is_there_only_once_it_is_committed(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    writer = store.writer()
    for number in range(50):
        await writer.write(note(f"n{number:02}"))
        assert noted(store)[-1] == f"n{number:02}"
    await writer.close()


async def test_a_full_disk_keeps_results_in_memory_until_there_is_room(tmp_path: Path) -> None:
    store, said = make_store(tmp_path), list[str | None]()
    writer = store.writer(said.append)
    pages = await writer.write(lambda c: int(c.execute("PRAGMA page_count").fetchone()[0]))
    await writer.write(lambda c: c.execute(f"PRAGMA max_page_count = {pages}").fetchone())
    small = writer.write(note("n-small"))
    big = writer.write(note("n-big", "x" * 200_000))
    late = writer.write(note("n-late"))
    async with asyncio.timeout(PATIENCE):
        while not said:
            await asyncio.sleep(0.01)
    assert said[0] is not None
    assert "full" in said[0]
    assert not big.done()
    writer._connection.execute("PRAGMA max_page_count = 1000000")  # room is made
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(small, big, late)
        while said[-1] is not None:
            await asyncio.sleep(0.01)
    assert noted(store) == ["n-big", "n-late", "n-small"]
    await writer.close()
    assert store.check() == []


async def test_a_full_disk_does_not_keep_a_writer_that_is_told_to_end(tmp_path: Path) -> None:
    store, said = make_store(tmp_path), list[str | None]()
    writer = store.writer(said.append)
    pages = await writer.write(lambda c: int(c.execute("PRAGMA page_count").fetchone()[0]))
    await writer.write(lambda c: c.execute(f"PRAGMA max_page_count = {pages}").fetchone())
    big = writer.write(note("n-big", "x" * 200_000))
    async with asyncio.timeout(PATIENCE):
        while not said:
            await asyncio.sleep(0.01)
        await writer.close(patience=0)
        with pytest.raises(sqlite3.OperationalError, match="full"):
            await big
    assert noted(store) == []


async def test_a_store_that_another_program_holds_is_written_when_it_lets_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db.connect, "BUSY_SECONDS", 0.01)
    store, said = make_store(tmp_path), list[str | None]()
    writer = store.writer(said.append)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    future = writer.write(note("n1"))
    async with asyncio.timeout(PATIENCE):
        while not said:
            await asyncio.sleep(0.01)
        assert not future.done()
        other.execute("COMMIT")
        other.close()
        await future
    assert noted(store) == ["n1"]
    await writer.close()


async def test_an_error_that_sqlite_did_not_raise_does_not_end_the_writer(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    writer = store.writer()

    def odd(_connection: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("made by hand, without a code")

    with pytest.raises(sqlite3.OperationalError):
        await writer.write(odd)
    with pytest.raises(UnicodeEncodeError):
        await writer.write(note("n-half", "\udcff"))
    await writer.write(note("n1"))
    assert noted(store) == ["n1"]
    await writer.close()


async def test_what_is_queued_at_the_end_is_committed_and_what_comes_later_is_told(
    tmp_path: Path,
) -> None:
    store = make_store(tmp_path)
    writer = store.writer()
    futures = [writer.write(note(f"n{number}")) for number in range(9)]
    await writer.close()
    late = writer.write(note("n-late"))
    assert late.cancelled()
    assert all(future.done() for future in futures)
    assert noted(store) == [f"n{number}" for number in range(9)]
    wal = Path(f"{store.path}-wal")
    assert not wal.exists() or wal.stat().st_size == 0  # the log was merged
