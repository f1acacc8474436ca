"""Writing into one folder, whole files at a time, and reading regular files only.

All names are resolved relative to an open descriptor of the folder, so that neither a planted link
inside it nor a swap of the folder leads anywhere else.
"""

import errno
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from engine.text.errors import UserError
from engine.text.temporary_names import PATTERN, is_over, mark

_CANNOT_LINK = {
    errno.EXDEV,
    errno.EPERM,
    errno.EACCES,
    errno.EMLINK,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
    errno.ENOSYS,
}
_TEMPORARY = re.compile(rf"\.(?P<name>.+?)\.(?:(?P<owner>{PATTERN})-)?[0-9a-f]{{8}}\.tmp")
_ABANDONED_SECONDS = 3600
_PIECE = 1 << 20


class ExportError(UserError):
    """Files cannot be written or read; the message is a sentence for the operator."""


class Folder:
    """One folder to write files into. A context manager; creates the folder if it is missing.

    Args:
        path: The folder. Its own last part may not be a link.
        within: The open parent folder, through which it is then created and opened.

    Raises:
        ExportError: On entering: it is a link or not a folder.
        OSError: On entering: it cannot be created or opened.
    """

    def __init__(self, path: Path, within: "Folder | None" = None) -> None:
        self.path = path
        self._within = within
        self._descriptor = -1

    def __enter__(self) -> Self:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            if self._within is None:
                make_private(self.path)
                self._descriptor = os.open(self.path, flags)
            else:
                above = self._within._descriptor
                with suppress(FileExistsError):
                    os.mkdir(self.path.name, 0o700, dir_fd=above)
                self._descriptor = os.open(self.path.name, flags, dir_fd=above)
        except OSError as error:
            if error.errno not in (errno.ELOOP, errno.ENOTDIR):
                raise
            raise ExportError(f"{self.path} is a link or a file, not a folder") from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)

    def put(self, name: str, data: bytes) -> None:
        """Write a file unless it already has these bytes."""
        if self.read(name, len(data)) != data:
            with self.replacing(name) as stream:
                stream.write(data)

    @contextmanager
    def replacing(self, name: str, *, tidy: bool = False) -> Iterator[BinaryIO]:
        """Open a stream that writes a file; the file appears whole at the end, or not at all.

        Args:
            name: The file.
            tidy: True to remove leftovers of killed processes first.

        Raises:
            OSError: It cannot be written; without a `filename` of another file, it has its path.
        """
        for left in self.names() if tidy else ():
            if self.is_abandoned(left, re.compile(re.escape(name))):
                self.remove(left)
        temporary = self._temporary(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(temporary, flags, 0o600, dir_fd=self._descriptor)
            with os.fdopen(descriptor, "wb") as stream:
                os.fchmod(descriptor, 0o600)  # whatever the umask says
                yield stream
            self._rename(temporary, name)
        except BaseException as error:
            self.remove(temporary)
            if isinstance(error, OSError) and error.filename in (None, temporary):
                error.filename = str(self.path / name)
            raise

    def link(self, name: str, source: Path) -> bool:
        """Create a file as a hard link to another one.

        Returns:
            False if the file systems do not allow it; nothing was done.
        """
        temporary = self._temporary(name)
        try:
            os.link(source, temporary, dst_dir_fd=self._descriptor, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _CANNOT_LINK:
                raise
            return False
        try:
            self._rename(temporary, name)
        finally:
            self.remove(temporary)  # a rename does nothing if both are already the same file
        return True

    def is_linked(self, name: str, source: Path) -> bool:
        """Return whether a file is the same file as another one."""
        try:
            here = os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
            return os.path.samestat(here, source.lstat())
        except OSError:
            return False

    def put_file(self, name: str, source: Path) -> None:
        """Write a file of any size: linked if possible, else copied in pieces.

        Raises:
            OSError: The source cannot be read, or the copy cannot be written.
        """
        if self.link(name, source):
            return
        with source.open("rb") as original, self.replacing(name, tidy=True) as copy:
            shutil.copyfileobj(original, copy, _PIECE)

    def holds(self, name: str, sha256: str) -> bool:
        """Return whether a regular file has the bytes of a hash; it is read in pieces."""
        try:
            with open_unlinked(name, self._descriptor) as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
        except (OSError, ExportError):
            return False

    def read(self, name: str, limit: int) -> bytes | None:
        """Return the bytes of a regular file of at most `limit` bytes; None for anything else."""
        try:
            return _read(name, limit, self._descriptor)
        except (OSError, ExportError):
            return None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Wait until no other process holds the folder like this, and hold it.

        For files that are read, changed and written again. Without effect on file systems that
        have no locks. Writing into the folder does not need it.
        """
        with suppress(OSError):
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            with suppress(OSError):
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def names(self) -> list[str]:
        """Return the names of all its entries."""
        return os.listdir(self._descriptor)  # noqa: PTH208 - a descriptor has no Path

    def remove(self, name: str) -> None:
        """Remove a file or a link, never the target of a link; leave folders alone."""
        with suppress(FileNotFoundError, IsADirectoryError, PermissionError):
            os.unlink(name, dir_fd=self._descriptor)

    def folder(self, name: str) -> "Folder":
        """Return a folder inside it, which is created on entering if it is missing."""
        return Folder(self.path / name, self)

    def remove_empty(self, name: str) -> None:
        """Remove an empty folder inside it; leave anything else alone."""
        with suppress(OSError):
            os.rmdir(name, dir_fd=self._descriptor)

    def is_abandoned(self, name: str, pattern: re.Pattern[str]) -> bool:
        """Return whether it is a temporary file, whose name fits a pattern, of a killed process."""
        match = _TEMPORARY.fullmatch(name)
        if match is None or not pattern.fullmatch(match["name"]):
            return False
        if (over := is_over(match["owner"] or "")) is not None:
            return over
        try:
            changed = os.stat(name, dir_fd=self._descriptor, follow_symlinks=False).st_ctime
        except OSError:
            return False
        return time.time() - changed > _ABANDONED_SECONDS

    def _temporary(self, name: str) -> str:
        return f".{name}.{mark()}-{secrets.token_hex(4)}.tmp"

    def _rename(self, temporary: str, name: str) -> None:
        try:
            os.rename(temporary, name, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)
        except IsADirectoryError:
            where = self.path / name
            raise ExportError(f"{where} is a folder where a file belongs; move it away") from None


def make_private(path: Path) -> None:
    """Create a folder and its missing parents, each for its owner only."""
    missing = [path]
    while not os.path.lexists(missing[-1].parent):
        missing.append(missing[-1].parent)
    for folder in reversed(missing):
        with suppress(FileExistsError):
            folder.mkdir(0o700)
            folder.chmod(0o700)  # whatever the umask says


def read_regular(path: Path, limit: int) -> bytes:
    """Return the bytes of a regular file, without following links or blocking on a pipe.

    Raises:
        ExportError: It is a link, not a regular file, or has more than `limit` bytes.
        OSError: It does not exist or cannot be read.
    """
    try:
        return _read(os.fspath(path), limit, None)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise ExportError("is a link, and links are not followed") from None


def _read(name: str, limit: int, folder: int | None) -> bytes:
    with open_unlinked(name, folder) as stream:
        size = os.fstat(stream.fileno()).st_size
        data = stream.read(limit + 1) if size <= limit else b""
        if size > limit or len(data) > limit:
            raise ExportError(f"has more than the {limit} bytes that are read")
        return data


def open_unlinked(name: str, folder: int | None = None) -> BufferedReader:
    """Open a regular file for reading, without following links or blocking on a pipe.

    Args:
        name: The file.
        folder: Descriptor of the folder that the name is relative to.

    Raises:
        ExportError: It is not a regular file.
        OSError: It cannot be opened, for example because it is a link.
    """
    # Without O_NONBLOCK a named pipe would make this wait for a writer.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(name, flags, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ExportError("is not a regular file")
    return os.fdopen(descriptor, "rb")
