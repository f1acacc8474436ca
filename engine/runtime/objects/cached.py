"""Files that live in an object store, with a cache of them in a folder here.

A file is written here first, synced, and uploaded before a row names it. The folder holds what was
used lately, and everything that is not in the object store yet: before a file is removed here, the
object store is asked whether it has it.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, TypeVar

from db.errors import LinkFound
from db.no_links import make_folder, open_file
from engine.contract import Retryable, StepError
from engine.runtime.artifacts import (
    ArtifactStore,
    FileLost,
    Readable,
    damaged,
    gone,
    new_file,
    size_of,
    sync,
)
from engine.runtime.objects.parts import Parts, PartsWriter, WrongPart, read_range
from engine.runtime.objects.remote import DigestSink, ObjectMissing, Remote, SourceDamaged
from engine.runtime.objects.trim import Trimmer

T = TypeVar("T")

TRIES = 4
"""Times that a reader asks an object store that fails."""

WAIT_SECONDS = 0.25
"""Wait before a reader's second try; each further one is twice as long."""

TIDY_SECONDS = 6 * 3600.0
ABANDONED_SECONDS = 24 * 3600.0
"""Age at which an upload that was never finished is ended."""

MAX_KNOWN = 200_000
"""Files that are remembered as being in the object store."""


