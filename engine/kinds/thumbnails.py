"""Thumbnails: WebP images of 96 and 480 pixels, beside the stored files and by their hashes.

They are a cache: generated when a file is kept or first needed, not synced, and removed with their
file. An image that is no larger than a thumbnail has none: it is its own.
"""

import contextlib
import functools
import io
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine.contract.backend import Artifact, Facts
from engine.contract.folder import ExportError, Folder, open_unlinked
from engine.contract.kinds import Item
from engine.kinds.registry import kinds

SIDES = (96, 480)
"""Longer side of a thumbnail in pixels, at most."""

MAX_PIXELS = 8192 * 8192
MAX_BYTES = 4 * 1024 * 1024
"""The largest thumbnail that is read, in bytes."""

_QUALITY = 82
_HASH = re.compile("[0-9a-f]{64}")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A stored file as plain data, for a process of the pool.

    Attributes:
        hash: SHA-256 of its bytes.
        path: Path of the file.
        kind: Name of its kind.
        media_type: Its media type.
        size: Its bytes.
        width: Width in pixels, if it has one.
        height: Height in pixels, if it has one.
        facts: Further facts.
        fetch: Puts the file into its place, if it is not there; None if that cannot be.
    """

    hash: str
    path: Path
    kind: str
    media_type: str
    size: int
    width: int | None = None
    height: int | None = None
    facts: Facts = field(default_factory=dict)
    fetch: Callable[[], object] | None = None

    @classmethod
    def of(cls, artifact: Artifact, path: Path) -> "StoredFile":
        """Return the stored file of a handle."""
        return cls(
            hash=artifact.hash,
            path=path,
            kind=artifact.kind,
            media_type=artifact.media_type,
            size=artifact.size,
            width=artifact.width,
            height=artifact.height,
            facts=artifact.facts,
        )

    @property
    def item(self) -> Item:
        """The file as its kind draws it."""
        return Item(
            kind=self.kind,
            media_type=self.media_type,
            size=self.size,
            width=self.width,
            height=self.height,
            facts=self.facts,
            open=functools.partial(_opened, self.path, self.fetch),
        )

    def needs(self, side: int) -> bool:
        """Return True unless the file is its own thumbnail."""
        return has_thumbnail(self.kind, self.width, self.height, side)


def has_thumbnail(kind: str, width: int | None, height: int | None, side: int) -> bool:
    """Return True unless a file is an image that is no larger than a thumbnail."""
    return kind != "image" or not 0 < max(width or 0, height or 0) <= side


def _opened(path: Path, fetch: Callable[[], object] | None = None) -> io.BufferedReader:
    try:
        return open_unlinked(str(path))
    except FileNotFoundError:
        if fetch is None:
            raise
    fetch()
    return open_unlinked(str(path))


class Thumbnails:
    """The thumbnails of a workspace.

    Args:
        folder: The folder that they are in; created when it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, hash_: str, side: int) -> Path:
        """Return where a thumbnail is, or would be."""
        if not _HASH.fullmatch(hash_) or side not in SIDES:
            raise ValueError("A thumbnail is named by a hash and one of the sides.")
        return self._folder / hash_[:2] / f"{hash_[2:]}-{side}.webp"

    def has(self, hash_: str, side: int) -> bool:
        """Return True if a thumbnail is there."""
        return self.path(hash_, side).is_file()

    def lacks(self, file: StoredFile) -> bool:
        """Return True if a file has not all of the thumbnails that it could have."""
        return any(file.needs(side) and not self.has(file.hash, side) for side in SIDES)

    def read(self, file: StoredFile, side: int) -> bytes | None:
        """Return a thumbnail, generated if it is missing; None if the file has none.

        Nothing is raised: a thumbnail that cannot be stored is returned all the same.
        """
        if not file.needs(side):
            return None
        with (
            contextlib.suppress(OSError, ExportError),
            _opened(self.path(file.hash, side)) as stream,
        ):
            if data := stream.read(MAX_BYTES):
                return data
        return self.generate(file).get(side)

    def generate(self, file: StoredFile) -> dict[int, bytes]:
        """Generate and store what a file lacks; return the thumbnails by their sides.

        Nothing is raised: a file that is damaged or of a kind without thumbnails has none.
        """
        sides = [side for side in SIDES if file.needs(side)]
        if not sides:
            return {}
        try:
            found = _images(file, sides)
        except Exception as error:  # noqa: BLE001 - damaged files, and kinds of others
            log.debug("No thumbnail of %s: %s", file.hash[:12], error)
            return {}
        for side, data in found.items():
            try:
                self._put(file.hash, side, data)
            except (OSError, ExportError) as error:
                log.debug("The thumbnail of %s cannot be stored: %s", file.hash[:12], error)
        return found

    def _put(self, hash_: str, side: int, data: bytes) -> None:
        path = self.path(hash_, side)
        self._folder.mkdir(mode=0o700, exist_ok=True)  # not the private folder: it may be gone
        with Folder(self._folder) as folder, folder.folder(path.parent.name) as inner:
            inner.put(path.name, data)

    def remove_without(self, has_file: Callable[[str], bool]) -> int:
        """Remove the thumbnails of files that are gone; return how many.

        Args:
            has_file: True for the hash of a file that is still stored.
        """
        removed = 0
        for path in list(self._files()):
            hash_ = path.parent.name + path.name[:62]
            if not _HASH.fullmatch(hash_) or not has_file(hash_):
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()
                    removed += 1
        return removed

    def _files(self) -> Iterator[Path]:
        for folder in self._folder.glob("[0-9a-f][0-9a-f]"):
            if folder.is_dir() and not folder.is_symlink():
                yield from folder.iterdir()


@dataclass(frozen=True, slots=True)
class Previews:
    """Stored files as images to look at.

    Attributes:
        thumbnails: The workspace's thumbnails.
        stored: Returns the path of the stored file of a hash.
    """

    thumbnails: Thumbnails
    stored: Callable[[str], Path]

    def __call__(self, artifact: Artifact) -> bytes:
        """Return the large thumbnail of a stored file, or the file itself if it has none.

        Raises:
            OSError: The stored file is gone or cannot be read.
        """
        path = self.stored(artifact.hash)
        file = StoredFile.of(artifact, path)
        return self.thumbnails.read(file, SIDES[-1]) or path.read_bytes()


def generate_all(folder: Path, files: list[StoredFile]) -> int:
    """Generate the thumbnails of files, in a process of the pool; return how many are new."""
    thumbnails = Thumbnails(folder)
    return sum(len(thumbnails.generate(file)) for file in files if thumbnails.lacks(file))


def _images(file: StoredFile, sides: list[int]) -> dict[int, bytes]:
    from PIL import Image

    from engine.imaging.decode import decoded

    largest = max(sides)
    source = kinds().of(file.kind).thumbnail(file.item, largest)
    if source is None:
        return {}
    box = (largest * 2, largest * 2)
    image = decoded(io.BytesIO(source), near=box, max_pixels=MAX_PIXELS)
    found = {}
    for side in sorted(sides, reverse=True):
        image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
        out = io.BytesIO()
        image.save(out, "WEBP", quality=_QUALITY, method=2)
        found[side] = out.getvalue()
    return found
