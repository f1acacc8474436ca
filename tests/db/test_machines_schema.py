"""Migration 15: a store of before gains machines of model hosts; what was reported stays."""

from pathlib import Path

from db.queries.batches import hosts
from db.rows import HostRow
from db.store import Store
from db.writes.hosts import report_hosts
from tests.support.stores import make_older_store

AT = "2026-01-01T00:00:00.000000Z"


def test_a_store_of_before_keeps_its_hosts_and_takes_those_of_other_machines(
    tmp_path: Path,
) -> None:
    path = tmp_path / "safelight.db"
    older = make_older_store(path, 15)
    older.execute("INSERT INTO hosts (device, name, state, updated_at) VALUES ('cpu','','idle','')")
    older.close()
    store = Store(path)
    reader = store.reader()
    (before,) = hosts(reader)
    assert (before.device, before.machine, before.link, before.load) == ("cpu", "", "", None)
    far = HostRow(
        "gpu-a/cuda:0", "A GPU", 1, "idle", "", 9, 8, 7, "[]", 1, 2, 3, AT,
        "gpu-a", "lost", 1.5, 20.25, "Safelight 1", 99, 71, 5,
    )  # fmt: skip
    with store.intake() as write:
        write(lambda c: report_hosts(c, [far]))
    assert hosts(reader) == [far]
    reader.close()
