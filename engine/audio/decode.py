"""Sounds from files of any common format, decoded once."""

import io
from typing import TYPE_CHECKING, Any, BinaryIO

from engine.audio.sound import Sound, SoundError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_SECONDS = 3600
MAX_CHANNELS = 32
MISSING = (
    "cannot be decoded, because a package for sound is missing; install the extra 'audio': "
    "pip install 'safelight[audio]'"
)


class MissingExtraError(SoundError):
    """The extra `audio` is not installed."""


def decode(source: bytes | BinaryIO, name: str = "", *, middle: float | None = None) -> Sound:
    """Return the sound of a file: libsndfile's formats, and by FFmpeg all others.

    Args:
        source: The file's bytes, or a seekable stream of them.
        name: Its name; the ending is a hint and nothing more.
        middle: Seconds from its middle to return if it is longer; None for all of it.

    Raises:
        MissingExtraError: The extra `audio` is not installed.
        SoundError: It holds no sound, is broken, is longer than an hour or has too many channels.
    """
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    if not stream.read(1):
        raise SoundError("is empty")
    stream.seek(0)
    sound = _by_soundfile(stream, middle)
    if sound is None:
        stream.seek(0)
        sound = _cut(_by_av(stream), middle)
    if sound.samples.size == 0:
        raise SoundError("holds no sound")
    return sound


def _by_soundfile(stream: BinaryIO, middle: float | None) -> Sound | None:
    """Return the sound, or None of a format that libsndfile does not know."""
    try:
        import soundfile
    except (ImportError, OSError):
        raise MissingExtraError(MISSING) from None
    try:
        with soundfile.SoundFile(stream) as file:
            _check(file.channels, file.frames / file.samplerate)
            start, stop = _middle(file.frames, file.samplerate, middle)
            if start:
                file.seek(start)
            samples = file.read(stop - start, dtype="float32", always_2d=True).T
            return Sound(samples, int(file.samplerate))
    except soundfile.LibsndfileError:
        return None


def _cut(sound: Sound, middle: float | None) -> Sound:
    start, stop = _middle(sound.samples.shape[1], sound.sample_rate, middle)
    return Sound(sound.samples[:, start:stop], sound.sample_rate)


def _middle(frames: int, rate: int, seconds: float | None) -> tuple[int, int]:
    """First frame of the middle of a sound, and the frame after its last."""
    wanted = frames if seconds is None else min(frames, max(1, round(seconds * rate)))
    start = (frames - wanted) // 2
    return start, start + wanted


def _by_av(stream: BinaryIO) -> Sound:
    try:
        import av
    except ImportError:
        raise MissingExtraError(MISSING) from None
    try:
        with av.open(stream, mode="r", metadata_errors="ignore") as container:
            if not container.streams.audio:
                raise SoundError("holds no sound")
            return _decoded(av, container, container.streams.audio[0])
    except (av.FFmpegError, ValueError, OverflowError) as error:
        if isinstance(error, SoundError):
            raise
        raise SoundError("is no sound that can be decoded, or is broken") from None


def _decoded(av: Any, container: Any, track: Any) -> Sound:
    import numpy as np

    rate, channels = int(track.codec_context.sample_rate), int(track.codec_context.channels)
    _check(channels, 0)
    resampler = av.AudioResampler(format="fltp", layout=track.codec_context.layout, rate=rate)
    pieces: list[NDArray[np.float32]] = []
    frames = 0
    for frame in container.decode(track):
        for part in resampler.resample(frame):
            pieces.append(part.to_ndarray())
            frames += part.samples
        _check(channels, frames / rate)
    pieces += [part.to_ndarray() for part in resampler.resample(None)]
    if not pieces:
        raise SoundError("holds no sound")
    return Sound(np.concatenate(pieces, axis=1), rate)


def _check(channels: int, seconds: float) -> None:
    if not 1 <= channels <= MAX_CHANNELS:
        raise SoundError(f"has {channels} channels, more than the {MAX_CHANNELS} that are read")
    if seconds > MAX_SECONDS:
        raise SoundError(f"lasts more than {MAX_SECONDS // 60} minutes; cut it")