class CachedArtifacts(ArtifactStore):
    """Files by content in an object store, cached in a folder.

    Args:
        folder: The cache.
        connect: Returns the object store; called when it is first needed.
        cache_bytes: Size of the cache above which files are removed from it.
        uploads: Uploads at once of `settle`.
        before: Folder that holds files from before the cache was elsewhere.
        owns: False if other workspaces may name the same files, so that none is removed there.

    Attributes:
        owns: The same.
    """

    is_remote = True

    def __init__(
        self,
        folder: Path,
        connect: Callable[[], Remote],
        *,
        cache_bytes: int,
        uploads: int = 8,
        before: Path | None = None,
        owns: bool = True,
    ) -> None:
        super().__init__(folder)
        self._connect = connect
        self._remote: Remote | None = None
        self._uploads = uploads
        self.owns = owns
        self._before = before if before != folder else None
        self._lock = threading.Lock()
        self._fetching: dict[str, threading.Lock] = {}
        self._known: dict[str, None] = {}
        self._unsettled: dict[str, None] = {}
        self._tidy_at = 0.0
        self._trimmer = Trimmer(folder, cache_bytes, self._size_there)

    @property
    def remote(self) -> Remote:
        """The object store.

        Raises:
            Blocked: It cannot be used: not trusted, not installed, or wrong settings.
        """
        if self._remote is None:
            self._remote = self._connect()
        return self._remote

    def path(self, hash_: str) -> Path:
        """Return the path of the file of a hash here, cached or not."""
        path = super().path(hash_)
        if self._before is not None and size_of(path) is None:
            older = self._before / hash_[:2] / hash_[2:]
            if size_of(older) is not None:
                return older
        return path

    # -- writing ------------------------------------------------------------------------------

    def put(self, data: bytes) -> str:
        """Store bytes here durably and return their hash; `settle` uploads them."""
        self._make_root()
        hash_ = super().put(data)
        self._unsettled[hash_] = None
        return hash_

    def put_stream(self, source: Readable) -> tuple[str, int]:
        """Store a stream here durably; return its hash and its size in bytes."""
        self._make_root()
        hash_, size = super().put_stream(source)
        self._unsettled[hash_] = None
        return hash_, size

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield a private folder beside the cached files, removed at its end."""
        self._make_root()
        with super().scratch() as folder:
            yield folder

    def _make_root(self) -> None:
        """Create the folders above a cache that is outside the workspace."""
        if self._before is not None:
            self.folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)

    def is_durable(self, hash_: str) -> bool:
        """Return whether a file is known to be in the object store; nothing is asked."""
        return hash_ in self._known

    def ensure(self, hash_: str) -> None:
        """Upload a file unless the object store has it; it is durable when this returns.

        Raises:
            FileLost: It is not here, and not there, or damaged here.
            StepError: The object store failed.
        """
        if hash_ in self._known:
            return
        path = self.path(hash_)
        size = size_of(path)
        if size is None:
            if self.remote.size_of(hash_) is None:
                raise gone(hash_)
        else:
            self._upload(hash_, path, size)
        self._note(hash_)

    def _upload(self, hash_: str, path: Path, size: int) -> None:
        try:
            self.remote.upload(hash_, path)
        except SourceDamaged:
            self._set_aside(hash_)
            raise damaged(hash_) from None
        except FileNotFoundError:
            raise gone(hash_) from None
        Parts(self.folder, hash_).keep_of(path, size)
        self._trimmer.added(size)
        self._tidy()

    def _tidy(self) -> None:
        """End uploads that killed processes have left, at the first upload and then now and then.

        One that is resumed was begun lately; a day later nobody comes back to it.
        """
        moment = time.monotonic()
        with self._lock:
            is_due = moment >= self._tidy_at
            if is_due:
                self._tidy_at = moment + TIDY_SECONDS
        if is_due:
            with contextlib.suppress(StepError):  # it is tried again
                self.remote.tidy(ABANDONED_SECONDS)

    def _note(self, hash_: str) -> None:
        with self._lock:
            self._known[hash_] = None
            self._unsettled.pop(hash_, None)
            while len(self._known) > MAX_KNOWN:
                self._known.pop(next(iter(self._known)))

    def settle(self) -> None:
        """Upload all that was stored since the last time; it is durable when this returns.

        Raises:
            Blocked: The object store does not take it.
            FileLost: A file is gone or damaged here.
        """
        hashes = [hash_ for hash_ in list(self._unsettled) if hash_ not in self._known]
        self.ensure_all(hashes)
        for hash_ in hashes:
            self._unsettled.pop(hash_, None)

    def ensure_all(self, hashes: Iterable[str]) -> None:
        """Upload files side by side; errors as those of `settle`."""
        wanted = [hash_ for hash_ in dict.fromkeys(hashes) if hash_ not in self._known]
        if not wanted:
            return
        with ThreadPoolExecutor(min(self._uploads, len(wanted)), "uploads") as pool:
            for done in [pool.submit(patiently, self.ensure, hash_) for hash_ in wanted]:
                done.result()

    # -- reading ------------------------------------------------------------------------------

    def stored(self, hash_: str) -> Path:
        """Return the path of a file here, fetched first if need be.

        Raises:
            FileNotFoundError: The object store has none.
            FileLost: It has other bytes.
            Blocked: It cannot be reached.
        """
        path = self.path(hash_)
        if size_of(path) is not None:
            with contextlib.suppress(OSError):  # when it was last used
                os.utime(path, (time.time(), path.stat().st_mtime))
            return path
        with self._alone(hash_):
            if size_of(path) is None:
                self._fetch(hash_)
        return super().path(hash_)

    @contextlib.contextmanager
    def _alone(self, hash_: str) -> Iterator[None]:
        """Fetch a file once, however many ask for it."""
        with self._lock:
            lock = self._fetching.setdefault(hash_, threading.Lock())
        with lock:
            yield
        with self._lock:
            self._fetching.pop(hash_, None)

    def _fetch(self, hash_: str) -> None:
        try:
            patiently(self._download, hash_)
        except ObjectMissing:
            path = super().path(hash_)
            raise FileNotFoundError(2, f"{self.remote.place} has no such file", str(path)) from None

    def _download(self, hash_: str) -> None:
        """Fetch a file whole, check it, and put it in its place."""
        path = super().path(hash_)
        self._make_root()
        make_folder(self.folder)
        make_folder(path.parent)
        with new_file(path.parent) as (file, name):
            written = PartsWriter(file)
            self.remote.download(hash_, written)
            if written.hexdigest() != hash_:
                raise damaged(hash_)
            sync(file)
            name.replace(path)
        Parts(self.folder, hash_).keep(written.digests, written.size)
        self._note(hash_)
        self._trimmer.added(written.size)

    def read(self, hash_: str) -> bytes:
        """Return the bytes of a file; one that is damaged here alone is fetched again."""
        return self._healed(super().read, hash_)

    def open(self, hash_: str) -> BinaryIO:
        """Open a file, checked; one that is damaged here alone is fetched again."""
        return self._healed(super().open, hash_)

    def _healed(self, read: Callable[[str], T], hash_: str) -> T:
        was_here = super().has(hash_)
        try:
            return read(hash_)
        except FileLost:
            if not was_here or self._size_there(hash_) is None:
                raise
        self._set_aside(hash_)
        return read(hash_)

    def _opened(self, hash_: str) -> BinaryIO:
        try:
            return os.fdopen(open_file(self.stored(hash_), os.O_RDONLY), "rb")
        except (FileNotFoundError, LinkFound):
            raise gone(hash_) from None

    def size_in_parts(self, hash_: str) -> int | None:
        """Return the size of a large file whose parts can be read alone; None for any other."""
        parts = Parts(self.folder, hash_).read()
        return None if parts is None else parts[0]

    def read_range(self, hash_: str, start: int, end: int) -> Iterator[bytes]:
        """Yield a range of a large file from the object store, each part of it checked.

        Raises:
            FileLost: The object store has none, or other bytes.
            Blocked: It cannot be reached.
        """
        parts = Parts(self.folder, hash_).read()
        if parts is None:
            raise gone(hash_)
        try:
            yield from read_range(self._part, hash_, parts, start, end)
        except ObjectMissing:
            raise gone(hash_) from None
        except WrongPart:
            raise damaged(hash_) from None

    def _part(self, hash_: str, start: int, size: int) -> bytes:
        return patiently(lambda name: self.remote.read(name, start, size), hash_)

    def has(self, hash_: str) -> bool:
        """Return whether there is a file of a hash, here or in the object store."""
        return super().has(hash_) or self._size_there(hash_) is not None

    def _size_there(self, hash_: str) -> int | None:
        return patiently(self.remote.size_of, hash_)

    def lost(self, hashes: Iterable[str], *, deep: bool = True) -> list[str]:
        """Return those of some files that are gone or damaged; set damaged ones aside.

        One that is damaged here alone is fetched again; one that is damaged in the object store is
        renamed there.
        """
        return [hash_ for hash_ in hashes if self._is_lost(hash_, deep=deep)]

    def _is_lost(self, hash_: str, *, deep: bool) -> bool:
        if not deep and not super().has(hash_):
            return self._size_there(hash_) is None
        try:
            self.open(hash_).close()
        except FileLost:
            self._set_aside(hash_)
            self._forget(hash_)
            self.remote.set_aside(hash_)
            return True
        return False

    # -- removing -----------------------------------------------------------------------------

    def remove(self, hashes: Iterable[str]) -> None:
        """Remove files that nothing names, here and in the object store."""
        hashes = list(hashes)
        for hash_ in hashes:
            self._forget(hash_)
            Parts(self.folder, hash_).remove()
        if self.owns:
            self.remote.remove(hashes)
        super().remove(hashes)

    def _forget(self, hash_: str) -> None:
        self._known.pop(hash_, None)
        self._unsettled.pop(hash_, None)

    def is_whole_there(self, hash_: str) -> bool:
        """Return whether the object store has a file with its bytes; all of them are read."""
        sink = DigestSink()
        try:
            patiently(lambda name: self.remote.download(name, sink.begin()), hash_)
        except ObjectMissing:
            return False
        return sink.hexdigest() == hash_

    def unlimited(self) -> "CachedArtifacts":
        """Return the same files, with a cache in the workspace's folder that is never trimmed."""
        return CachedArtifacts(
            self._before or self.folder,
            lambda: self.remote,
            cache_bytes=1 << 62,
            before=self.folder,
            owns=self.owns,
        )

    def trim(self) -> int:
        """Remove what was used the longest ago until the cache has its size; return the bytes."""
        return self._trimmer.trim()


def patiently(action: Callable[[str], T], hash_: str) -> T:
    """Try an action again while the object store says that it may work in a moment.

    Raises:
        Blocked: It still fails.
    """
    for number in range(TRIES):
        try:
            return action(hash_)
        except Retryable as error:
            if number + 1 == TRIES:
                raise error.outlasted() from error
            time.sleep(max(WAIT_SECONDS * 2**number, min(error.retry_after or 0.0, 5.0)))
    raise AssertionError("the last try returns or raises")
