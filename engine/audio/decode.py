"""Sounds from files of any common format, decoded once."""

import io
from typing import TYPE_CHECKING, Any, BinaryIO

from engine.audio.decoders import opened_by_ffmpeg, opened_by_soundfile
from engine.audio.sound import Sound, SoundError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_SECONDS = 3600
MAX_VALUES = 4 * 10**8
"""Values of all channels together: an hour of stereo at 48 kHz, and 1.6 GB as floats."""


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
    sound = _by_soundfile(stream, middle) or _cut(_by_ffmpeg(stream), middle)
    if sound.samples.size == 0:
        raise SoundError("holds no sound")
    return sound


def _by_soundfile(stream: BinaryIO, middle: float | None) -> Sound | None:
    """Return the sound, or None of a format that libsndfile does not know."""
    with opened_by_soundfile(stream) as file:
        if file is None:
            return None
        start, stop = _middle(file.frames, file.samplerate, middle)
        _check_length(stop - start, file.channels, file.samplerate)
        if start:
            file.seek(start)
        samples = file.read(stop - start, dtype="float32", always_2d=True).T
        return Sound(samples, int(file.samplerate))


def _cut(sound: Sound, middle: float | None) -> Sound:
    start, stop = _middle(sound.samples.shape[1], sound.sample_rate, middle)
    return Sound(sound.samples[:, start:stop], sound.sample_rate)


def _middle(frames: int, rate: int, seconds: float | None) -> tuple[int, int]:
    """First frame of the middle of a sound, and the frame after its last."""
    wanted = frames if seconds is None else min(frames, max(1, round(seconds * rate)))
    start = (frames - wanted) // 2
    return start, start + wanted


def _by_ffmpeg(stream: BinaryIO) -> Sound:
    with opened_by_ffmpeg(stream) as (container, track):
        return _decoded(container, track)


def _decoded(container: Any, track: Any) -> Sound:
    import av
    import numpy as np

    rate, channels = int(track.codec_context.sample_rate), int(track.codec_context.channels)
    resampler = av.AudioResampler(format="flt", layout=track.codec_context.layout, rate=rate)
    pieces: list[NDArray[Any]] = []
    frames = 0
    for frame in container.decode(track):
        for part in resampler.resample(frame):
            pieces.append(part.to_ndarray())
            frames += part.samples
        _check_length(frames, channels, rate)
    pieces += [part.to_ndarray() for part in resampler.resample(None)]
    if not pieces:
        raise SoundError("holds no sound")
    # Packed: PyAV reads past the planes of a planar frame with eight channels or more.
    packed = np.concatenate(pieces, axis=1).reshape(-1, channels)
    return Sound(np.ascontiguousarray(packed.T), rate)


def _check_length(frames: int, channels: int, rate: int) -> None:
    if frames > MAX_SECONDS * rate:
        raise SoundError(f"lasts more than {MAX_SECONDS // 60} minutes; cut it")
    if frames * channels > MAX_VALUES:
        raise SoundError(
            f"has {channels} channels at {rate} Hz for {frames / rate / 60:.0f} minutes, more than "
            "fits into memory; cut it, or mix it down"
        )
