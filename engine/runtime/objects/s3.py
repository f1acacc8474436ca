"""Files in a bucket of S3, or of a server that speaks its protocol.

The client is botocore: it knows the parts of an upload, so that one of a killed process can be
resumed or ended, conditional writes, and every way in which AWS gives credentials.
"""

import base64
import contextlib
import functools
import hashlib
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from engine.config.artifact_settings import ArtifactSettings
from engine.runtime.objects import s3_errors
from engine.runtime.objects.parts import PART_BYTES
from engine.runtime.objects.remote import (
    CHUNK_BYTES,
    DigestSink,
    ObjectMissing,
    ObjectWrong,
    Sink,
    SourceDamaged,
    StoredObject,
    blocked,
    retryable,
)
from engine.runtime.objects.s3_parts import PartsUpload, end_abandoned
from engine.text.plural import pluralize

_RESUMES = 3
"""Times that a download which breaks off continues where it was."""

_REMOVED_AT_ONCE = 1000
"""Objects that one request removes; the protocol's limit."""

_OURS = "sha256"
"""Name of the metadata with the hash of a whole file."""


class S3Remote:
    """Files by content in a bucket.

    Args:
        settings: The bucket, the server and the limits.
        folder: Prefix of the names of the objects.
    """

    def __init__(self, settings: ArtifactSettings, folder: str) -> None:
        parts = urlsplit(settings.url)
        self.place = settings.place
        self._bucket = parts.netloc
        self._prefix = f"{folder}/" if folder else ""
        self._settings = settings
        self._lock = threading.Lock()
        self._conditional = True
        self._parts_at_once = threading.BoundedSemaphore(8)

    @functools.cached_property
    def _client(self) -> Any:
        with self._lock, s3_errors.explained(self.place):
            return _client_of(self._settings)

    def _key(self, hash_: str) -> str:
        return f"{self._prefix}{hash_[:2]}/{hash_[2:]}"

    def _call(self, operation: str, hash_: str = "", **arguments: Any) -> Any:
        """Call an operation of the client, on the object of a hash if one is given."""
        if hash_:
            arguments["Key"] = self._key(hash_)
        with s3_errors.explained(self.place):
            return getattr(self._client, operation)(Bucket=self._bucket, **arguments)

    # -- looking ------------------------------------------------------------------------------

    def size_of(self, hash_: str) -> int | None:
        """Return the size of a file as the store has it; None if it has none."""
        head = self._head(hash_)
        return int(head["ContentLength"]) if head else None

    def _head(self, hash_: str) -> Mapping[str, Any] | None:
        try:
            head: Mapping[str, Any] = self._call("head_object", hash_, ChecksumMode="ENABLED")
        except ObjectMissing:
            return None
        return head

    def objects(self) -> Iterator[StoredObject]:
        """Yield every file."""
        token: dict[str, str] = {}
        while True:
            page = self._call("list_objects_v2", Prefix=self._prefix, **token)
            for item in page.get("Contents", ()):
                hash_ = item["Key"].removeprefix(self._prefix).replace("/", "", 1)
                if len(hash_) == 64 and set(hash_) <= set("0123456789abcdef"):
                    yield StoredObject(hash_, int(item["Size"]), item.get("LastModified"))
            if not page.get("NextContinuationToken"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    # -- writing ------------------------------------------------------------------------------

    def upload(self, hash_: str, path: Path) -> None:
        """Store a file; when it returns, the store has it whole and under its hash."""
        size = path.stat().st_size
        if size > CHUNK_BYTES and self._has_whole(hash_, size):
            return
        if size <= PART_BYTES:
            self._put(hash_, path.read_bytes())
        else:
            self._put_parts(hash_, path, size)

    def _put(self, hash_: str, data: bytes) -> None:
        digest = hashlib.sha256(data).digest()
        if digest.hex() != hash_:
            raise SourceDamaged
        sum_ = base64.b64encode(digest).decode()
        fixed = {"Body": data, "ChecksumSHA256": sum_, "Metadata": {_OURS: hash_}}

        def put(**condition: str) -> Any:
            return self._call("put_object", hash_, **fixed, **condition)

        answer = self._unless_there(put, hash_, len(data))
        if answer is None or answer.get("ChecksumSHA256") == sum_:
            return
        if _tag(answer) != hashlib.md5(data, usedforsecurity=False).hexdigest():
            self._read_back(hash_)

    def _put_parts(self, hash_: str, path: Path, size: int) -> None:
        upload = PartsUpload(self._call, self._key(hash_), hash_, self._parts_at_once)
        upload.send(path)

        def complete(**condition: str) -> Any:
            return upload.complete(**condition)

        answer = self._unless_there(complete, hash_, size)
        if answer is None:
            upload.abort()
        elif not upload.is_what_was_sent(answer):
            self._read_back(hash_)

    def _unless_there(self, write: Any, hash_: str, size: int) -> Any:
        """Write an object only if there is none; return None if the right one is there."""
        if not self._conditional:
            return write()
        try:
            return write(IfNoneMatch="*")
        except Exception as error:
            code = s3_errors.code_of(error.__cause__)
            if code in s3_errors.NOT_CONDITIONAL:
                self._conditional = False
            elif code not in s3_errors.EXISTS:
                raise
            elif self._has_whole(hash_, size):
                return None
        return write()

    def _has_whole(self, hash_: str, size: int) -> bool:
        """Return whether the store has a file that we have written whole, with its size."""
        head = self._head(hash_)
        if head is None or int(head["ContentLength"]) != size:
            return False
        sum_ = base64.b64encode(bytes.fromhex(hash_)).decode()
        return hash_ == head.get("Metadata", {}).get(_OURS) or sum_ == head.get("ChecksumSHA256")

    def _read_back(self, hash_: str) -> None:
        """Check a file by reading it again, for a server that tells no checksum.

        Raises:
            Retryable: It has other bytes.
        """
        sink = DigestSink()
        self.download(hash_, sink)
        if sink.hexdigest() != hash_:
            self.remove([hash_])
            raise retryable(f"{self.place} has stored other bytes than it was sent.")

    def remove(self, hashes: Iterable[str]) -> None:
        """Remove files; those that are not there are left out."""
        rest = iter(hashes)
        while some := list(islice(rest, _REMOVED_AT_ONCE)):
            keys = [{"Key": self._key(hash_)} for hash_ in some]
            answer = self._call("delete_objects", Delete={"Objects": keys, "Quiet": True})
            if errors := answer.get("Errors"):
                code = str(errors[0].get("Code", ""))[:60]
                remedy = "The credentials need s3:DeleteObject there."
                files = pluralize(len(errors), "file")
                raise blocked(f"{self.place} does not remove {files}: {code}.", remedy)

    def set_aside(self, hash_: str) -> None:
        """Rename a file with wrong bytes, so that the right ones can be stored."""
        source = {"Bucket": self._bucket, "Key": self._key(hash_)}
        with contextlib.suppress(ObjectMissing):
            self._call("copy_object", CopySource=source, Key=f"{self._key(hash_)}.damaged")
            self._call("delete_object", hash_)

    def tidy(self, older_than: float) -> int:
        """End uploads that were begun so many seconds ago and never finished; return how many."""
        return end_abandoned(self._call, self._prefix, older_than)

    # -- reading ------------------------------------------------------------------------------

    def download(self, hash_: str, target: Sink) -> None:
        """Write the bytes of a file into another one; continue one that breaks off."""
        done, size, turns = 0, None, 0
        while size is None or done < size:
            rest = {"Range": f"bytes={done}-"} if done else {}
            answer = self._call("get_object", hash_, **rest)
            size = done + int(answer["ContentLength"]) if size is None else size
            before = done
            try:
                done += self._copy(answer["Body"], target)
            except _BrokenOff as error:
                done += error.copied
            turns = 0 if done > before + CHUNK_BYTES else turns + 1
            if done < size and turns > _RESUMES:
                raise retryable(f"{self.place} breaks a download off at {done} of {size} bytes.")

    def _copy(self, body: Any, target: Sink) -> int:
        copied = 0
        try:
            for chunk in body.iter_chunks(CHUNK_BYTES):
                target.write(chunk)
                copied += len(chunk)
        except OSError:
            raise  # our own disk
        except Exception as error:  # the client's own and urllib3's
            raise _BrokenOff(copied) from error
        finally:
            body.close()
        return copied

    def read(self, hash_: str, start: int, size: int) -> bytes:
        """Return a range of the bytes of a file."""
        answer = self._call("get_object", hash_, Range=f"bytes={start}-{start + size - 1}")
        try:
            data: bytes = answer["Body"].read()
        except Exception as error:
            raise retryable(f"{self.place} breaks a download off.") from error
        return data

    # -- checks -------------------------------------------------------------------------------

    def check(self) -> float | None:
        """Write, read and remove a small file; return by how many seconds our clock is ahead."""
        name, data = f"{self._prefix}check-{uuid.uuid4().hex}", uuid.uuid4().bytes
        answer = self._call("put_object", Key=name, Body=data)
        try:
            if self._call("get_object", Key=name)["Body"].read() != data:
                raise ObjectWrong
        finally:
            self._call("delete_object", Key=name)
        date = answer["ResponseMetadata"].get("HTTPHeaders", {}).get("date", "")
        try:
            return (datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()
        except (TypeError, ValueError):
            return None


class _BrokenOff(Exception):
    """A download has ended early; so many bytes were copied."""

    def __init__(self, copied: int) -> None:
        super().__init__()
        self.copied = copied


def _tag(answer: Mapping[str, Any]) -> str:
    return str(answer.get("ETag", "")).strip('"')


def _client_of(settings: ArtifactSettings) -> Any:
    """Return a client with the credentials of the process's environment or of its AWS profile."""
    from botocore.config import Config
    from botocore.session import Session

    session = Session()
    config = Config(
        connect_timeout=min(10.0, settings.timeout_seconds),
        read_timeout=settings.timeout_seconds,
        max_pool_connections=settings.uploads + 16,
        retries={"total_max_attempts": 1},
        # Checksums of our own are sent; a server that knows none is not asked for others.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path"} if settings.endpoint else None,
        user_agent_extra="safelight",
    )
    region = settings.region or session.get_config_variable("region") or "us-east-1"
    return session.create_client(
        "s3", region_name=region, endpoint_url=settings.endpoint or None, config=config
    )
