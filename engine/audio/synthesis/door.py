"""Doors: hinges that creak, leaves that fall shut, latches and knocks."""

from typing import TYPE_CHECKING

from engine.audio.synthesis.description import Description
from engine.audio.synthesis.modal import MATERIALS, Body, struck
from engine.audio.synthesis.room import panned
from engine.audio.synthesis.take import Take
from engine.audio.synthesis.water import events

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_PANELS = ((75, 26, 1.0), (148, 30, 0.7), (310, 45, 0.4), (620, 80, 0.22), (1150, 120, 0.12))
"""Modes of a door leaf: Hz, decay rate in 1/s, level."""

_HINGE = ((420, 70, 0.7), (980, 110, 1.0), (1740, 150, 0.7), (2900, 260, 0.35))
"""Modes of a hinge and the leaf that hangs on it."""


def door(description: Description, take: Take) -> "Floats":
    """Return knocks, a slam, or a door that creaks and falls shut.

    Returns:
        Shape (2, frames).
    """
    track = take.silence()
    if "knock" in description.manner:
        for at in _knock_times(description, take):
            take.add(track, _knock(description, take), at)
        return panned(track, -0.05)
    shut = 0.02
    if "slam" not in description.manner:
        shut = min(1.6, 0.55 * take.seconds)
        take.add(track, _creak(0.9 * shut, description, take), 0.01)
    take.add(track, _latch(take), max(0.0, shut - 0.012))
    take.add(track, _thud(description, take), shut)
    return panned(track, -0.05)


def _knock_times(description: Description, take: Take) -> list[float]:
    """Return the times of knocks: three, unless the words ask for another number."""
    if take.loop:
        return events(description, take, 0.32)
    count = description.count or 3
    return [0.02 + 0.27 * number for number in range(min(count, int(take.seconds / 0.27) + 1))]


def _knock(description: Description, take: Take) -> "Floats":
    hertz = 165 * 2 ** (0.6 - 1.2 * description.size) * take.rng.uniform(0.97, 1.03)
    body = Body(hertz, MATERIALS["wood"], "plate")
    blow = struck(body, 0.4, take.rate, take.rng, hardness=0.55, position=0.2)
    return take.rng.uniform(0.8, 1) * blow.astype(float)


def _creak(seconds: float, description: Description, take: Take) -> "Floats":
    """Return a hinge that sticks and slips, at a rate that wanders, and rings at each slip."""
    import numpy as np

    count = max(2, round(seconds * take.rate))
    part = np.linspace(0, 1, count)
    wander = np.interp(part, np.linspace(0, 1, 9), take.rng.uniform(-1, 1, 9))
    speed = (55 if "creak" in description.manner else 34) * 2 ** (0.9 * wander)
    speed *= 0.35 + np.sin(np.pi * part)
    slips = np.zeros(count)
    at = np.flatnonzero(np.diff(np.floor(np.cumsum(speed) / take.rate)) > 0)
    slips[at] = take.rng.uniform(0.4, 1, len(at)) * np.sin(np.pi * part[at]) ** 0.5
    size = count + round(0.1 * take.rate)
    rung = np.fft.irfft(
        np.fft.rfft(slips, 2 * size) * np.fft.rfft(_modes(_HINGE, 0.1, take), 2 * size), 2 * size
    )[:size]
    level = 0.6 if "creak" in description.manner else 0.22
    return np.asarray(level * rung / max(1e-9, float(np.abs(rung).max())))


def _modes(modes: "tuple[tuple[float, float, float], ...]", seconds: float, take: Take) -> "Floats":
    import numpy as np

    time = np.arange(round(seconds * take.rate)) / take.rate
    total = np.zeros(len(time))
    for hertz, decay, level in modes:
        pitch = hertz * take.rng.uniform(0.96, 1.04)
        total += level * np.exp(-decay * time) * np.sin(2 * np.pi * pitch * time)
    return total


def _thud(description: Description, take: Take) -> "Floats":
    """Return the blow of a leaf on its frame."""
    import numpy as np

    blow = _modes(_PANELS, 0.5, take)
    time = np.arange(len(blow)) / take.rate
    slap = take.rng.standard_normal(len(blow)) * np.exp(-time / 0.004)
    force = 0.25 if "slam" in description.manner else 0.08
    return blow + force * slap


def _latch(take: Take) -> "Floats":
    """Return the click of a steel latch."""
    body = Body(1900, MATERIALS["stone"])
    return 0.25 * struck(body, 0.08, take.rate, take.rng, hardness=0.95).astype(float)
