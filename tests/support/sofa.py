"""A small SOFA file of a head that is a sphere.

Delays are those of Woodworth and Schlosberg, shadows the one-pole filter of Brown and Duda, "A
Structural Model for Binaural Sound Synthesis" (1998).
"""

from pathlib import Path
from typing import Any

import numpy as np

RADIUS, SPEED = 0.0875, 343.0
TAPS = 128


def delay_of(angle: float) -> float:
    """Seconds by which sound reaches an ear, against the middle of the head.

    Args:
        angle: Angle between the ear and the source in radians.
    """
    if angle < np.pi / 2:
        return float(-RADIUS / SPEED * np.cos(angle))
    return float(RADIUS / SPEED * (angle - np.pi / 2))


def response(azimuth: float, rate: int) -> Any:
    """Impulse responses of both ears, the left first, of shape (2, taps).

    Args:
        azimuth: Direction in degrees, to the left above 0, as AES69 has it.
    """
    omega = 2 * np.pi * np.fft.rfftfreq(TAPS, 1 / rate)
    ears = []
    for ear in (90, -90):
        angle = np.radians(abs((azimuth - ear + 180) % 360 - 180))
        alpha = 1.05 + 0.95 * np.cos(angle * 180 / 150)
        shadow = (1 + 1j * alpha * omega * RADIUS / SPEED / 2) / (
            1 + 1j * omega * RADIUS / SPEED / 2
        )
        later = 32 / rate + delay_of(float(angle))
        ears.append(np.fft.irfft(shadow * np.exp(-1j * omega * later), TAPS))
    return np.array(ears)


def write_head(path: Path, *, step: int = 5, rate: int = 48_000, **changes: Any) -> Path:
    """Write a SOFA file with a direction every some degrees; `changes` replace its values."""
    import sofar

    azimuths = np.arange(0, 360, step)
    sofa = sofar.Sofa("SimpleFreeFieldHRIR")
    sofa.Data_IR = np.array([response(float(one), rate) for one in azimuths])
    sofa.Data_SamplingRate = rate
    sofa.Data_Delay = np.zeros((1, 2))
    sofa.SourcePosition = np.array([[one, 0, 1.5] for one in azimuths])
    sofa.ReceiverPosition = np.array([[0, RADIUS, 0], [0, -RADIUS, 0]])
    for name, value in changes.items():
        setattr(sofa, name, value)
    sofar.write_sofa(str(path), sofa)
    return path
