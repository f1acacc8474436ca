"""Last steps from a model's samples to a file, as plain data for the process pool."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.audio.decode import decode
from engine.audio.envelope import Envelope
from engine.audio.features import Undefined
from engine.audio.looping import looped
from engine.audio.sound import Sound, SoundError, magnitude
from engine.audio.wav import write_wav_24
from engine.models.sound.lengths import samples_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CEILING_DB = -0.1
"""Peak of a sound that was turned down, in dBFS."""

EARLY = 0.75
"""Share of the length from which a sound that ends before it is noted."""

_MARGIN_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Finish:
    """Options of the last steps.

    Attributes:
        seconds: Length of the file.
        loop: True if the samples continue after it, to be faded into the start.
        trim: True to cut silence off the end.
    """

    seconds: float
    loop: bool = False
    trim: bool = False


def finished(
    pcm: bytes, channels: int, sample_rate: int, finish: Finish
) -> tuple[bytes, list[str]]:
    """Return a sound as 24-bit WAV, and notes about it, one sentence each.

    Args:
        pcm: 32-bit floats, one channel after the other.
        channels: Number of channels.
        sample_rate: Sample rate in Hz.
        finish: The last steps.
    """
    import numpy as np

    samples = np.frombuffer(pcm, np.float32).reshape(channels, -1)
    if finish.loop:
        samples = looped(samples, samples_of(finish.seconds, sample_rate))
    samples, notes = _quietened(samples)
    end = _end(samples, sample_rate)
    if end < EARLY * finish.seconds and not finish.loop:
        ends = f"The sound ends after {end:.3g} of {finish.seconds:g} seconds"
        notes.append(f"{ends}; the rest is {'cut off' if finish.trim else 'silent'}.")
        if finish.trim:
            samples = samples[:, : samples_of(end + _MARGIN_SECONDS, sample_rate)]
    return write_wav_24(samples, sample_rate), notes


def _quietened(samples: "NDArray[np.float32]") -> "tuple[NDArray[np.float32], list[str]]":
    """Return samples that a file of whole numbers can hold: one gain for all, and no clipping."""
    import math

    peak = magnitude(samples)
    if peak <= 1:
        return samples, []
    gain = 10 ** (CEILING_DB / 20) / peak
    decibels = -20 * math.log10(gain)
    note = f"The sound went beyond full scale and was turned down by {decibels:.1f} dB."
    return samples * gain, [note]


def _end(samples: "NDArray[np.float32]", sample_rate: int) -> float:
    """Return the time at which a sound ends; its length if it is silent."""
    sound = Sound(samples, sample_rate)
    try:
        return Envelope.of(sound).edges()[1]
    except Undefined:
        return sound.seconds


def decoded(seconds: float, data: bytes) -> dict[str, Any] | None:
    """Return a sound to start from as the fields of an `InitSound`; None if it is no sound.

    Args:
        seconds: Length of its start that is needed.
        data: The sound.
    """
    try:
        sound = decode(data, first=seconds)
    except SoundError:
        return None
    return {
        "pcm": sound.samples.tobytes(),
        "channels": sound.channels,
        "sample_rate": sound.sample_rate,
    }
