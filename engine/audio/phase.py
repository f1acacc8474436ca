"""Phase of a stereo sound: whether its channels survive being mixed to one."""

import math
from typing import TYPE_CHECKING, Any, Literal

from engine.audio.features import Measured, Undefined
from engine.audio.stereo import correlation, worst_correlation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.floating[Any]]

MILD, SEVERE = -0.3, -0.7
"""Correlations up to which the phase is an issue, and under which it is a severe one."""

PhaseStatus = Literal["good", "mild_phase_issue", "severe_phase_issue"]

_GONE_DB = -60.0


class Phase(Measured):
    """Phase of two channels, without their offsets.

    Attributes:
        status: `good` above a correlation of -0.3, `severe_phase_issue` under -0.7.
        correlation: Correlation over the whole sound, -1 (opposite) to 1 (equal).
        worst: Lowest correlation of 0.4 s; None if the sound is shorter.
        fold_down_db: Level of the mean of both channels, compared with the channels, in dB, 0 or
            less; None if nothing is left of them.
        message: The finding in a sentence.
    """

    status: PhaseStatus
    correlation: float
    worst: float | None
    fold_down_db: float | None
    message: str


def phase(samples: "Samples", sample_rate: int) -> Phase:
    """Measure the phase of two channels.

    Args:
        samples: Shape (channels, frames).
        sample_rate: Frames per second.

    Raises:
        Undefined: There are not two channels, or one of them is silent.
    """
    if len(samples) != 2:
        raise Undefined(f"it needs two channels; the sound has {len(samples)}")
    value = correlation(samples)
    if value is None:
        raise Undefined("a channel is silent")
    worst, loss = worst_correlation(samples, sample_rate), _fold_down(samples)
    return Phase(
        status=phase_status(value),
        correlation=value,
        worst=worst,
        fold_down_db=loss if loss > _GONE_DB else None,
        message=_message(value, worst, loss),
    )


def phase_status(value: float) -> PhaseStatus:
    """Return the status of a correlation."""
    if value > MILD:
        return "good"
    return "mild_phase_issue" if value >= SEVERE else "severe_phase_issue"


def _fold_down(samples: "Samples") -> float:
    """Return the gain in dB of mixing two channels to one; `-inf` if they cancel each other."""
    import numpy as np

    centred = samples - samples.mean(axis=1, dtype=np.float64)[:, None]
    levels = np.sqrt((centred * centred).mean(axis=1))
    mixed = float(np.sqrt((centred.mean(axis=0) ** 2).mean()))
    return 20 * math.log10(mixed / float(levels.mean())) if mixed > 0 else -math.inf


def _message(value: float, worst: float | None, loss: float) -> str:
    in_mono = f"mixed to mono it loses {-loss:.1f} dB" if loss > _GONE_DB else "mono is silent"
    if phase_status(value) == "severe_phase_issue":
        return f"The channels cancel each other: {in_mono}. Invert one channel."
    if phase_status(value) == "mild_phase_issue":
        return f"The channels partly cancel each other: {in_mono}."
    if worst is not None and worst <= MILD:
        return f"The phase is good on the whole, with a stretch of correlation {worst:.2f}."
    return "The phase is good."
