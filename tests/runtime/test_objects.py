"""Files in an object store: the promises of each kind, and what a server of S3 may do to them."""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from engine.config.artifact_settings import ArtifactSettings
from engine.contract import Blocked
from engine.runtime.artifacts import ArtifactStore, FileLost
from engine.runtime.objects import cached, trim
from engine.runtime.objects.cached import CachedArtifacts
from engine.runtime.objects.opening import remote_of
from engine.runtime.objects.parts import PART_BYTES
from tests.support.object_server import BUCKET, ENVIRONMENT, ObjectServer

Open = Callable[..., CachedArtifacts]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, server: ObjectServer) -> Iterator[None]:
    monkeypatch.setattr(cached, "WAIT_SECONDS", 0.001)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    yield
    server.calm()


@pytest.fixture
def s3(tmp_path: Path, server: ObjectServer) -> Open:
    """Opens files of a prefix of their own in the bucket."""

    def opened(
        folder: str = "cache", cache_bytes: int = 1 << 30, **settings: object
    ) -> CachedArtifacts:
        chosen = ArtifactSettings(
            url=f"s3://{BUCKET}/{tmp_path.name}", endpoint=server.endpoint, **settings
        )
        return CachedArtifacts(
            tmp_path / folder,
            lambda: remote_of(chosen, "files"),
            cache_bytes=cache_bytes,
        )

    return opened


@pytest.fixture(params=["folder", "memory", "file", "s3"])
def files(request: pytest.FixtureRequest, tmp_path: Path, s3: Open) -> ArtifactStore:
    """Files of each kind of store."""
    if request.param == "folder":
        return ArtifactStore(tmp_path / "cache")
    if request.param == "s3":
        return s3()
    url = {"memory": f"memory://x/{tmp_path.name}", "file": f"file://{tmp_path}/far"}[request.param]
    chosen = ArtifactSettings(url=url)
    return CachedArtifacts(
        tmp_path / "cache", lambda: remote_of(chosen, "files"), cache_bytes=1 << 30
    )


def is_far(files: ArtifactStore) -> bool:
    return isinstance(files, CachedArtifacts)


def gone_here(files: ArtifactStore, hash_: str) -> None:
    files.path(hash_).unlink()


