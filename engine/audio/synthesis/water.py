"""Water: bubbles that ring, drips, splashes and waves.

A bubble of radius r in metres rings at 3 / r Hz, decays at 0.13 / r + 0.0072 r^-1.5 a second and
rises in pitch as it comes to the surface (van den Doel 2005, Physically Based Models for Liquid
Sounds).
"""

from typing import TYPE_CHECKING

from engine.audio.synthesis.description import Description
from engine.audio.synthesis.take import Take, band
from engine.audio.synthesis.weather import wide

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_SMALLEST, _LARGEST = 0.0006, 0.006
_BUBBLE_SECONDS = 0.05


def water(description: Description, take: Take) -> "Floats":
    """Return water as its words tell: drips, a splash, waves, or a stream.

    Returns:
        Shape (2, frames).
    """
    for name, model in (("drip", drips), ("splash", splash), ("waves", waves)):
        if name in description.manner:
            return model(description, take)
    return stream(description, take)


def stream(description: Description, take: Take) -> "Floats":
    """Return running water: bubbles of all sizes over a soft hiss."""
    import numpy as np

    force = description.intensity
    rate = 40 * 6**force * np.exp(0.3 * take.drift(3))
    sides = np.stack([bubbles(rate, take) for _ in range(2)])
    hiss = wide(take, band(500, 3500, 6))
    return sides + 0.6 * bubbles(rate, take) + hiss * (0.01 + 0.35 * force**2)


def bubbles(a_second: "float | Floats", take: Take, largest: float = _LARGEST) -> "Floats":
    """Return bubbles at random.

    Args:
        a_second: Bubbles a second, over the take or at each sample.
        take: The take.
        largest: Radius of the largest in metres.

    Returns:
        Shape (frames,); the loudest bubbles have a peak of about 1.
    """
    track = take.silence()
    starts = take.moments(a_second)
    radius = _SMALLEST * (largest / _SMALLEST) ** take.rng.random(len(starts))
    loud = (radius / largest) ** 0.7 * take.rng.random(len(starts)) ** 2
    rise = 3 * take.rng.random(len(starts)) ** 2

    def wave(part: slice, time: "Floats") -> "Floats":
        return loud[part, None] * _ringing(radius[part, None], rise[part, None], time)

    take.scatter(track, starts, round(_BUBBLE_SECONDS * take.rate), wave)
    return track


def _ringing(radius: "Floats", rise: "Floats", time: "Floats") -> "Floats":
    import numpy as np

    decay = 0.13 / radius + 0.0072 * radius**-1.5
    turns = 3 / radius * (time + 0.05 * rise * decay * time**2)
    cut = np.minimum(1, (_BUBBLE_SECONDS - time) / 0.005)
    ringing: Floats = np.sin(2 * np.pi * turns) * np.exp(-decay * time) * cut
    return ringing


def drips(description: Description, take: Take) -> "Floats":
    """Return drops that fall into water: a tick, then the bubble that it encloses."""
    import numpy as np

    from engine.audio.synthesis.room import panned

    track = take.silence()
    time = np.arange(round(0.12 * take.rate)) / take.rate
    for at in events(description, take, each=0.9 - 0.6 * description.intensity):
        radius = 0.0025 * 2 ** take.rng.uniform(-0.4, 0.7)
        bubble = np.sin(2 * np.pi * 3 / radius * (time + 1.2 * time**2)) * np.exp(-55 * time)
        tick = take.rng.standard_normal(len(time)) * np.exp(-time / 0.0006)
        track_at = at + take.rng.uniform(-0.02, 0.02) * (description.count is None)
        take.add(track, 0.25 * tick, max(0, track_at))
        take.add(track, bubble * (1 - np.exp(-time / 0.001)), max(0, track_at) + 0.012)
    return panned(track, 0.0)


def splash(description: Description, take: Take) -> "Floats":
    """Return splashes: the blow, the sheet of water that falls back, and bubbles."""
    import numpy as np

    total = np.zeros((2, take.frames))
    size = 0.5 + description.size
    for at in events(description, take, each=1.6 if description.count else 1e6):
        after = take.times() - at
        if take.loop:
            after %= take.seconds
        late, has_begun = np.maximum(0, after), (after >= 0).astype(np.float64)
        fall = has_begun * np.exp(-late / (0.16 * size)) * (1 - np.exp(-late / 0.008))
        noise = wide(take, band(350 / size, 3500, 5), 0.6)
        total += 0.5 * noise * fall
        trail: Floats = 350 * has_begun * np.exp(-late / (0.3 * size))
        total += np.stack([bubbles(trail, take, 0.009) for _ in range(2)])
    return total


def waves(description: Description, take: Take) -> "Floats":
    """Return waves on a shore, which brighten as they break."""
    import numpy as np

    count = max(1, round(take.seconds / 7))
    turns = take.times() * count / take.seconds + 0.12 * take.drift(0.1)
    swell = (0.5 - 0.5 * np.cos(2 * np.pi * (turns % 1) ** 0.7)) ** 2
    low = wide(take, band(60, 400, 5))
    high = wide(take, band(700, 6000, 4), 0.6)
    return low * (0.12 + 0.6 * swell) + high * (0.04 + 0.7 * description.intensity * swell**2)


def events(description: Description, take: Take, each: float, start: float = 0.02) -> list[float]:
    """Return the times of events: as many as the words ask for, or as many as fit.

    Args:
        description: Its count is used if there is one.
        take: The take; in a loop, the events are spread evenly over it.
        each: Usual time from one to the next in seconds.
        start: Time of the first in seconds.
    """
    room = max(1, round(take.seconds / each) if take.loop else int((take.seconds - start) / each))
    count = min(description.count or room, 200)
    step = take.seconds / count if take.loop else min(each, (take.seconds - start) / count)
    return [start + number * step for number in range(count)]
