"""Stored files that are in an object store and not cached: whole, in ranges, and out of reach."""

import hashlib
import os
from typing import Any

import pytest
from starlette.testclient import TestClient

from engine.config.artifact_settings import ArtifactSettings
from engine.runtime.objects import cached
from engine.runtime.objects.cached import CachedArtifacts
from engine.runtime.objects.opening import remote_of
from engine.runtime.objects.parts import PART_BYTES
from engine.runtime.objects.remote import retryable
from tests.api.conftest import problem


@pytest.fixture
def files(workspace: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> CachedArtifacts:
    """The files of the workspace, in a store in this process."""
    monkeypatch.setattr(cached, "WAIT_SECONDS", 0.0)
    remote = remote_of(ArtifactSettings(url=f"memory://api/{tmp_path.name}"), "w")
    far = CachedArtifacts(workspace.paths.artifacts, lambda: remote, cache_bytes=1 << 30)
    workspace.__dict__["artifacts"] = far
    return far


def uploaded(client: TestClient, files: CachedArtifacts, data: bytes) -> str:
    """The address of a file that is in the store alone."""
    address = client.post("/v1/artifacts", content=data).headers["location"]
    files.path(hashlib.sha256(data).hexdigest()).unlink()
    return str(address)


def test_a_range_leaves_the_rest_where_it_is(client: TestClient, files: CachedArtifacts) -> None:
    data = os.urandom(PART_BYTES + 1000)
    address = uploaded(client, files, data)
    start = PART_BYTES - 5
    found = client.get(address, headers={"Range": f"bytes={start}-{start + 9}"})
    assert (found.status_code, found.content) == (206, data[start : start + 10])
    assert found.headers["content-range"] == f"bytes {start}-{start + 9}/{len(data)}"
    last = client.get(address, headers={"Range": "bytes=-7"})
    assert (last.status_code, last.content) == (206, data[-7:])
    assert not files.path(address[-64:]).exists()
    tag = found.headers["etag"]
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
    assert client.get(address).content == data
    assert files.path(address[-64:]).exists()
    beyond = client.get(address, headers={"Range": f"bytes={len(data)}-"})
    assert beyond.status_code == 416


def test_a_store_that_fails_is_a_problem_and_wrong_bytes_are_none(
    client: TestClient, files: CachedArtifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.urandom(PART_BYTES + 1000)
    address = uploaded(client, files, data)
    remote: Any = files.remote

    def fails(*_: object) -> bytes:
        raise retryable("The store sleeps.")

    with monkeypatch.context() as patched:
        patched.setattr(remote, "read", fails)
        patched.setattr(remote, "download", fails)
        for headers in ({}, {"Range": "bytes=0-9"}):
            answer = client.get(address, headers=headers)
            problem(answer, 503, "storage")
            assert answer.headers["retry-after"]
    remote._fs.pipe_file(remote._path(address[-64:]), bytes(len(data)))
    for headers in ({}, {"Range": "bytes=0-9"}):
        problem(client.get(address, headers=headers), 404, "file-gone")
