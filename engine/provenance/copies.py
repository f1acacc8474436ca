"""Signed copies: each is written once and kept, since a signature is another one each time.

A copy is named by the stored file that it is of, by its key, which is equal for equal content,
origin, certificate and settings, and by the SHA-256 of its own bytes. One that nothing links to
may be removed when there are too many; an empty file then keeps its name, so that what was written
elsewhere is known.
"""

import contextlib
import hashlib
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from db.no_links import make_folder
from engine.text.temporary_names import is_over, mark

_NEW = ".new-"
_NAME = re.compile(r"(?P<of>[0-9a-f]{62})\.(?P<key>[0-9a-f]{64})\.(?P<sha256>[0-9a-f]{64})")
_LOOK_SECONDS = 30.0
"""Between two looks at the size of all copies."""

IN_USE_SECONDS = 300.0
"""Time for which a copy is left alone after it was asked for: somebody is about to open it."""


@dataclass(frozen=True, slots=True)
class SignedCopy:
    """A signed copy of a stored file.

    Attributes:
        path: The file.
        sha256: SHA-256 of its bytes.
        is_there: False if its bytes were removed.
    """

    path: Path
    sha256: str
    is_there: bool


class SignedCopies:
    """The signed copies of a workspace.

    Args:
        folder: Their folder; created if needed, private to its owner.
        max_bytes: Bytes of copies that nothing links to, at most; the oldest are removed.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.folder = folder
        self._max_bytes = max_bytes
        self._looked = 0.0
        self._locks = [threading.Lock() for _ in range(64)]

    def find(self, artifact: str, key: str) -> SignedCopy | None:
        """Return the copy of a stored file with a key; None if there is none yet.

        Args:
            artifact: SHA-256 of the stored file.
            key: The key, 64 hexadecimal digits.
        """
        copies = list(self._of(artifact, key))
        if not copies:
            return None
        copy = max(copies, key=lambda one: (one.is_there, one.sha256))
        with contextlib.suppress(OSError):
            if copy.path.stat().st_nlink == 1:  # a linked file has the time of its output
                os.utime(copy.path)
        return copy

    def _of(self, artifact: str, key: str = "") -> Iterator[SignedCopy]:
        """Yield the copies of a stored file, those with a key or all."""
        folder = self._folder(artifact)
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                match = _NAME.fullmatch(entry.name)
                is_of = match and match["of"] == artifact[2:] and key in ("", match["key"])
                if match and is_of and entry.is_file(follow_symlinks=False):
                    size = entry.stat(follow_symlinks=False).st_size
                    yield SignedCopy(folder / entry.name, match["sha256"], size > 0)

    def remove_of(self, artifacts: Iterable[str]) -> None:
        """Remove the copies of stored files that are deleted, with their names."""
        for artifact in artifacts:
            for copy in self._of(artifact):
                copy.path.unlink(missing_ok=True)

    def make(self, artifact: str, key: str, write: Callable[[BinaryIO], None]) -> SignedCopy:
        """Return the copy of a stored file with a key, written if it is not there.

        Args:
            artifact: SHA-256 of the stored file.
            key: The key, 64 hexadecimal digits.
            write: Writes it to a new file, which can be read and sought.

        Raises:
            LinkFound: A folder on the way is a link.
            OSError: It cannot be written.
        """
        with self._locks[int(key[:2], 16) % len(self._locks)]:
            known = self.find(artifact, key)
            if known is not None and known.is_there:
                return known
            make_folder(self.folder, private=True)
            make_folder(self._folder(artifact), private=True)
            copy = self._write(artifact, key, write)
            if known is not None:  # only its name is left
                known.path.unlink(missing_ok=True)
        self._limit(keep=copy)
        return copy

    def _write(self, artifact: str, key: str, write: Callable[[BinaryIO], None]) -> SignedCopy:
        folder = self._folder(artifact)
        handle, name = tempfile.mkstemp(dir=folder, prefix=f"{_NEW}{mark()}-")
        try:
            with os.fdopen(handle, "w+b") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
                file.seek(0)
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            path = folder / f"{artifact[2:]}.{key}.{sha256}"
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
        return SignedCopy(path, sha256, is_there=True)

    def has_made(self, sha256: str) -> bool:
        """Return whether there is, or was, a copy with bytes of this hash."""
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            return False
        return next(self.folder.glob(f"[0-9a-f][0-9a-f]/*.{sha256}"), None) is not None

    def sweep(self) -> None:
        """Remove temporary files whose processes have ended."""
        for path in self.folder.glob(f"[0-9a-f][0-9a-f]/{_NEW}*"):
            if is_over(path.name[len(_NEW) :].rpartition("-")[0]):
                path.unlink(missing_ok=True)

    def _folder(self, artifact: str) -> Path:
        return self.folder / artifact[:2]

    def _limit(self, keep: SignedCopy) -> None:
        """Remove the bytes of the oldest copies that nothing links to, if there are too many."""
        if time.monotonic() - self._looked < _LOOK_SECONDS and self._max_bytes:
            return
        self._looked = time.monotonic()
        alone = [(path, status) for path, status in self._alone() if path != keep.path]
        total = sum(status.st_size for _, status in alone)
        in_use = time.time() - IN_USE_SECONDS
        for path, status in sorted(alone, key=lambda one: one[1].st_mtime_ns):
            if total <= self._max_bytes or status.st_mtime > in_use:
                return
            total -= status.st_size
            self._empty(path)

    def _alone(self) -> Iterator[tuple[Path, os.stat_result]]:
        for path in self.folder.glob("[0-9a-f][0-9a-f]/*"):
            with contextlib.suppress(OSError):
                status = path.lstat()
                if _NAME.fullmatch(path.name) and status.st_nlink == 1 and status.st_size:
                    yield path, status

    def _empty(self, path: Path) -> None:
        """Put an empty file in the place of a copy; who has opened or linked it keeps its bytes."""
        with contextlib.suppress(OSError):
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{_NEW}{mark()}-")
            os.close(handle)
            Path(name).replace(path)
