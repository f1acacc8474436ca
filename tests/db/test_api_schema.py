"""Migration 11: a store of before gains callers, uploads and an id of its own."""

from pathlib import Path

from db.queries.callers import committed_by, stored_file, tokens, workspace_id
from db.rows import FileRow
from db.store import Store
from db.writes.callers import add_token, add_upload
from tests.support.stores import make_older_store


def test_a_store_of_before_takes_tokens_and_uploads(tmp_path: Path) -> None:
    path = tmp_path / "safelight.db"
    make_older_store(path, 11).close()
    store = Store(path)
    with store.intake() as write:
        token = {"name": "n", "kind": "opaque", "hash_": "h", "scopes": "read"}
        write(lambda c: add_token(c, **token, ceiling=5, expires_at=None))
        file = FileRow("a" * 64, "image", "image/png", 9, 1, 1, "{}")
        assert write(lambda c: add_upload(c, file, "t1"))
        assert not write(lambda c: add_upload(c, file, "t1"))
    reader = store.reader()
    assert [(row.name, row.ceiling, row.revoked_at) for row in tokens(reader)] == [("n", 5, None)]
    assert stored_file(reader, "a" * 64) == file
    assert committed_by(reader, "t1") == 0
    first = workspace_id(reader)
    reader.close()
    assert len(first) == 32
    with Store(path).reader() as again:
        assert workspace_id(again) == first
