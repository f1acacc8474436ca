"""Protocol of an object store, and the errors of one in words."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from engine.contract import Blocked, Retryable

CHUNK_BYTES = 1 << 20
"""Number of bytes of a file that is read or written at a time."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A file in an object store.

    Attributes:
        hash: SHA-256 that its name says.
        size: Its bytes.
        modified: Time at which it was written, with a zone; None if the store does not say.
    """

    hash: str
    size: int
    modified: datetime | None = None

    def is_older_than(self, seconds: float) -> bool:
        """Return whether it was written that long ago; False if that is not known."""
        if self.modified is None:
            return False
        return (datetime.now(UTC) - self.modified).total_seconds() > seconds


class ObjectMissing(Exception):
    """The object store has no file of a hash."""


class ObjectWrong(Exception):
    """The object store has other bytes than those that a hash names."""


class SourceDamaged(Exception):
    """The bytes of the file to be uploaded have another hash; nothing was stored."""


class Sink(Protocol):
    """Something that bytes are written into."""

    def write(self, data: bytes, /) -> object:
        """Write the next bytes."""
        ...


class DigestSink:
    """A sink that keeps nothing but the hash of what is written into it."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def begin(self) -> "DigestSink":
        """Forget what was written, for another try."""
        self._digest = hashlib.sha256()
        return self

    def write(self, data: bytes, /) -> int:
        """Take the next bytes."""
        self._digest.update(data)
        return len(data)

    def hexdigest(self) -> str:
        """Return the hash."""
        return self._digest.hexdigest()


class Remote(Protocol):
    """Files by the SHA-256 of their bytes in an object store.

    Its methods block, may be called from several threads, and raise `Retryable` for what may pass
    and `Blocked` with the reason `storage` for what somebody has to put right.

    Attributes:
        place: The store for people, as `s3://bucket/prefix`.
    """

    place: str

    def size_of(self, hash_: str) -> int | None:
        """Return the size of a file as the store has it; None if it has none."""
        ...

    def upload(self, hash_: str, path: Path) -> None:
        """Store a file; when it returns, the store has it whole and under its hash.

        Raises:
            SourceDamaged: The file has another hash.
            FileNotFoundError: There is no such file.
        """
        ...

    def download(self, hash_: str, target: Sink) -> None:
        """Write the bytes of a file into another one; the caller checks them.

        Raises:
            ObjectMissing: There is none.
        """
        ...

    def read(self, hash_: str, start: int, size: int) -> bytes:
        """Return a range of the bytes of a file; the caller checks them.

        Raises:
            ObjectMissing: There is none.
        """
        ...

    def remove(self, hashes: Iterable[str]) -> None:
        """Remove files; those that are not there are left out."""
        ...

    def set_aside(self, hash_: str) -> None:
        """Rename a file with wrong bytes, so that the right ones can be stored."""
        ...

    def objects(self) -> Iterator[StoredObject]:
        """Yield every file."""
        ...

    def tidy(self, older_than: float) -> int:
        """End uploads that were begun so many seconds ago and never finished; return how many."""
        ...

    def check(self) -> float | None:
        """Write, read and remove a small file; return by how many seconds our clock is ahead."""
        ...


def blocked(message: str, remedy: str) -> Blocked:
    """Return the error of a store that somebody has to put right."""
    return Blocked(message, reason="storage", remedy=remedy)


def retryable(
    message: str, *, slow_down: bool = False, retry_after: float | None = None
) -> Retryable:
    """Return the error of a store that may work in a moment.

    Args:
        message: What happened.
        slow_down: True if the store asks for fewer requests.
        retry_after: Seconds that it asks to wait.
    """
    return Retryable(
        message,
        retry_after=retry_after,
        pressure="overload" if slow_down else None,
        parks="storage",
        remedy="Uploads continue by themselves once it works; until then files wait here.",
    )
