"""Files in any other store that fsspec knows: Google's, Azure's, SFTP, another folder."""

import base64
import contextlib
import hashlib
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from engine.config.artifact_settings import ArtifactSettings
from engine.contract import StepError
from engine.runtime.objects.remote import (
    CHUNK_BYTES,
    ObjectMissing,
    ObjectWrong,
    Sink,
    SourceDamaged,
    StoredObject,
    blocked,
    retryable,
)
from engine.text.terminal import clean

_NEW = ".new-"
_WHOLE = frozenset({"gs", "gcs", "az", "abfs", "abfss", "memory"})
"""Schemes of stores in which a file appears at once and whole."""


class AnyRemote:
    """Files by content in a file system of fsspec.

    A file is written under a temporary name, compared with the store's checksum or read again, and
    renamed.

    Args:
        settings: The store.
        folder: Folder of the files below its URL.
    """

    def __init__(self, settings: ArtifactSettings, folder: str) -> None:
        self.place = settings.place
        scheme = urlsplit(settings.url).scheme
        self._is_whole = scheme in _WHOLE
        with self._explained():
            import fsspec

            self._fs, root = fsspec.url_to_fs(settings.url)
        self._is_local = scheme == "file"
        self._root = f"{root.rstrip('/')}/{folder}".rstrip("/")

    def _path(self, hash_: str) -> str:
        return f"{self._root}/{hash_[:2]}/{hash_[2:]}"

    def size_of(self, hash_: str) -> int | None:
        """Return the size of a file as the store has it; None if it has none."""
        try:
            with self._explained():
                self._fs.invalidate_cache()
                return int(self._fs.info(self._path(hash_))["size"])
        except ObjectMissing:
            return None

    def upload(self, hash_: str, path: Path) -> None:
        """Store a file; when it returns, the store has it whole and under its hash."""
        sha, md5, size = _digests(path)
        if sha != hash_:
            raise SourceDamaged
        if self.size_of(hash_) == size:
            return
        target = self._path(hash_)
        name = target if self._is_whole else f"{target}{_NEW}{uuid.uuid4().hex}"
        with self._explained():
            self._fs.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH120 - not ours
            self._fs.put_file(str(path), name)
        try:
            self._check(name, hash_, md5, size)
            if name != target:
                with self._explained():
                    self._rename(name, target)
        except BaseException:
            with contextlib.suppress(Exception):
                self._fs.rm_file(name)
            raise

    def _rename(self, name: str, target: str) -> None:
        if not self._is_local:
            self._fs.mv(name, target)
            return
        sync(Path(name))
        Path(name).replace(target)
        sync(Path(target).parent)

    def _check(self, name: str, hash_: str, md5: bytes, size: int) -> None:
        """Compare what was stored with what was sent.

        Raises:
            Retryable: It has other bytes.
        """
        with self._explained():
            self._fs.invalidate_cache()
            facts = self._fs.info(name)
        if int(facts["size"]) == size and _md5_of(facts) == md5:
            return
        digest = hashlib.sha256()
        for chunk in self._chunks(name):
            digest.update(chunk)
        if digest.hexdigest() != hash_:
            raise retryable(f"{self.place} has stored other bytes than it was sent.")

    def _chunks(self, name: str) -> Iterator[bytes]:
        with self._explained(), self._fs.open(name, "rb", block_size=CHUNK_BYTES) as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def download(self, hash_: str, target: Sink) -> None:
        """Write the bytes of a file into another one; the caller checks them."""
        for chunk in self._chunks(self._path(hash_)):
            target.write(chunk)

    def read(self, hash_: str, start: int, size: int) -> bytes:
        """Return a range of the bytes of a file; the caller checks them."""
        with self._explained():
            data: bytes = self._fs.cat_file(self._path(hash_), start=start, end=start + size)
        return data

    def remove(self, hashes: Iterable[str]) -> None:
        """Remove files; those that are not there are left out."""
        for hash_ in hashes:
            with contextlib.suppress(ObjectMissing), self._explained():
                self._fs.rm_file(self._path(hash_))

    def set_aside(self, hash_: str) -> None:
        """Rename a file with wrong bytes, so that the right ones can be stored."""
        with contextlib.suppress(ObjectMissing), self._explained():
            self._fs.mv(self._path(hash_), f"{self._path(hash_)}.damaged")

    def objects(self) -> Iterator[StoredObject]:
        """Yield every file."""
        with self._explained():
            self._fs.invalidate_cache()
            entries = self._fs.find(self._root, detail=True)
        for name, facts in entries.items():
            hash_ = "".join(name.rsplit("/", 2)[-2:])
            if len(hash_) == 64 and set(hash_) <= set("0123456789abcdef"):
                yield StoredObject(hash_, int(facts["size"]), _time_of(facts))

    def tidy(self, older_than: float) -> int:
        """Remove temporary files of uploads that were never finished; return how many."""
        if self._is_whole:
            return 0
        with self._explained():
            self._fs.invalidate_cache()
            entries = self._fs.find(self._root, detail=True)
        ended = 0
        for name, facts in entries.items():
            written = _time_of(facts)
            old = written and (datetime.now(UTC) - written).total_seconds() >= older_than
            if _NEW in name and old:
                with self._explained():
                    self._fs.rm_file(name)
                ended += 1
        return ended

    def check(self) -> float | None:
        """Write, read and remove a small file; the clock of such a store is not known."""
        name, data = f"{self._root}/check-{uuid.uuid4().hex}", uuid.uuid4().bytes
        with self._explained():
            self._fs.makedirs(self._root, exist_ok=True)
            self._fs.pipe_file(name, data)
            try:
                if self._fs.cat_file(name) != data:
                    raise ObjectWrong
            finally:
                self._fs.rm_file(name)
        return None

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Raise the errors of a store as ours."""
        try:
            yield
        except FileNotFoundError as error:
            raise ObjectMissing from error
        except ImportError as error:
            raise blocked(
                f"The package for {self.place} is not installed: {_words(error)}.",
                "Install the file system's package (gcsfs, adlfs, paramiko).",
            ) from error
        except PermissionError as error:
            raise blocked(
                f"{self.place} refuses: {_words(error)}.", "Check the credentials."
            ) from error
        except (StepError, ObjectMissing, ObjectWrong):
            raise
        except OSError as error:
            if error.errno in {28, 122}:  # ENOSPC, EDQUOT
                raise blocked(f"{self.place} is full.", "Make room there.") from error
            raise retryable(f"{self.place} failed: {_words(error)}.") from error
        except Exception as error:  # each file system has errors of its own
            raise retryable(f"{self.place} failed: {_words(error)}.") from error


def sync(path: Path) -> None:
    """Have a file or a folder of this machine on its disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _digests(path: Path) -> tuple[str, bytes, int]:
    sha, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            sha.update(chunk)
            md5.update(chunk)
            size += len(chunk)
    return sha.hexdigest(), md5.digest(), size


def _md5_of(facts: Mapping[str, Any]) -> bytes | None:
    """Return the MD5 that a store tells of a file; None if it tells none."""
    settings = facts.get("content_settings")
    value = facts.get("md5Hash") or (settings or {}).get("content_md5")
    try:
        return (
            base64.b64decode(value) if isinstance(value, str) else bytes(value) if value else None
        )
    except (TypeError, ValueError):
        return None


def _time_of(facts: Mapping[str, Any]) -> datetime | None:
    for name in ("mtime", "updated", "last_modified", "LastModified", "created"):
        value = facts.get(name)
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, str):
            with contextlib.suppress(ValueError):
                value = datetime.fromisoformat(value)
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=UTC)
    return None


def _words(error: Exception) -> str:
    return clean((str(error) or type(error).__name__).partition("\n")[0], 200).rstrip(".")
