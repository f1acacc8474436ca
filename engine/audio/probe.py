"""Facts of a sound of any common format, read without decoding all of it."""

import contextlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from engine.audio.decode import MISSING, MissingExtraError
from engine.audio.facts import AudioFacts
from engine.audio.sound import SoundError

NO_SOUND = "is not a sound that can be decoded"

_BY_SOUNDFILE = {
    "WAV": "audio/wav",
    "WAVEX": "audio/wav",
    "RF64": "audio/wav",
    "FLAC": "audio/flac",
    "MP3": "audio/mpeg",
    "MPEG": "audio/mpeg",
    "OGG": "audio/ogg",
    "AIFF": "audio/aiff",
    "CAF": "audio/x-caf",
    "AU": "audio/basic",
    "W64": "audio/x-w64",
}
_BY_FFMPEG = {
    "aac": "audio/aac",
    "ac3": "audio/ac3",
    "aiff": "audio/aiff",
    "amr": "audio/amr",
    "asf": "audio/x-ms-wma",
    "flac": "audio/flac",
    "matroska,webm": "audio/webm",
    "mov,mp4,m4a,3gp,3g2,mj2": "audio/mp4",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "wav": "audio/wav",
}
_OTHER = "audio/x-other"
_FIRST_FRAMES = 4096


def probe(stream: BinaryIO) -> AudioFacts:
    """Return the facts of a sound, after decoding its beginning.

    Args:
        stream: The file, seekable, at its start.

    Raises:
        MissingExtraError: The extra `audio` is not installed.
        SoundError: It is empty, or holds no sound that can be decoded; the end of a sentence.
    """
    if not stream.read(1):
        raise SoundError("is empty")
    stream.seek(0)
    found = _by_soundfile(stream)
    if found is None:
        stream.seek(0)
        found = _by_ffmpeg(stream)
    return found


def _by_soundfile(stream: BinaryIO) -> AudioFacts | None:
    try:
        import soundfile
    except (ImportError, OSError):
        raise MissingExtraError(MISSING) from None
    try:
        with soundfile.SoundFile(stream) as file:
            file.read(_FIRST_FRAMES, dtype="float32")
            seconds = file.frames / file.samplerate
            return AudioFacts(
                _BY_SOUNDFILE.get(file.format, _OTHER), file.samplerate, file.channels, seconds
            )
    except (soundfile.LibsndfileError, RuntimeError):
        return None


def _by_ffmpeg(stream: BinaryIO) -> AudioFacts:
    with opened_by_ffmpeg(stream) as (container, track):
        next(container.decode(track))
        codec = track.codec_context
        length = container.duration / 1_000_000 if container.duration else None
        media_type = _BY_FFMPEG.get(container.format.name, _OTHER)
        return AudioFacts(media_type, int(codec.sample_rate), int(codec.channels), length)


@contextlib.contextmanager
def opened_by_ffmpeg(stream: BinaryIO) -> Iterator[tuple[Any, Any]]:
    """Open a sound by FFmpeg; yields the container and its first track of sound.

    Nothing but the stream is read, whatever files or addresses a playlist in it names.

    Raises:
        MissingExtraError: The extra `audio` is not installed.
        SoundError: It holds no sound, or is broken.
    """
    try:
        import av
    except ImportError:
        raise MissingExtraError(MISSING) from None
    try:
        with av.open(
            stream, mode="r", metadata_errors="ignore", options={"protocol_whitelist": "none"}
        ) as container:
            if not container.streams.audio:
                raise SoundError("holds no sound")
            yield container, container.streams.audio[0]
    except SoundError:
        raise
    except (av.FFmpegError, ValueError, OverflowError, StopIteration):
        raise SoundError(NO_SOUND) from None
