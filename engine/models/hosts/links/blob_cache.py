"""Cache of received bytes on the far side's disk: shared by its hosts, bounded, verified."""

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

FOLDER_VARIABLE = "SAFELIGHT_LINK_CACHE"
"""Environment variable with another folder for it."""


def cache_folder() -> Path:
    """Return its folder: `$XDG_CACHE_HOME/safelight/received`, `~/.cache` by default."""
    if named := os.environ.get(FOLDER_VARIABLE):
        return Path(named)
    base = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return base / "safelight" / "received"


class BlobCache:
    """Bytes by their sha256; a disk that is full or cannot be written only makes it useless.

    Args:
        folder: Its folder, which only its owner may read.
        limit: Bytes that it may take; the least recently used go first.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit

    def get(self, digest: bytes) -> bytes | None:
        """Return bytes, verified; None if they are not there."""
        path = self._folder / digest.hex()
        try:
            data = path.read_bytes()
        except OSError:
            return None
        if hashlib.sha256(data).digest() != digest:
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return data

    def put(self, digest: bytes, data: bytes) -> None:
        """Keep bytes whose hash was verified, if there is room."""
        if len(data) > self._limit:
            return
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._make_room(len(data))
            descriptor, name = tempfile.mkstemp(dir=self._folder, prefix=".new-")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                Path(name).replace(self._folder / digest.hex())
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise

    def _make_room(self, need: int) -> None:
        entries = []
        for path in self._folder.iterdir():
            with contextlib.suppress(OSError):
                status = path.stat()
                entries.append((status.st_mtime_ns, status.st_size, path))
        total = sum(size for _, size, _ in entries) + need
        for _, size, path in sorted(entries):
            if total <= self._limit:
                return
            path.unlink(missing_ok=True)
            total -= size
