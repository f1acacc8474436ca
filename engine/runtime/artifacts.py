"""Files by content: written to a temporary file, synced, renamed; then a row may name them."""

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from db.errors import LinkFound
from db.no_links import make_folder, open_file
from engine.contract import Permanent
from engine.text.temporary_names import is_over, mark

CHUNK_BYTES = 1 << 20
"""Number of bytes of a file in memory at a time."""

_REMEDY = "Restore it from a backup, or retry the job to make it again."

_NEW = ".new-"
"""Prefix of the names of temporary files; `safelight gc` knows it too."""


class Readable(Protocol):
    """Bytes that are read in pieces."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most `size`; none at the end."""
        ...


class FileLost(Permanent):
    """A stored file is missing or damaged; the step that left it has to run again."""


class ArtifactStore:
    """Files by the SHA-256 of their bytes, at `ab/cdef...` below a folder.

    This folder is where they live; `engine/runtime/objects/` has files that live elsewhere and are
    cached here.

    Args:
        folder: Their folder; created if needed, private to its owner.

    Attributes:
        folder: The same.
        is_remote: True if they live in an object store, and the folder is a cache.
    """

    is_remote = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, hash_: str) -> Path:
        """Return the path of the file of a hash, stored or not."""
        if len(hash_) != 64 or not set(hash_) <= set("0123456789abcdef"):
            raise ValueError("An artifact's hash is 64 lower-case hexadecimal digits.")
        return self.folder / hash_[:2] / hash_[2:]

    def put(self, data: bytes) -> str:
        """Store bytes durably and return their hash. Equal bytes are stored once.

        Raises:
            LinkFound: A folder on the way is a link.
        """
        hash_ = hashlib.sha256(data).hexdigest()
        with self._place(hash_) as path:
            if size_of(path) != len(data):
                _write_synced(path, data)
        return hash_

    def put_stream(self, source: Readable) -> tuple[str, int]:
        """Store a stream durably, in constant memory; return its hash and its size in bytes.

        Args:
            source: The bytes; they are read once, to their end.

        Raises:
            LinkFound: A folder on the way is a link.
            OSError: The stream cannot be read, or the copy cannot be written.
        """
        make_folder(self.folder)
        temporary = self.folder / "00"  # in reach of `sweep`; the hash is not known yet
        make_folder(temporary)
        with new_file(temporary) as (file, name):
            digest, size = hashlib.sha256(), 0
            while chunk := source.read(CHUNK_BYTES):
                digest.update(chunk)
                file.write(chunk)
                size += len(chunk)
            hash_ = digest.hexdigest()
            with self._place(hash_) as path:
                if size_of(path) != size:
                    sync(file)
                    name.replace(path)
        return hash_, size

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield a private folder beside the stored files, removed at its end.

        That of a process that was killed is removed by `sweep`.
        """
        make_folder(self.folder)
        around = self.folder / "00"
        make_folder(around)
        name = tempfile.mkdtemp(dir=around, prefix=f"{_NEW}{mark()}-")
        try:
            yield Path(name)
        finally:
            shutil.rmtree(name, ignore_errors=True)

    @contextlib.contextmanager
    def _place(self, hash_: str) -> Iterator[Path]:
        """Yield the path of a hash in an existing folder, synced if a file was added."""
        path = self.path(hash_)
        is_new = not path.parent.exists()
        make_folder(self.folder)
        make_folder(path.parent)
        before = size_of(path)
        yield path
        if size_of(path) != before:
            sync_folder(path.parent)
            if is_new:
                sync_folder(self.folder)

    def known(self, data: bytes) -> str | None:
        """Return the hash of bytes that are already stored, else None."""
        hash_ = hashlib.sha256(data).hexdigest()
        stored = size_of(f"{self.folder}/{hash_[:2]}/{hash_[2:]}")
        return hash_ if stored == len(data) else None

    def has(self, hash_: str) -> bool:
        """Return whether there is a regular file of a hash, whatever it holds."""
        return size_of(self.path(hash_)) is not None

    def stored(self, hash_: str) -> Path:
        """Return the path of a stored file, for readers of their own.

        Raises:
            FileNotFoundError: It does not exist, or is not a regular file.
        """
        path = self.path(hash_)
        if not self.has(hash_):
            raise FileNotFoundError(errno.ENOENT, "There is no such stored file", str(path))
        return path

    def read(self, hash_: str) -> bytes:
        """Return the bytes of a stored file.

        Raises:
            FileLost: The file is gone or is not what was stored.
        """
        with self._opened(hash_) as file:
            data = file.read()
        if hashlib.sha256(data).hexdigest() != hash_:
            raise damaged(hash_)
        return data

    def open(self, hash_: str) -> BinaryIO:
        """Open a stored file, after its bytes were checked in chunks; the caller closes it.

        Raises:
            FileLost: The file is gone or is not what was stored.
        """
        file = self._opened(hash_)
        try:
            digest = hashlib.sha256()
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
            if digest.hexdigest() != hash_:
                raise damaged(hash_)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file

    def _opened(self, hash_: str) -> BinaryIO:
        try:
            return os.fdopen(open_file(self.path(hash_), os.O_RDONLY), "rb")
        except (FileNotFoundError, LinkFound):
            raise gone(hash_) from None

    def settle(self) -> None:
        """Wait until all that was stored is durable, before rows name it; here it always is."""

    def lost(self, hashes: Iterable[str], *, deep: bool = True) -> list[str]:
        """Return those of some stored files that are gone or damaged; set damaged ones aside.

        A damaged file stays beside its place under a name that ends in `.damaged`, so that the
        right bytes can be stored there again.

        Args:
            hashes: The files.
            deep: False to believe an object store that it has a file which is not cached here.
        """
        del deep  # all files are here
        missing = []
        for hash_ in hashes:
            try:
                self.open(hash_).close()
            except FileLost:
                missing.append(hash_)
                self._set_aside(hash_)
        return missing

    def _set_aside(self, hash_: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            path = self.path(hash_)
            path.replace(path.with_name(f"{path.name}.damaged"))

    def remove(self, hashes: Iterable[str]) -> None:
        """Remove files that nothing names; those that are gone are left out."""
        for hash_ in hashes:
            with contextlib.suppress(FileNotFoundError):
                self.path(hash_).unlink()

    def sweep(self) -> None:
        """Remove temporary files whose processes have ended."""
        for folder in self._folders():
            for name in os.listdir(folder):  # noqa: PTH208 - there may be many
                if name.startswith(_NEW) and is_over(name[len(_NEW) :].rpartition("-")[0]):
                    _remove(folder / name)

    def _folders(self) -> list[Path]:
        folders = self.folder.glob("[0-9a-f][0-9a-f]")
        return [folder for folder in folders if folder.is_dir() and not folder.is_symlink()]

    def hashes(self) -> "list[str]":
        """Yield the hash of every stored file."""
        return [
            folder.name + file.name
            for folder in self._folders()
            for file in folder.iterdir()
            if len(file.name) == 62
        ]


def gone(hash_: str) -> FileLost:
    """Return the error of a stored file that is not there."""
    return FileLost(f"The stored file {hash_[:12]} is gone.", remedy=_REMEDY)


def damaged(hash_: str) -> FileLost:
    """Return the error of a stored file with other bytes."""
    message = f"The stored file {hash_[:12]} is damaged: its bytes have another hash."
    return FileLost(message, remedy=_REMEDY)


def _remove(path: Path) -> None:
    """Remove a file or a folder, if it can be."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    with contextlib.suppress(OSError):
        path.unlink()


def size_of(path: Path | str) -> int | None:
    """Return the bytes of a regular file; None for anything else, links included."""
    try:
        status = os.stat(path, follow_symlinks=False)  # noqa: PTH116 - hot
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _write_synced(path: Path, data: bytes) -> None:
    with new_file(path.parent) as (file, name):
        file.write(data)
        sync(file)
        name.replace(path)


@contextlib.contextmanager
def new_file(folder: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Open a new temporary file, which is removed unless it was renamed."""
    handle, name = tempfile.mkstemp(dir=folder, prefix=f"{_NEW}{mark()}-")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file, Path(name)
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()


def sync(file: BinaryIO) -> None:
    """Have what was written into a file on the disk."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Have the names of a folder on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
