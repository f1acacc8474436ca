"""Sounds from files of any common format, decoded once."""

import io
from typing import TYPE_CHECKING, Any, BinaryIO

from engine.audio.decoders import opened_by_ffmpeg, opened_by_soundfile
from engine.audio.sound import Sound, SoundError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_SECONDS = 3600
MAX_VALUES = 4 * 10**8
"""Values of all channels together: an hour of stereo at 48 kHz, and 1.6 GB as floats."""


_BLOCK = 1 << 18
_ENCODER_DELAY = 0.05


def decode(
    source: bytes | BinaryIO,
    name: str = "",
    *,
    middle: float | None = None,
    first: float | None = None,
) -> Sound:
    """Return the sound of a file: libsndfile's formats, and by FFmpeg all others.

    A track that starts later than the others of its file starts with silence, as it is played.

    Args:
        source: The file's bytes, or a seekable stream of them.
        name: Its name; the ending is a hint and nothing more.
        middle: Seconds from its middle to return if it is longer; None for all of it.
        first: Seconds from its start to decode if it is longer; None for all of it.

    Raises:
        MissingExtraError: The extra `audio` is not installed.
        SoundError: It holds no sound, is broken, has too many channels, or what is decoded is
            longer than an hour.
    """
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    if not stream.read(1):
        raise SoundError("is empty")
    stream.seek(0)
    sound = _by_soundfile(stream, middle, first) or _cut(_by_ffmpeg(stream, first), middle)
    if sound.samples.size == 0:
        raise SoundError("holds no sound")
    return sound


def _by_soundfile(stream: BinaryIO, middle: float | None, first: float | None) -> Sound | None:
    """Return the sound, or None of a format that libsndfile does not know."""
    with opened_by_soundfile(stream) as file:
        if file is None:
            return None
        rate, frames = int(file.samplerate), int(file.frames)
        wanted = frames if first is None else min(frames, round(first * rate))
        start, stop = _middle(wanted, rate, middle)
        _check_length(stop - start, file.channels, rate)
        if start:
            file.seek(start)
        whole = frames / rate if wanted < frames else None
        return Sound(_read(file, stop - start), rate, whole)


def _read(file: Any, frames: int) -> "NDArray[np.float32]":
    """Return the next frames, fewer if the file is cut, each channel in one piece."""
    import numpy as np

    samples = np.empty((file.channels, frames), np.float32)
    count = 0
    while count < frames:
        block = file.read(min(_BLOCK, frames - count), dtype="float32", always_2d=True)
        if not len(block):
            break
        samples[:, count : count + len(block)] = block.T
        count += len(block)
    return samples[:, :count]


def _cut(sound: Sound, middle: float | None) -> Sound:
    start, stop = _middle(sound.samples.shape[1], sound.sample_rate, middle)
    return Sound(sound.samples[:, start:stop], sound.sample_rate, sound.whole_seconds)


def _middle(frames: int, rate: int, seconds: float | None) -> tuple[int, int]:
    """First frame of the middle of a sound, and the frame after its last."""
    wanted = frames if seconds is None else min(frames, max(1, round(seconds * rate)))
    start = (frames - wanted) // 2
    return start, start + wanted


def _by_ffmpeg(stream: BinaryIO, first: float | None) -> Sound:
    with opened_by_ffmpeg(stream) as (container, track):
        rate = int(track.codec_context.sample_rate)
        wanted = None if first is None else round(first * rate)
        samples = _decoded(container, track, wanted)
        if wanted is None or samples.shape[1] <= wanted:
            return Sound(samples, rate)
        stated = container.duration / 1_000_000 if container.duration else 0.0
        return Sound(samples[:, :wanted], rate, max(stated, wanted / rate))


def _decoded(container: Any, track: Any, wanted: int | None) -> "NDArray[np.float32]":
    """Return all samples, or a few more than wanted."""
    import av
    import numpy as np

    rate, channels = int(track.codec_context.sample_rate), int(track.codec_context.channels)
    resampler = av.AudioResampler(format="flt", layout=track.codec_context.layout, rate=rate)
    pieces: list[NDArray[Any]] = []
    frames = 0
    for frame in container.decode(track):
        if not pieces:
            lead = round(_lead(container, frame) * rate)
            frames += lead
            _check_length(frames, channels, rate)
            pieces.append(np.zeros((1, lead * channels), np.float32))
        for part in resampler.resample(frame):
            pieces.append(part.to_ndarray())
            frames += part.samples
        _check_length(frames, channels, rate)
        if wanted is not None and frames > wanted:
            break
    pieces += [part.to_ndarray() for part in resampler.resample(None)]
    if len(pieces) < 2:
        raise SoundError("holds no sound")
    return _joined(pieces, channels)


def _lead(container: Any, frame: Any) -> float:
    """Return the seconds by which a first frame is later than the start of its file.

    A twentieth of a second and less is what encoders put before a sound, and does not count.
    """
    lead = frame.time - (container.start_time or 0) / 1_000_000 if frame.time else 0.0
    return lead if lead > _ENCODER_DELAY else 0.0


def _joined(pieces: "list[NDArray[Any]]", channels: int) -> "NDArray[np.float32]":
    """Return pieces as one array, each channel in one piece; empties the list.

    Each is of shape (1, frames * channels): packed, since PyAV reads past the planes of a planar
    frame with eight channels or more.
    """
    import numpy as np

    stop = sum(piece.size for piece in pieces) // channels
    samples = np.empty((channels, stop), np.float32)
    while pieces:  # from the end, where memory is given back at once
        part = pieces.pop().reshape(-1, channels)
        samples[:, stop - len(part) : stop] = part.T
        stop -= len(part)
    return samples


def _check_length(frames: int, channels: int, rate: int) -> None:
    if frames > MAX_SECONDS * rate:
        raise SoundError(f"lasts more than {MAX_SECONDS // 60} minutes; cut it")
    if frames * channels > MAX_VALUES:
        raise SoundError(
            f"has {channels} channels at {rate} Hz for {frames / rate / 60:.0f} minutes, more than "
            "fits into memory; cut it, or mix it down"
        )
