"""Sound files that operators hand in, checked by their content."""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from engine.audio.facts import AudioFacts
from engine.audio.headers import facts_of_headers
from engine.audio.probe import probe
from engine.audio.sound import MissingExtraError
from engine.audio.wav import write_float_wav
from engine.contract.files import MAX_SOUND_BYTES, open_regular
from engine.contract.kinds import HEAD_BYTES, Recognition

_ZIP = b"PK\x03\x04"


@contextlib.contextmanager
def open_sound(source: Path | bytes) -> Iterator[tuple[BinaryIO, Recognition, int]]:
    """Open a sound that can be decoded, and yield its bytes, its facts and its size.

    Args:
        source: A file with any suffix, or its bytes. A `.npz` file with `audio` and `sample_rate`
            is read as a WAV file of floats.

    Raises:
        ValueError: It is not a regular file, is larger than `MAX_SOUND_BYTES`, holds no sound
            that can be decoded, or cannot be read; the end of a sentence.
    """
    with _unpacked(source) as stream:
        facts = _facts(stream, source)
        size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        yield stream, facts, size


def _unpacked(source: Path | bytes) -> BinaryIO:
    """Return the bytes of a sound, a WAV file in place of an array."""
    stream = _opened(source)
    if isinstance(source, bytes) or stream.read(len(_ZIP)) != _ZIP:
        stream.seek(0)
        return stream
    stream.close()
    try:
        from engine.audio.datasets.npy import read_sound

        sound = read_sound(source)
        return io.BytesIO(write_float_wav(sound.samples, sound.sample_rate))
    except ImportError:
        raise MissingExtraError from None


def _opened(source: Path | bytes) -> BinaryIO:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    try:
        return open_regular(source, MAX_SOUND_BYTES)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror or error}") from None


def _facts(stream: BinaryIO, source: Path | bytes) -> Recognition:
    try:
        return _recognition(probe(stream))
    except MissingExtraError:
        return _by_headers(source)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror or error}") from None


def _by_headers(source: Path | bytes) -> Recognition:
    """Return the facts that are read without a decoder."""
    with _opened(source) as stream:
        head, size = stream.read(HEAD_BYTES), stream.seek(0, io.SEEK_END)
        stream.seek(0)
        facts = facts_of_headers(head, stream, size)
    if facts is None:
        raise MissingExtraError
    return _recognition(facts)


def _recognition(facts: AudioFacts) -> Recognition:
    return Recognition(facts.media_type, facts=facts.known)