def large(parts: int = 1) -> bytes:
    return os.urandom(1000) * (parts * PART_BYTES // 1000 + 1)


# -- the promises of every store ---------------------------------------------------------------


def test_what_was_settled_is_read_again(files: ArtifactStore, tmp_path: Path) -> None:
    small, big = b"small", large()
    hashes = [files.put(small), files.put_stream(open_bytes(tmp_path, big))[0]]
    files.settle()
    if is_far(files):
        for hash_ in hashes:
            gone_here(files, hash_)
    assert [files.read(hash_) for hash_ in hashes] == [small, big]
    with files.open(hashes[1]) as stream:
        assert stream.read() == big
    assert files.stored(hashes[0]).read_bytes() == small
    assert files.lost(hashes) == []


def open_bytes(folder: Path, data: bytes):
    path = folder / "source"
    path.write_bytes(data)
    return path.open("rb")


def test_equal_bytes_are_stored_once_and_removed_once(files: ArtifactStore) -> None:
    assert (
        files.put(b"the same") == files.put(b"the same") == hashlib.sha256(b"the same").hexdigest()
    )
    files.settle()
    files.settle()
    hash_ = files.put(b"the same")
    assert files.has(hash_)
    files.remove([hash_])
    assert not files.has(hash_)
    with pytest.raises(FileLost, match="gone"):
        files.read(hash_)
    assert files.put(b"the same") == hash_
    files.settle()
    assert files.read(hash_) == b"the same"


@pytest.mark.parametrize("how", ["changed", "cut"])
def test_wrong_bytes_are_never_given_out(files: ArtifactStore, how: str) -> None:
    hash_ = files.put(b"right bytes")
    files.settle()
    gone_here(files, hash_)
    wrong = b"wrong bytes" if how == "changed" else b"right"
    if isinstance(files, CachedArtifacts):
        spoil(files, hash_, wrong)
    else:
        files.path(hash_).write_bytes(wrong)
    for read in (files.read, files.open):
        with pytest.raises(FileLost, match="damaged"):
            read(hash_)
    assert files.lost([hash_]) == [hash_]
    assert files.put(b"right bytes") == hash_  # a retry makes it again
    files.settle()
    if is_far(files):
        gone_here(files, hash_)
    assert files.read(hash_) == b"right bytes"


def spoil(files: CachedArtifacts, hash_: str, data: bytes) -> None:
    """Put other bytes in the place of a file, as a store may that has gone wrong."""
    remote: Any = files.remote
    if hasattr(remote, "_fs"):
        remote._fs.pipe_file(remote._path(hash_), data)
    else:
        remote._call("put_object", hash_, Body=data, Metadata={"sha256": hash_})


def test_a_file_that_is_damaged_here_alone_is_fetched_again(s3: Open) -> None:
    files = s3()
    hash_ = files.put(b"right bytes")
    files.settle()
    files.path(hash_).write_bytes(b"wrong bytes")
    assert files.read(hash_) == b"right bytes"
    files.path(hash_).write_bytes(b"wrong bytes")
    assert files.lost([hash_]) == []


# -- uploads -----------------------------------------------------------------------------------


def test_an_upload_that_was_cut_off_is_resumed_by_its_parts(s3: Open, server: ObjectServer) -> None:
    data, first = large(parts=2), s3()
    hash_ = first.put(data)
    refused = server.fault(method="PUT", match="partNumber=3", status=403, code="AccessDenied")
    with pytest.raises(Blocked, match="refuses the credentials"):
        first.settle()
    assert len(server.unfinished()) == 1
    server.calm()
    again = s3()
    again.put(data)
    again.settle()
    sent = {
        target.partition("partNumber=")[2][:1]
        for method, target in server.requests
        if method == "PUT"
    }
    assert sent == {"3"}
    assert refused.times < 1 << 30
    assert server.unfinished() == []
    gone_here(again, hash_)
    assert again.read(hash_) == data


def test_uploads_that_nobody_resumes_are_ended(s3: Open, server: ObjectServer) -> None:
    files = s3()
    files.put(large())
    server.fault(method="POST", match="uploadId", status=403, code="AccessDenied")
    with pytest.raises(Blocked):
        files.settle()
    server.calm()
    assert len(server.unfinished()) == 1
    other = s3("other")
    other.put(b"anything")
    other.settle()  # moto says that every upload was begun in 2010
    assert server.unfinished() == []


def test_bytes_that_change_on_their_way_are_sent_again(s3: Open, server: ObjectServer) -> None:
    files = s3()
    hash_ = files.put(b"sent twice")
    server.fault(method="PUT", status=400, code="BadDigest", times=2)
    files.settle()
    assert (
        server.client()
        .get_object(Bucket=BUCKET, Key=cast("Any", files.remote)._key(hash_))["Body"]
        .read()
        == b"sent twice"
    )


def test_a_damaged_file_is_not_uploaded(s3: Open, server: ObjectServer) -> None:
    files = s3()
    hash_ = files.put(b"right bytes")
    files.path(hash_).write_bytes(b"wrong bytes")
    with pytest.raises(FileLost, match="damaged"):
        files.settle()
    assert [one for one in server.requests if one[0] == "PUT"] == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 507, "code": "QuotaExceeded"}, "takes no more files"),
        ({"status": 403, "code": "AccessDenied"}, "refuses the credentials"),
        ({"status": 403, "code": "RequestTimeTooSkewed"}, "clock"),
        ({"status": 404, "code": "NoSuchBucket"}, "no bucket"),
        ({"status": 503, "code": "SlowDown"}, "fewer requests"),
        ({"status": 500, "code": "InternalError"}, "failed: InternalError"),
        ({"status": 301, "code": "PermanentRedirect"}, "refuses: "),
    ],
)
def test_what_a_server_refuses_is_said_in_words(
    s3: Open, server: ObjectServer, fault: dict, words: str
) -> None:
    files = s3()
    hash_ = files.put(b"kept here meanwhile")
    server.fault(method="PUT", **fault)
    with pytest.raises(Blocked, match=words) as caught:
        files.settle()
    assert caught.value.reason == "storage"
    assert caught.value.remedy
    server.calm()
    files.settle()
    assert files.remote.size_of(hash_) == len(b"kept here meanwhile")


