"""Rain, wind and thunder."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.audio.synthesis.description import Description
from engine.audio.synthesis.modal import MATERIALS, Body, Material, struck
from engine.audio.synthesis.take import Take, band

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_ROOFS = {
    "metal": Body(620, Material(0.006, 70), "plate"),
    "glass": Body(1400, Material(0.008, 80), "plate"),
    "wood": Body(240, MATERIALS["wood"], "plate"),
    "plastic": Body(420, MATERIALS["plastic"], "plate"),
}
_ROOF_SECONDS, _PANELS = 0.06, 6
_BANDS = ((40, 120), (120, 300), (300, 700), (700, 1500), (1500, 3500))


def rain(description: Description, take: Take) -> "Floats":
    """Return rain: single drops over the hiss of all others.

    Returns:
        Shape (2, frames).
    """
    import numpy as np

    force = description.intensity
    hiss = wide(take, band(900 - 500 * force, 9000, 5 + 3 * (1 - force)))
    hiss *= 1 + 0.12 * take.drift(0.4)
    channels = []
    for _ in range(2):
        track = take.silence()
        starts = take.moments(30 * 10 ** (1.1 * force))
        pitch = 1500 * 2 ** (2.3 * take.rng.random(len(starts)))
        loud = take.rng.exponential(1, len(starts))
        take.scatter(track, starts, round(0.012 * take.rate), _drops(pitch, loud))
        channels.append(_on_roof(track, starts, loud, description, take))
    return hiss * (0.05 + 0.3 * force) + np.stack(channels) * 0.5


def _drops(pitch: "Floats", loud: "Floats") -> "Callable[[slice, Floats], Floats]":
    """Return the waves of drops by their pitch and level."""
    import numpy as np

    def wave(part: slice, time: "Floats") -> "Floats":
        turns = 2 * np.pi * np.outer(pitch[part], time)
        values: Floats = loud[part, None] * np.sin(turns) * np.exp(-time / 0.0018)
        return values

    return wave


def _on_roof(
    track: "Floats",
    starts: "NDArray[np.intp]",
    loud: "Floats",
    description: Description,
    take: Take,
) -> "Floats":
    import numpy as np

    body = _ROOFS.get(description.material)
    if body is None:
        return track
    total = 0.4 * track
    panels = take.rng.integers(_PANELS, size=len(starts))
    for number in range(_PANELS):
        blows = take.silence()
        np.add.at(blows, starts[panels == number], loud[panels == number])
        panel = replace(body, hertz=body.hertz * 2 ** take.rng.uniform(-0.6, 0.6))
        ring = struck(panel, _ROOF_SECONDS, take.rate, take.rng, hardness=0.75, position=0.17)
        total += take.convolved(blows, ring.astype(float))
    return total


def wind(description: Description, take: Take) -> "Floats":
    """Return wind: noise in bands of which the higher ones come with the gusts, and a whistle.

    Returns:
        Shape (2, frames).
    """
    import numpy as np

    force = description.intensity
    gust = np.exp((0.35 + 0.4 * force) * take.drift(0.35))
    total = np.zeros((2, take.frames))
    for number, (low, high) in enumerate(_BANDS):
        level = 0.62**number * (0.6 + 0.8 * force) ** number
        noise = wide(take, band(low, high))
        total += level * gust ** (0.6 + 0.3 * number) * noise
    whistle = take.noise(band(620, 680, 60)) * np.maximum(0, gust - 1.2) ** 1.5
    return total + 0.5 * force * whistle


def thunder(description: Description, take: Take) -> "Floats":
    """Return a clap of thunder and the rumble that follows.

    Returns:
        Shape (2, frames).
    """
    import numpy as np

    time, near = take.times(), 1 - description.distance
    start = min(0.1, 0.1 * take.seconds)
    after = np.maximum(0.0, time - start)
    swell = np.exp(0.7 * take.drift(1.5))
    fall = np.exp(-after / min(2.2, 0.35 * take.seconds)) * (1 - np.exp(-after / 0.02))
    rumble = wide(take, band(30, 110, 9)) * swell * fall
    crack = wide(take, band(120, 2500, 4))
    bursts = np.minimum(4, np.exp(1.3 * take.drift(18))) * np.exp(-after / 0.18) * (after > 0)
    total: Floats = rumble + 0.4 * near * crack * bursts
    return total


def wide(take: Take, gain: "Callable[[Floats], Floats]", shared: float = 0.75) -> "Floats":
    """Return noise in stereo with a part that both channels share.

    Args:
        take: The take.
        gain: Gain at frequencies in Hz.
        shared: Level of the shared part, 0 to 1; the powers add up to 1.
    """
    import numpy as np

    middle, own = take.noise(gain), (1 - shared**2) ** 0.5
    return np.stack([shared * middle + own * take.noise(gain) for _ in range(2)])
