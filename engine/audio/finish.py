"""Last touches to a sound: fades at its ends, and its loudness."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.audio.loudness import loudness, true_peak_db
from engine.audio.sound import Sound, magnitude

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HIGHEST_PEAK_DB = -1.0
"""Peak between samples in dBTP that no gain goes beyond (EBU R 128)."""

_NEAR = 0.05


@dataclass(frozen=True, slots=True)
class Finish:
    """Last touches to a sound.

    Attributes:
        fade: Seconds of a fade at each end; 0 for none.
        target_lufs: Integrated loudness in LUFS; None to leave it.
    """

    fade: float = 0.0
    target_lufs: float | None = None


def finished(sound: Sound, finish: Finish) -> tuple[Sound, list[str]]:
    """Return a sound after its last touches, and notes of those that were not possible.

    Loudness is set by one gain for the whole sound. It raises no peak between samples above
    -1 dBTP: such a sound stays softer, and a note tells how much.
    """
    samples, notes = sound.samples, list[str]()
    if finish.fade > 0:
        samples = faded(samples, round(finish.fade * sound.sample_rate))
    if finish.target_lufs is not None:
        gain, notes = _gain(Sound(samples, sound.sample_rate), finish.target_lufs)
        samples = samples * samples.dtype.type(10 ** (gain / 20))
    return Sound(samples, sound.sample_rate), notes


def faded(samples: "NDArray[np.float32]", frames: int) -> "NDArray[np.float32]":
    """Return samples with a raised cosine at each end, at most half as long as the sound."""
    import numpy as np

    frames = min(frames, samples.shape[1] // 2)
    if not frames:
        return samples
    rise = np.sin(np.linspace(0, np.pi / 2, frames + 1)[:-1]).astype(np.float32) ** 2
    result = samples.copy()
    result[:, :frames] *= rise
    result[:, -frames:] *= rise[::-1]
    return result


def _gain(sound: Sound, target: float) -> tuple[float, list[str]]:
    """Return the gain in dB to a loudness, and a note if it is another one."""
    measured = loudness(sound.samples, sound.sample_rate).integrated
    if measured is None or not magnitude(sound.samples):
        return 0.0, ["Its loudness is left as it is: too short or too quiet to be measured."]
    gain, room = target - measured, HIGHEST_PEAK_DB - true_peak_db(sound.samples)
    if gain <= max(0.0, room) + _NEAR:
        return gain, []
    gain = max(0.0, room)
    levels = f"{measured + gain:.1f} LUFS, not {target:g}"
    return gain, [f"Its loudness is {levels}: its peaks are at {HIGHEST_PEAK_DB:g} dBTP or above."]