def test_no_credentials_and_no_server_are_said_in_words(
    s3: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    files = s3()
    files.put(b"x")
    with pytest.raises(Blocked, match="no credentials"):
        files.settle()
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    nobody = remote_of(
        ArtifactSettings(url="s3://bucket/x", endpoint="http://127.0.0.1:1", timeout_seconds=1), ""
    )
    with pytest.raises(Exception, match="cannot be reached"):
        nobody.size_of("0" * 64)


def test_a_server_without_conditions_and_checksums_is_used_too(
    s3: Open, server: ObjectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = s3()
    monkeypatch.setattr("engine.runtime.objects.s3._tag", lambda _answer: "another")
    server.fault(method="PUT", status=501, code="NotImplemented", times=1)
    hash_ = files.put(b"read back")
    files.settle()
    gone_here(files, hash_)
    assert files.read(hash_) == b"read back"


# -- downloads ---------------------------------------------------------------------------------


def test_a_download_that_breaks_off_continues(s3: Open, server: ObjectServer) -> None:
    data, files = large(), s3()
    hash_ = files.put(data)
    files.settle()
    gone_here(files, hash_)
    server.requests.clear()
    server.fault(method="GET", cut=3 << 20, times=2)
    assert files.read(hash_) == data
    assert len([one for one in server.requests if one[0] == "GET"]) == 3


def test_bytes_that_change_on_their_way_back_are_not_kept(s3: Open, server: ObjectServer) -> None:
    files = s3()
    hash_ = files.put(b"right bytes")
    files.settle()
    gone_here(files, hash_)
    server.fault(method="GET", damage=True)
    with pytest.raises(FileLost, match="damaged"):
        files.read(hash_)
    assert not files.path(hash_).exists()
    server.calm()
    assert files.read(hash_) == b"right bytes"


def test_many_readers_fetch_a_file_once(s3: Open, server: ObjectServer) -> None:
    files = s3()
    hash_ = files.put(b"asked for by many")
    files.settle()
    gone_here(files, hash_)
    server.requests.clear()
    server.fault(method="GET", delay=0.05)
    readers = [threading.Thread(target=files.read, args=(hash_,)) for _ in range(8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert len([one for one in server.requests if one[0] == "GET"]) == 1


def test_a_range_is_read_and_checked_without_the_rest(s3: Open, server: ObjectServer) -> None:
    data, files = large(parts=2), s3()
    hash_ = files.put(data)
    files.settle()
    gone_here(files, hash_)
    server.requests.clear()
    start, end = PART_BYTES - 10, 2 * PART_BYTES - 20
    assert files.size_in_parts(hash_) == len(data)
    assert b"".join(files.read_range(hash_, start, end)) == data[start:end]
    assert len([one for one in server.requests if one[0] == "GET"]) == 2
    assert not files.path(hash_).exists()
    server.fault(method="GET", damage=True)
    with pytest.raises(FileLost, match="damaged"):
        next(files.read_range(hash_, 0, 5))


# -- the cache ---------------------------------------------------------------------------------


def test_the_cache_keeps_its_size_and_what_is_nowhere_else(
    s3: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trim, "USED_SECONDS", -1.0)
    files = s3()
    files._trimmer._limit = 100_000
    monkeypatch.setattr(files._trimmer, "added", lambda _size: None)
    hashes = [files.put(bytes([number]) * 20_000) for number in range(8)]
    files.ensure_all(hashes[:6])
    for age, hash_ in enumerate(reversed(hashes)):
        os.utime(files.path(hash_), (1e9 - age, 1e9 - age))
    files.trim()
    here = [files.path(hash_).exists() for hash_ in hashes]
    assert here == [False] * 4 + [True] * 4  # the oldest are gone, and 6 and 7 are nowhere else
    for age, hash_ in enumerate(hashes):
        if files.path(hash_).exists():
            os.utime(files.path(hash_), (1e9 - age, 1e9 - age))
    assert files.read(hashes[0]) == bytes([0]) * 20_000
    files.trim()
    assert files.path(hashes[0]).exists()
    assert files.path(hashes[7]).exists()


def test_a_file_that_was_just_used_stays(s3: Open) -> None:
    files = s3(cache_bytes=10)
    hash_ = files.put(b"longer than the cache")
    files.settle()
    files.trim()
    assert files.path(hash_).exists()


def test_files_under_a_shared_prefix_are_not_removed(s3: Open) -> None:
    files = s3()
    files.owns = False
    hash_ = files.put(b"another workspace may name it")
    files.settle()
    files.remove([hash_])
    assert files.read(hash_) == b"another workspace may name it"


def test_the_check_is_a_round_trip_and_knows_the_clock(s3: Open, server: ObjectServer) -> None:
    ahead = s3().remote.check()
    assert ahead is not None
    assert abs(ahead) < 60
    assert [one for one in server.objects() if "check-" in one] == []
