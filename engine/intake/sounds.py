"""Sound files that operators hand in, checked by their content."""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from engine.audio.probe import probe
from engine.audio.sound import MissingExtraError
from engine.contract.files import MAX_SOUND_BYTES, open_regular
from engine.contract.kinds import Recognition
from engine.kinds.audio import AudioKind, recognised
from engine.kinds.registry import content_of, content_of_file


@contextlib.contextmanager
def open_sound(source: Path | bytes) -> Iterator[tuple[BinaryIO, Recognition, int]]:
    """Open a sound that can be decoded, and yield its bytes, its facts and its size.

    Args:
        source: A file with any suffix, or its bytes.

    Raises:
        ValueError: It is not a regular file, is larger than `MAX_SOUND_BYTES`, holds no sound
            that can be decoded, or cannot be read; the end of a sentence.
    """
    with _opened(source) as stream:
        facts = _facts(stream, source)
        size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        yield stream, facts, size


def _opened(source: Path | bytes) -> BinaryIO:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    try:
        return open_regular(source, MAX_SOUND_BYTES)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror or error}") from None


def _facts(stream: BinaryIO, source: Path | bytes) -> Recognition:
    try:
        return recognised(probe(stream))
    except MissingExtraError:
        return _by_headers(source)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror or error}") from None


def _by_headers(source: Path | bytes) -> Recognition:
    """Return the facts that are read without a decoder."""
    content = content_of(source) if isinstance(source, bytes) else content_of_file(source)
    found = AudioKind().recognise(content)
    if found is None:
        raise MissingExtraError
    return found
