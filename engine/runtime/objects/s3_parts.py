"""Uploads in parts: resumed after a kill, ended if nobody comes back to them."""

import base64
import contextlib
import hashlib
import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.runtime.objects.parts import PART_BYTES
from engine.runtime.objects.remote import ObjectMissing, SourceDamaged

_PARTS_OF_A_FILE = 4
"""Parts of one file that are under way at once."""

Call = Callable[..., Any]

_active: set[str] = set()
"""Uploads of this process, which nobody ends as abandoned."""


class PartsUpload:
    """Upload of one file in parts.

    Args:
        call: Calls an operation on the bucket.
        key: Name of the object.
        hash_: SHA-256 of the whole file.
        buffers: Limits the parts in memory, over all uploads.
    """

    def __init__(
        self, call: Call, key: str, hash_: str, buffers: threading.BoundedSemaphore
    ) -> None:
        self._call = call
        self._key = key
        self._hash = hash_
        self._buffers = buffers
        self._parts: list[dict[str, Any]] = []
        self._sums: list[bytes] = []
        self._tags: list[bytes] = []
        self._id, self._there = self._begin()
        _active.add(self._id)

    def _begin(self) -> tuple[str, dict[int, Mapping[str, Any]]]:
        """Return the upload that a killed process has left, with its parts; else a new one."""
        for upload_id in self._left():
            with contextlib.suppress(ObjectMissing):
                return upload_id, self._parts_of(upload_id)
        answer = self._call(
            "create_multipart_upload",
            Key=self._key,
            ChecksumAlgorithm="SHA256",
            Metadata={"sha256": self._hash},
        )
        return str(answer["UploadId"]), {}

    def _left(self) -> list[str]:
        answer = self._call("list_multipart_uploads", Prefix=self._key)
        uploads = [one for one in answer.get("Uploads", ()) if one["Key"] == self._key]
        return [one["UploadId"] for one in reversed(uploads) if one["UploadId"] not in _active]

    def _parts_of(self, upload_id: str) -> dict[int, Mapping[str, Any]]:
        parts: dict[int, Mapping[str, Any]] = {}
        marker: dict[str, int] = {}
        while True:
            page = self._call("list_parts", Key=self._key, UploadId=upload_id, **marker)
            parts.update({int(one["PartNumber"]): one for one in page.get("Parts", ())})
            if not page.get("IsTruncated"):
                return parts
            marker = {"PartNumberMarker": int(page["NextPartNumberMarker"])}

    def send(self, path: Path) -> None:
        """Send the parts that are missing.

        Raises:
            SourceDamaged: The file has another hash; the upload is ended.
        """
        digest = hashlib.sha256()
        waiting: deque[Future[dict[str, Any]]] = deque()
        try:
            with path.open("rb") as file, ThreadPoolExecutor(_PARTS_OF_A_FILE) as pool:
                while True:
                    self._buffers.acquire()
                    data = file.read(PART_BYTES)
                    if not data:
                        self._buffers.release()
                        break
                    digest.update(data)
                    self._sums.append(hashlib.sha256(data).digest())
                    waiting.append(pool.submit(self._send, len(self._sums), data, self._sums[-1]))
                    self._tags.append(hashlib.md5(data, usedforsecurity=False).digest())
                    while waiting and (len(waiting) >= _PARTS_OF_A_FILE or waiting[0].done()):
                        self._parts.append(waiting.popleft().result())
                self._parts += [one.result() for one in waiting]
        except BaseException:
            _active.discard(self._id)  # the next try resumes it
            raise
        if digest.hexdigest() != self._hash:
            self.abort()
            raise SourceDamaged

    def _send(self, number: int, data: bytes, digest: bytes) -> dict[str, Any]:
        try:
            sum_ = base64.b64encode(digest).decode()
            part = self._there.get(number)
            if part is None or not _is_of(part, sum_, data):
                part = self._call(
                    "upload_part",
                    Key=self._key,
                    UploadId=self._id,
                    PartNumber=number,
                    Body=data,
                    ChecksumSHA256=sum_,
                )
            return {"PartNumber": number, "ETag": part["ETag"], "ChecksumSHA256": sum_}
        finally:
            self._buffers.release()

    def complete(self, **condition: str) -> Any:
        """Make the object of the parts."""
        try:
            return self._call(
                "complete_multipart_upload",
                Key=self._key,
                UploadId=self._id,
                MultipartUpload={"Parts": self._parts},
                **condition,
            )
        finally:
            _active.discard(self._id)

    def is_what_was_sent(self, answer: Mapping[str, Any]) -> bool:
        """Return whether the server's checksum of the object is that of the parts."""
        count = len(self._sums)
        sum_ = base64.b64encode(hashlib.sha256(b"".join(self._sums)).digest()).decode()
        tag = hashlib.md5(b"".join(self._tags), usedforsecurity=False).hexdigest()
        sum_there = str(answer.get("ChecksumSHA256", ""))
        return sum_there in {sum_, f"{sum_}-{count}"} or (
            str(answer.get("ETag", "")).strip('"') == f"{tag}-{count}"
        )

    def abort(self) -> None:
        """End the upload; its parts are removed."""
        _active.discard(self._id)
        _abort(self._call, self._key, self._id)


def end_abandoned(call: Call, prefix: str, older_than: float) -> int:
    """End uploads below a prefix that were begun so many seconds ago; return how many."""
    ended, marker = 0, dict[str, str]()
    while True:
        page = call("list_multipart_uploads", Prefix=prefix, **marker)
        for one in page.get("Uploads", ()):
            age = (datetime.now(UTC) - one["Initiated"]).total_seconds()
            if age >= older_than and one["UploadId"] not in _active:
                _abort(call, one["Key"], one["UploadId"])
                ended += 1
        if not page.get("IsTruncated"):
            return ended
        marker = {
            "KeyMarker": page.get("NextKeyMarker", ""),
            "UploadIdMarker": page.get("NextUploadIdMarker", ""),
        }


def _abort(call: Call, key: str, upload_id: str) -> None:
    with contextlib.suppress(ObjectMissing):
        call("abort_multipart_upload", Key=key, UploadId=upload_id)


def _is_of(part: Mapping[str, Any], sum_: str, data: bytes) -> bool:
    """Return whether a part that is there has these bytes."""
    if int(part.get("Size", -1)) != len(data):
        return False
    if "ChecksumSHA256" in part:
        return bool(part["ChecksumSHA256"] == sum_)
    tag = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return str(part["ETag"]).strip('"') == tag
