"""Signals of an imaginary song: a quiet half and a loud half at 120 beats a minute."""

import math

from engine.video.plan import Signals

RATE = 20
"""Rows a second."""


def song_signals(seconds: float = 8.0, *, loud_from: float = 4.0) -> Signals:
    """Signals that are quiet, and loud from a moment on."""
    times = tuple(index / RATE for index in range(int(seconds * RATE) + 1))
    level = tuple(0.85 if time >= loud_from else 0.1 for time in times)
    kick = tuple(row * math.exp(-4 * (time % 0.5)) for row, time in zip(level, times, strict=True))
    spectrum = tuple(
        tuple(row * (0.5 + 0.5 * math.sin(band * 0.4 + time)) for band in range(64))
        for row, time in zip(level, times, strict=True)
    )
    beats = tuple(beat / 2 for beat in range(int(seconds * 2)))
    return Signals(
        times=times, rms=level, bass=kick, energy=level, flux=kick, spectrum=spectrum,
        beats=beats, downbeats=beats[::4], onsets=beats,
    )  # fmt: skip
