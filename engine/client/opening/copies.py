"""Copies of stored files under safe names, for programs that go by a file's name.

A stored file is named by its content and never handed out itself: a program could change it. Copies
are in a private folder below the system's folder of temporary files, and are removed a day later.
"""

import contextlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from engine.client.opening.errors import CannotOpen
from engine.contract import Blocked, Permanent
from engine.kinds.file_names import suffix_of
from engine.runtime.artifacts import CHUNK_BYTES, ArtifactStore
from engine.text.file_names import safe_name

KEPT_SECONDS = 24 * 3600
"""Age at which a copy is removed when another one is created."""


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file, or a text, to be opened.

    Attributes:
        label: The job and the part that it is of, for its name: `j12`, `iteration-2`.
        kind: Name of its kind.
        media_type: Its media type.
        hash: Hash of its bytes; empty for a text.
        text: The text, if it is not a file.
    """

    label: tuple[str, ...]
    kind: str
    media_type: str
    hash: str = ""
    text: str = ""

    @property
    def name(self) -> str:
        """A safe name with the suffix of its kind; different files of a part differ in it."""
        suffix = suffix_of(self.kind, self.media_type)
        return safe_name(*self.label, self.hash[:8], suffix=suffix)


def copy_of(file: OpenedFile, store: ArtifactStore) -> Path:
    """Return the absolute path of a new copy of a file.

    Args:
        file: The file.
        store: The stored files.

    Raises:
        CannotOpen: It is gone or damaged, or there is no room for a copy.
    """
    try:
        with _source(file, store) as source:
            return _copied(source, file.name)
    except (Permanent, Blocked) as error:
        raise CannotOpen(f"The file cannot be opened: {error.message}") from error
    except OSError as error:
        where = f" It is stored as {store.path(file.hash)}." if file.hash else ""
        raise CannotOpen(f"The file cannot be copied: {error.strerror or error}.{where}") from error


def _source(file: OpenedFile, store: ArtifactStore) -> BinaryIO:
    if not file.hash:
        return BytesIO(file.text.encode("utf-8", "replace"))
    return store.open(file.hash)


def _copied(source: BinaryIO, name: str) -> Path:
    folder = _folder()
    handle, new = tempfile.mkstemp(dir=folder, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as copy:
            shutil.copyfileobj(source, copy, CHUNK_BYTES)
        path = folder / name
        Path(new).replace(path)
    except BaseException:
        Path(new).unlink(missing_ok=True)
        raise
    return path


def _folder() -> Path:
    """Return the folder of this user's copies; another one if that is not theirs alone."""
    folder = Path(tempfile.gettempdir()).absolute() / f"safelight-{os.getuid()}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    status = folder.lstat()
    is_mine = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
    if not is_mine or status.st_mode & 0o077:
        return Path(tempfile.mkdtemp(prefix="safelight-"))
    for old in _older(folder, time.time() - KEPT_SECONDS):
        with contextlib.suppress(OSError):
            old.unlink()
    return folder


def _older(folder: Path, than: float) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False) and entry.stat().st_mtime < than:
                yield Path(entry.path)
