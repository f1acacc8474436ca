"""Files that entries of an input name or a reader yields, checked and, when queued, stored."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from engine.contract import Artifact
from engine.contract.files import FileSort, KeepFile

if TYPE_CHECKING:
    from engine.contract.kinds import Recognition
    from engine.kinds.checked.spatial import CheckedFile
    from engine.runtime.artifacts import ArtifactStore

NOT_KEPT = "0" * 64
"""Hash of a file that was checked and not stored."""


def look_at(source: Path | bytes, sort: FileSort) -> Artifact:
    """Check a file that an entry names; it is stored only when the batch is queued.

    Raises:
        ValueError: It is not a file of the sort that can be taken in; the end of a sentence.
    """
    return _kept(source, sort, None)


def keep_in(artifacts: "ArtifactStore") -> KeepFile:
    """Return a function that checks a file as `look_at` does, and stores it.

    Sounds are stored without being held in memory. The function raises `OSError` if a file cannot
    be stored.
    """

    def keep(source: Path | bytes, sort: FileSort) -> Artifact:
        return _kept(source, sort, artifacts)

    return keep


def _kept(source: Path | bytes, sort: FileSort, artifacts: "ArtifactStore | None") -> Artifact:
    return _KEPT[sort](source, artifacts)


def _image(source: Path | bytes, artifacts: "ArtifactStore | None") -> Artifact:
    from engine.kinds.checked.images import check_image, read_image

    image = check_image(source) if isinstance(source, bytes) else read_image(source)
    return Artifact(
        hash=artifacts.put(image.data) if artifacts else NOT_KEPT,
        media_type=image.media_type,
        size=len(image.data),
        width=image.width,
        height=image.height,
    )


def _sound(source: Path | bytes, artifacts: "ArtifactStore | None") -> Artifact:
    from engine.kinds.checked.sounds import open_sound

    with open_sound(source) as (stream, found, size):
        hash_ = _stored(stream, size, artifacts) if artifacts else NOT_KEPT
        return _audio(hash_, found, size)


def _events(source: Path | bytes, artifacts: "ArtifactStore | None") -> Artifact:
    from engine.kinds.checked.spatial import events_file

    return _checked(events_file(source), artifacts)


def _hrtf(source: Path | bytes, artifacts: "ArtifactStore | None") -> Artifact:
    from engine.kinds.checked.spatial import hrtf_file

    return _checked(hrtf_file(source), artifacts)


def _checked(file: "CheckedFile", artifacts: "ArtifactStore | None") -> Artifact:
    return Artifact(
        hash=artifacts.put(file.data) if artifacts else NOT_KEPT,
        media_type=file.media_type,
        size=len(file.data),
        kind=file.kind,
        facts=file.facts,
    )


_KEPT: dict[FileSort, Callable[[Path | bytes, "ArtifactStore | None"], Artifact]] = {
    "image": _image,
    "sound": _sound,
    "events": _events,
    "hrtf": _hrtf,
}


def _audio(hash_: str, found: "Recognition", size: int) -> Artifact:
    return Artifact(
        hash=hash_, media_type=found.media_type, size=size, kind="audio", facts=found.facts
    )


def _stored(stream: BinaryIO, size: int, artifacts: "ArtifactStore") -> str:
    hash_, copied = artifacts.put_stream(_UpTo(stream, size))
    if copied != size or stream.seek(0, io.SEEK_END) != size:
        raise ValueError("changed while it was read; queue it again when it is complete")
    return hash_


class _UpTo:
    """The first bytes of a stream, which may grow while it is read."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self._left = size

    def read(self, size: int = -1, /) -> bytes:
        """Read as a file does."""
        data = self._stream.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        return data
