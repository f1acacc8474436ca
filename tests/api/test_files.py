"""Stored files over the wire: ranges, thumbnails, uploads, and types that cannot act."""

import errno
import hashlib
import io
import os

import pytest
from PIL import Image
from starlette.testclient import TestClient

from engine.api import artifacts
from engine.config.paths import WorkspacePaths
from tests.api.conftest import problem

IMMUTABLE = "private, max-age=31536000, immutable"


def png(side: int = 64) -> bytes:
    data = io.BytesIO()
    Image.effect_noise((side, side), 80).convert("RGB").save(data, "PNG")
    return data.getvalue()


def test_an_upload_is_there_once(client: TestClient) -> None:
    data = png()
    hash_ = hashlib.sha256(data).hexdigest()
    first = client.post("/v1/artifacts", content=data, params={"sha256": hash_})
    assert (first.status_code, first.headers["location"]) == (201, f"/v1/artifacts/{hash_}")
    document = first.json()
    assert (document["kind"], document["media_type"], document["width"]) == (
        "image",
        "image/png",
        64,
    )
    assert client.post("/v1/artifacts", content=data).status_code == 200
    read = client.get(first.headers["location"])
    assert (read.content, read.headers["content-type"]) == (data, "image/png")
    assert read.headers["cache-control"] == IMMUTABLE
    assert "sandbox" in read.headers["content-security-policy"]
    assert "default-src 'none'" in read.headers["content-security-policy"]
    assert "content-disposition" not in read.headers


def test_a_hash_is_checked_and_never_trusted(client: TestClient, workspace) -> None:
    other = client.post("/v1/artifacts", content=b"x", params={"sha256": "0" * 64})
    problem(other, 409, "hash-mismatch")
    problem(client.post("/v1/artifacts", content=b""), 422, "empty")
    problem(client.get(f"/v1/artifacts/{hashlib.sha256(b'x').hexdigest()}"), 404, "not-found")
    assert not list(workspace.paths.artifacts.rglob(".new-*"))


def test_an_upload_is_counted_while_it_comes_in(client: TestClient, workspace) -> None:
    workspace.settings.api.max_upload_mb = 0.001
    problem(client.post("/v1/artifacts", content=b"x" * 2000), 413, "too-large")

    def pieces():
        for _ in range(2000):
            yield b"x"

    problem(client.post("/v1/artifacts", content=pieces()), 413, "too-large")
    assert not list(workspace.paths.artifacts.rglob(".new-*"))


def test_a_body_is_counted_while_it_comes_in(client: TestClient, workspace) -> None:
    workspace.settings.api.max_body_mb = 0.0001
    json = {"Content-Type": "application/json"}
    problem(client.post("/v1/batches", content=b" " * 200, headers=json), 413, "too-large")
    streamed = client.post("/v1/batches", content=iter([b" " * 50] * 5), headers=json)
    problem(streamed, 413, "too-large")


@pytest.mark.parametrize(
    "content",
    [
        b"<!doctype html><script>alert(1)</script>",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"%PDF-1.4 ...",
        b"\x00\x01\x02\x03",
    ],
)
def test_bytes_that_could_act_are_saved_and_not_shown(client: TestClient, content) -> None:
    name = client.post("/v1/artifacts", content=content).headers["location"]
    read = client.get(name)
    assert read.headers["content-type"].partition(";")[0] in {
        "application/octet-stream",
        "text/plain",
    }
    assert read.headers["x-content-type-options"] == "nosniff"
    if not read.headers["content-type"].startswith("text/plain"):
        assert read.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("range_", "status", "expected"),
    [
        ("bytes=0-3", 206, slice(0, 4)),
        ("bytes=-4", 206, slice(-4, None)),
        ("bytes=5-", 206, slice(5, None)),
        ("bytes=99999-", 416, None),
        ("lines=1-2", 200, slice(None)),
    ],
)
def test_ranges(client: TestClient, range_, status, expected) -> None:
    data = png()
    name = client.post("/v1/artifacts", content=data).headers["location"]
    answer = client.get(name, headers={"Range": range_})
    if status == 416:
        problem(answer, 416, "range")
        assert answer.headers["content-range"] == f"bytes */{len(data)}"
        return
    assert (answer.status_code, answer.content) == (status, data[expected])


def test_a_file_that_the_caller_has_is_304(client: TestClient) -> None:
    name = client.post("/v1/artifacts", content=png()).headers["location"]
    tag = client.get(name).headers["etag"]
    assert tag == f'"{name.rpartition("/")[2]}"'
    again = client.get(name, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    head = client.head(name)
    assert (head.status_code, head.content) == (200, b"")
    half = client.get(name, headers={"Range": "bytes=0-1", "If-Range": '"other"'})
    assert half.status_code == 200


def test_thumbnails(client: TestClient) -> None:
    small = client.post("/v1/artifacts", content=png(64)).headers["location"]
    large = client.post("/v1/artifacts", content=png(600)).headers["location"]
    assert client.get(f"{small}/thumbnail?size=96").headers["content-type"] == "image/png"
    for size in (96, 480):
        answer = client.get(f"{large}/thumbnail", params={"size": size})
        assert answer.headers["content-type"] == "image/webp"
        assert max(Image.open(io.BytesIO(answer.content)).size) == size
        tag = {"If-None-Match": answer.headers["etag"]}
        same = client.get(f"{large}/thumbnail", params={"size": size}, headers=tag)
        assert same.status_code == 304
    problem(client.get(f"{large}/thumbnail?size=100"), 400, "bad-query")
    text = client.post("/v1/artifacts", content=b"\x00\x01\x02").headers["location"]
    problem(client.get(f"{text}/thumbnail"), 404, "no-thumbnail")


def test_an_upload_is_kept_by_the_sweep_and_lost_files_are_said(client, workspace) -> None:
    from db.queries.history import is_named, named_hashes

    name = client.post("/v1/artifacts", content=png()).headers["location"]
    hash_ = name.rpartition("/")[2]
    with workspace.reading() as connection:
        assert is_named(connection, hash_)
        assert hash_ in dict(named_hashes(connection))
    workspace.artifacts.path(hash_).unlink()
    problem(client.get(name), 404, "file-gone")


def test_nothing_is_written_outside_the_workspace(client, workspace, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("TMPDIR", "/nowhere")
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    assert isinstance(workspace.paths, WorkspacePaths)
    answer = client.post("/v1/artifacts", content=b"y" * 3_000_000)
    assert answer.status_code == 201


def test_a_full_disk_is_507_and_its_answer_is_not_kept_for_the_key(client, monkeypatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    key = {"Idempotency-Key": "one"}
    with monkeypatch.context() as patch:
        patch.setattr(artifacts, "keep_upload", full)
        answer = client.post("/v1/artifacts", content=png(), headers=key)
        assert problem(answer, 507, "disk-full")["remedy"]
    assert client.post("/v1/artifacts", content=png(), headers=key).status_code == 201


def test_without_a_store_every_address_says_so(client, workspace) -> None:
    workspace.paths.store.rename(workspace.paths.store.with_name("away"))
    problem(client.get("/v1/batches"), 503, "not-ready")
    problem(client.post("/v1/artifacts", content=png()), 503, "not-ready")
    workspace.paths.store.with_name("away").rename(workspace.paths.store)
    assert client.get("/v1/batches").status_code == 200
