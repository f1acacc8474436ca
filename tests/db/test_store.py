"""The three doors, versions of the schema, backups, and where a store may lie."""

import asyncio
import multiprocessing
import sqlite3
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations

import db.connect
import db.schema
import db.store
from db.errors import StoreError, StoreMissing, StoreTooNew, StoreUnsafe
from db.schema import SCHEMA_VERSION
from db.store import Store, has_wal_reset_bug
from tests.support.stores import add_batch, batch_row, make_store

FOR_USERS = db.connect.DURABILITY
"""As tests of anything else change it."""


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    reader = make_store(tmp_path).reader()
    with pytest.raises(sqlite3.OperationalError):
        reader.execute("INSERT INTO version_info VALUES ('n', '')")
    reader.close()


def test_a_reader_does_not_wait_for_whoever_writes(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    with store.intake() as write:

        def look(connection: sqlite3.Connection) -> int:
            connection.execute("INSERT INTO version_info VALUES ('n', '')")
            reader = store.reader()
            try:
                sql = "SELECT count(*) FROM version_info WHERE key = 'n'"
                return int(reader.execute(sql).fetchone()[0])
            finally:
                reader.close()

        assert write(look) == 0


def fill(number: int, connection: sqlite3.Connection) -> None:
    values = (f"n{number}", "x" * 200_000)
    connection.execute("INSERT INTO version_info VALUES (?, ?)", values)


def test_intake_never_checkpoints(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    holder = store.reader()  # so that closing the last connection does not merge the log
    holder.execute("SELECT count(*) FROM version_info").fetchone()
    wal = Path(f"{store.path}-wal")
    before = store.path.stat().st_mtime_ns
    with store.intake() as write:
        for number in range(30):
            write(partial(fill, number))
        assert write(lambda c: c.execute("PRAGMA wal_autocheckpoint").fetchone()[0]) == 0
    assert wal.stat().st_size > 1000 * 4096
    assert store.path.stat().st_mtime_ns == before
    holder.close()


def test_whoever_writes_is_durable_and_checks_references(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db.connect, "DURABILITY", FOR_USERS)
    store = make_store(tmp_path)
    for door in (store.intake, store.alone):
        with door() as write:
            assert write(lambda c: c.execute("PRAGMA synchronous").fetchone()[0]) == 2
            assert write(lambda c: c.execute("PRAGMA foreign_keys").fetchone()[0]) == 1
            assert write(lambda c: c.execute("PRAGMA journal_mode").fetchone()[0]) == "wal"


def test_an_intake_that_raises_leaves_nothing(tmp_path: Path) -> None:
    store = make_store(tmp_path)

    def change_mind(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO version_info VALUES ('n', '')")
        raise ValueError

    with store.intake() as write:
        with pytest.raises(ValueError):
            write(change_mind)
        sql = "SELECT count(*) FROM version_info WHERE key = 'n'"
        assert write(lambda c: c.execute(sql).fetchone()[0]) == 0


def test_a_store_that_is_not_there_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(StoreMissing, match="safelight init"):
        Store(tmp_path / "safelight.db")


def test_a_newer_store_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    connection = sqlite3.connect(store.path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    before = store.path.read_bytes()
    with pytest.raises(StoreTooNew, match="newer Safelight"):
        Store(store.path)
    assert store.path.read_bytes() == before


def newer_schema(monkeypatch: pytest.MonkeyPatch, fails: bool = False) -> None:
    def add_a_column(database: Database) -> None:
        database.execute("ALTER TABLE batches ADD COLUMN colour TEXT")
        if fails:
            raise sqlite3.OperationalError("in the middle of it")

    def and_another() -> Migrations:
        collected = migrations()
        collected(name="0002_colour")(add_a_column)
        return collected

    migrations = db.schema.migrations
    monkeypatch.setattr(db.schema, "migrations", and_another)
    monkeypatch.setattr(db.schema, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    monkeypatch.setattr(db.store, "SCHEMA_VERSION", SCHEMA_VERSION + 1)


def test_an_older_store_is_migrated_after_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store(tmp_path)
    batch_id = add_batch(store, ["a", "b"])
    newer_schema(monkeypatch)
    migrated = Store(store.path)
    reader = migrated.reader()
    assert reader.execute("SELECT colour FROM batches").fetchone()[0] is None
    assert batch_row(reader, batch_id).total == 2
    reader.close()
    copy = store.path.with_name(f"safelight-schema-{SCHEMA_VERSION}.db")
    kept = sqlite3.connect(copy)
    assert kept.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    assert kept.execute("SELECT count(*) FROM jobs").fetchone()[0] == 2
    kept.close()
    assert Store(store.path).check() == []


def test_a_migration_that_was_cut_off_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store(tmp_path)
    add_batch(store, ["a"])
    with monkeypatch.context() as broken:
        newer_schema(broken, fails=True)
        with pytest.raises(StoreError, match="cannot be brought up to date"):
            Store(store.path)
    assert Store(store.path).check() == []  # the older program still reads it
    newer_schema(monkeypatch)
    migrated = Store(store.path)
    assert len(list(store.path.parent.glob("safelight-schema-*.db"))) == 2
    assert migrated.check() == []


def test_a_file_that_is_no_database_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "safelight.db"
    path.write_text("Dear diary, " * 1000)
    with pytest.raises(StoreError, match="is not a Safelight store"):
        Store(path)
    assert path.read_text().startswith("Dear diary")


def test_a_store_that_was_made_and_never_filled_is_filled(tmp_path: Path) -> None:
    path = tmp_path / "safelight.db"
    path.touch()  # a process was killed between making the file and making the tables
    assert Store(path).check() == []


def make_at_once(path: Path, barrier: "multiprocessing.synchronize.Barrier") -> None:
    barrier.wait()
    Store.create(path, created_by="tests")


def test_two_processes_may_make_one_store_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    path = tmp_path / "private" / "safelight.db"
    makers = [context.Process(target=make_at_once, args=(path, barrier)) for _ in range(2)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join(60)
    assert [maker.exitcode for maker in makers] == [0, 0]
    assert Store(path).check() == []


def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db.connect, "_file_system_magic", lambda _folder: 0x6969)
    with pytest.raises(StoreUnsafe, match="NFS"):
        make_store(tmp_path)


def test_the_store_and_its_logs_are_their_owners_alone(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    reader = store.reader()
    with store.intake() as write:
        write(lambda c: c.execute("INSERT INTO version_info VALUES ('n', '')"))
        for name in ("", "-wal", "-shm"):
            mode = stat.S_IMODE(Path(f"{store.path}{name}").stat().st_mode)
            assert mode == 0o600, name
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700
    reader.close()


async def test_a_backup_is_whole_while_the_store_is_written(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    batch_id = add_batch(store, [f"k{number}" for number in range(500)])
    writer = store.writer()
    sql = "UPDATE batches SET name = name || 'x' WHERE id = ?"
    futures = [writer.write(lambda c: c.execute(sql, (batch_id,))) for _ in range(200)]
    target = tmp_path / "copies" / "backup.db"
    await asyncio.to_thread(store.backup, target)
    await asyncio.gather(*futures)
    await writer.close()
    copy = Store(target)
    assert copy.check() == []
    reader = copy.reader()
    assert batch_row(reader, batch_id).total == 500
    reader.close()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with pytest.raises(StoreError, match="already there"):
        store.backup(target)


def test_a_check_tells_what_is_damaged(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    add_batch(store, [f"k{number}" for number in range(500)])
    with store.alone():
        pass  # merges the log
    data = bytearray(store.path.read_bytes())
    data[20 * 4096 : 30 * 4096] = b"\xff" * (10 * 4096)
    store.path.write_bytes(data)
    assert store.check() != []


def test_a_check_tells_of_rows_that_name_others_that_are_not_there(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    connection = sqlite3.connect(store.path)
    connection.execute(
        "INSERT INTO decisions (job_id, key, value, author, created_at) VALUES (9, '', '', '', '')"
    )
    connection.commit()
    connection.close()
    assert store.check() == ["1 rows name others that are not there"]


def test_a_store_that_was_replaced_is_noticed(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    assert store.is_in_place()
    other = make_store(tmp_path / "other")
    other.path.replace(store.path)
    assert not store.is_in_place()
    store.path.unlink()
    assert not store.is_in_place()


@pytest.mark.parametrize(
    ("version", "has_it"),
    [
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 52, 0), False),
    ],
)
def test_releases_with_the_wal_reset_bug_are_known(version: tuple[int, ...], has_it: bool) -> None:
    assert has_wal_reset_bug(version) is has_it


def test_an_old_sqlite_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = make_store(tmp_path)
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))
    with pytest.raises(StoreError, match="newer"):
        Store(store.path)


def cut_off_in_a_journal(path: Path) -> None:
    """A store whose process was killed while it created the first tables: a hot journal."""
    writing = (
        "import os, sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('PRAGMA journal_mode = DELETE')\n"
        "connection.execute('PRAGMA cache_size = 1')\n"  # what is written goes into the file
        "connection.execute('CREATE TABLE first (x)')\n"
        "connection.execute('BEGIN')\n"
        "connection.executemany('INSERT INTO first VALUES (?)', [('x' * 3000,)] * 100)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    path.parent.mkdir(mode=0o700)
    subprocess.run([sys.executable, "-c", writing, str(path)], check=False)
    assert path.with_name(f"{path.name}-journal").stat().st_size


def test_a_store_whose_making_was_killed_is_rolled_back_and_opens(tmp_path: Path) -> None:
    path = tmp_path / "private" / "safelight.db"
    cut_off_in_a_journal(path)
    store = Store(path)
    assert store.check() == []
    reader = store.reader()
    assert reader.execute("SELECT count(*) FROM first").fetchone()[0] == 0
    reader.close()


def test_work_alone_waits_for_no_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db.store, "ALONE_SECONDS", 600.0)  # whoever waits hangs the test
    store = make_store(tmp_path)
    reader = store.reader()
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM batches").fetchone()
    with store.alone() as write:
        write(lambda c: c.execute("INSERT INTO version_info VALUES ('alone', '1')"))
    reader.close()
    again = store.reader()
    assert again.execute("SELECT 1 FROM version_info WHERE key = 'alone'").fetchone()
    again.close()
