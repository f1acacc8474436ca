"""Decoding by libsndfile and FFmpeg, safe with hostile files."""

import contextlib
import io
from collections.abc import Iterator
from typing import Any, BinaryIO

from engine.audio.mp3 import looks_like_mp3
from engine.audio.sound import MissingExtraError, SoundError

MAX_CHANNELS = 32
NO_SOUND = "is no sound that can be decoded, or is broken"

_HEAD_BYTES = 4096
_NOTHING_ELSE = {"protocol_whitelist": "none"}  # playlists and edit lists may name any file or URL


@contextlib.contextmanager
def opened_by_soundfile(stream: BinaryIO) -> Iterator[Any]:
    """Open a sound by libsndfile; yields the open file, or None of a format that it lacks.

    MP3 is left to FFmpeg: libsndfile's decoder of it writes on the terminal about damaged files.

    Raises:
        MissingExtraError: The extra `audio` is not installed.
        SoundError: It is broken, or has no channels or too many.
    """
    try:
        import soundfile
    except (ImportError, OSError):
        raise MissingExtraError from None
    head = stream.read(_HEAD_BYTES)
    stream.seek(0)
    try:
        file = None if looks_like_mp3(head) else soundfile.SoundFile(_Seekable(stream))
    except soundfile.LibsndfileError:
        file = None
    if file is None:
        yield None
        return
    with file:
        check_channels(file.channels)
        try:
            yield file
        except (soundfile.LibsndfileError, RuntimeError):
            raise SoundError(NO_SOUND) from None


@contextlib.contextmanager
def opened_by_ffmpeg(stream: BinaryIO) -> Iterator[tuple[Any, Any]]:
    """Open a sound by FFmpeg; yields the container and its first track of sound.

    Nothing but the stream is read, whatever files or addresses a playlist in it names.

    Raises:
        MissingExtraError: The extra `audio` is not installed.
        SoundError: It holds no sound, is broken, or has no channels or too many.
    """
    try:
        import av
    except ImportError:
        raise MissingExtraError from None
    stream.seek(0)
    options = {**_NOTHING_ELSE}
    try:
        with av.open(stream, mode="r", metadata_errors="ignore", options=options) as container:
            if not container.streams.audio:
                raise SoundError("holds no sound")
            track = container.streams.audio[0]
            if track.codec_context is None or not track.codec_context.sample_rate:
                raise SoundError(NO_SOUND)
            check_channels(track.codec_context.channels)
            yield container, track
    except SoundError:
        raise
    except (av.FFmpegError, ValueError, OverflowError):
        raise SoundError(NO_SOUND) from None


def check_channels(channels: int) -> None:
    """Refuse a sound without channels or with too many.

    Raises:
        SoundError: It has no channel, or more than `MAX_CHANNELS`.
    """
    if not 1 <= channels <= MAX_CHANNELS:
        raise SoundError(f"has {channels} channels, more than the {MAX_CHANNELS} that are read")


class _Seekable(io.RawIOBase):
    """A stream for libsndfile: a place that a broken file names never raises an error.

    An error in a callback from C is printed on the terminal.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, size: int = -1, /) -> bytes:
        """Read as the stream does."""
        return self._stream.read(size)

    def readinto(self, buffer: Any, /) -> int:
        """Read as the stream does."""
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a place, to the start in place of one before it."""
        if whence == io.SEEK_SET:
            return self._stream.seek(max(0, offset))
        start = self._stream.tell() if whence == io.SEEK_CUR else self._stream.seek(0, io.SEEK_END)
        return self._stream.seek(max(0, start + offset))

    def tell(self) -> int:
        """Return the place."""
        return self._stream.tell()
