"""Hashes of the parts of large files, so that a range can be read and checked alone.

The hash of a file says nothing of a part of it. Those of its parts of 8 MiB are kept beside the
cached file, on this machine's disk: what an object store says of them is not believed.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from engine.runtime.artifacts import new_file, sync
from engine.runtime.objects.remote import CHUNK_BYTES

PART_BYTES = 8 << 20
"""Size of a part, sent and read alone; 10 000 parts, the most of S3, are 80 GiB."""

_MAX_BYTES = 8 << 20


class Parts:
    """The hashes of the parts of one file.

    Args:
        folder: Folder of the cache.
        hash_: The file.
    """

    def __init__(self, folder: Path, hash_: str) -> None:
        self._path = folder / hash_[:2] / f"{hash_[2:]}.parts"

    def keep_of(self, path: Path, size: int) -> None:
        """Keep those of a file that is here."""
        if size <= PART_BYTES or self._path.exists():
            return
        digests = []
        with path.open("rb") as file:
            while part := _digest_of(file):
                digests.append(part)
        self.keep(digests, size)

    def keep(self, digests: list[str], size: int) -> None:
        """Keep hashes; not for a file of one part. What cannot be kept is left out."""
        if size <= PART_BYTES:
            return
        text = json.dumps({"size": size, "part_bytes": PART_BYTES, "sha256": digests})
        with contextlib.suppress(OSError), new_file(self._path.parent) as (file, name):
            file.write(text.encode())
            sync(file)
            name.replace(self._path)

    def read(self) -> tuple[int, list[str]] | None:
        """Return the size of the file and the hashes of its parts; None if they are not known."""
        try:
            with self._path.open("rb") as file:
                data = json.loads(file.read(_MAX_BYTES))
            if data["part_bytes"] != PART_BYTES:
                return None
            return int(data["size"]), [str(one) for one in data["sha256"]]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def remove(self) -> None:
        """Forget them."""
        self._path.unlink(missing_ok=True)


class WrongPart(Exception):
    """A part of a file in the object store has other bytes."""


def read_range(
    read: Callable[[str, int, int], bytes],
    hash_: str,
    parts: tuple[int, list[str]],
    start: int,
    end: int,
) -> Iterator[bytes]:
    """Yield a range of a file from the object store, each part of it checked.

    Args:
        read: Reads so many bytes of a file from a place in it.
        hash_: The file.
        parts: Its size and the hashes of its parts.
        start: First byte.
        end: Byte after the last one.

    Raises:
        WrongPart: A part has other bytes; nothing of it is yielded.
    """
    size, digests = parts
    for number in range(start // PART_BYTES, -(-end // PART_BYTES)):
        first = number * PART_BYTES
        data = read(hash_, first, min(PART_BYTES, size - first))
        if hashlib.sha256(data).hexdigest() != digests[number]:
            raise WrongPart
        yield data[max(0, start - first) : end - first]


class PartsWriter:
    """A file that is hashed whole and in parts while it is written.

    Attributes:
        size: Bytes so far.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._whole = hashlib.sha256()
        self._part = hashlib.sha256()
        self._digests: list[str] = []
        self.size = 0

    def write(self, data: bytes) -> int:
        """Write the next bytes."""
        self._file.write(data)
        self._whole.update(data)
        view = memoryview(data)
        while view:
            room = PART_BYTES - self.size % PART_BYTES
            self._part.update(view[:room])
            self.size += len(view[:room])
            view = view[room:]
            if not self.size % PART_BYTES:
                self._end_part()
        return len(data)

    def _end_part(self) -> None:
        self._digests.append(self._part.hexdigest())
        self._part = hashlib.sha256()

    def hexdigest(self) -> str:
        """Return the hash of the whole."""
        return self._whole.hexdigest()

    @property
    def digests(self) -> list[str]:
        """The hashes of the parts."""
        if self.size % PART_BYTES:
            return [*self._digests, self._part.hexdigest()]
        return self._digests


def _digest_of(file: BinaryIO) -> str:
    """Return the hash of the next part; empty at the end."""
    digest, left = hashlib.sha256(), PART_BYTES
    while left and (chunk := file.read(min(CHUNK_BYTES, left))):
        digest.update(chunk)
        left -= len(chunk)
    return digest.hexdigest() if left < PART_BYTES else ""
