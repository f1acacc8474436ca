"""Samples of a sound as columns of a waveform; those of a WAV file in bounded memory."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from engine.audio.sound import Sound
from engine.audio.wav import WavHeader, read_wav

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_BLOCK = 1 << 16
"""Frames of one column that are read; of more, the first."""

MAX_VALUES = 1 << 18
"""Samples of one column that are read, of all channels together."""

SILENCE = -120.0
"""Level of silence in dBFS: the lowest that is reported."""


@dataclass(frozen=True, slots=True)
class Waveform:
    """Levels of a sound.

    Attributes:
        columns: Peak of each stretch of the sound, 0 to 1, all of the same length.
        peak: Highest level in dBFS, 0 for full scale.
        loudness: Root mean square level in dBFS.
        is_sampled: True if only a part of each stretch was read.
    """

    columns: tuple[float, ...]
    peak: float
    loudness: float
    is_sampled: bool


def read_waveform(stream: BinaryIO, size: int, columns: int) -> Waveform | None:
    """Return the levels of a WAV file, or None if its samples cannot be read.

    Args:
        stream: The file, at its start.
        size: Bytes of the file.
        columns: Number of stretches, at least 1; fewer if the sound has fewer frames.
    """
    header = read_wav(stream, size)
    if header is None or not header.is_linear or not header.frames:
        return None
    count = max(1, min(columns, header.frames))
    block = max(1, min(MAX_BLOCK, MAX_VALUES // header.channels))
    levels, power, read = [], 0.0, 0
    for column in range(count):
        start = column * header.frames // count
        frames = min((column + 1) * header.frames // count - start, block)
        stream.seek(header.data_offset + start * header.frame_bytes)
        values = _values(stream.read(frames * header.frame_bytes), header)
        levels.append(float(abs(values).max()) if values.size else 0.0)
        power += float((values * values).sum())
        read += values.size
    return Waveform(
        columns=tuple(min(level, 1.0) for level in levels),
        peak=_decibels(max(levels)),
        loudness=_decibels(math.sqrt(power / read) if read else 0.0),
        is_sampled=header.frames // count > block,
    )


def waveform_of(sound: Sound, columns: int) -> Waveform | None:
    """Return the levels of a decoded sound, or None if it has no samples.

    Args:
        sound: The sound.
        columns: Number of stretches, at least 1; fewer if the sound has fewer frames.
    """
    import numpy as np

    frames = sound.samples.shape[1]
    if not frames:
        return None
    values = np.clip(np.nan_to_num(sound.samples, nan=0.0, posinf=1.0, neginf=-1.0), -1e3, 1e3)
    count = max(1, min(columns, frames))
    starts = np.arange(count) * frames // count
    levels = np.maximum.reduceat(np.abs(values).max(axis=0), starts)
    power = float(np.square(values, dtype=np.float64).mean())
    return Waveform(
        columns=tuple(min(float(level), 1.0) for level in levels),
        peak=_decibels(float(levels.max())),
        loudness=_decibels(math.sqrt(power)),
        is_sampled=False,
    )


def _decibels(level: float) -> float:
    return max(SILENCE, 20 * math.log10(level)) if level > 0 else SILENCE


def _values(data: bytes, header: WavHeader) -> "NDArray[np.float64]":
    """Samples as numbers, full scale 1; those that are not numbers count as silence."""
    import numpy as np

    width = header.bits // 8
    data = data[: len(data) // width * width]
    if header.is_float:
        found: Any = np.frombuffer(data, f"<f{width}").astype(np.float64)
        known = np.nan_to_num(found, nan=0.0, posinf=1.0, neginf=-1.0)
        return np.asarray(np.clip(known, -1e3, 1e3))
    if width == 1:
        return np.asarray((np.frombuffer(data, np.uint8).astype(np.float64) - 128) / 128)
    if width == 3:  # as the upper three bytes of four
        padded = np.zeros((len(data) // 3, 4), np.uint8)
        padded[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        return np.asarray(padded.view("<i4")[:, 0].astype(np.float64) / 2**31)
    return np.asarray(np.frombuffer(data, f"<i{width}").astype(np.float64) / 2 ** (header.bits - 1))
