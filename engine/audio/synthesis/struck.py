"""Bells, impacts of all materials, and explosions."""

from typing import TYPE_CHECKING

from engine.audio.synthesis.description import Description
from engine.audio.synthesis.modal import MATERIALS, Body, struck
from engine.audio.synthesis.room import panned
from engine.audio.synthesis.take import Take, band
from engine.audio.synthesis.water import events
from engine.audio.synthesis.weather import wide

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BELL = (0.5, 1.0, 1.2, 1.5, 2.0, 2.5, 2.67, 3.0, 4.17, 5.43, 6.79, 8.21)
"""Partials of a church bell: hum, prime, tierce, quint, nominal and those above (Rossing 1984)."""

_LEVELS = (0.45, 0.7, 0.75, 0.35, 1.0, 0.3, 0.35, 0.5, 0.35, 0.22, 0.14, 0.08)
_CHIMES = (1.26, 1.0)
"""Pitches of a doorbell: a major third down."""

_HITS = {
    "metal": Body(310, MATERIALS["steel"], "plate"),
    "glass": Body(900, MATERIALS["glass"], "bowl"),
    "ceramic": Body(620, MATERIALS["ceramic"], "bowl"),
    "stone": Body(230, MATERIALS["stone"]),
    "wood": Body(150, MATERIALS["wood"], "plate"),
    "plastic": Body(260, MATERIALS["plastic"], "plate"),
}


def bell(description: Description, take: Take) -> "Floats":
    """Return bells: large ones are low and sound long; a doorbell has two notes.

    Returns:
        Shape (2, frames).
    """
    track = take.silence()
    is_chime, is_alarm = "chime" in description.manner, "alarm" in description.manner
    pitch = 1700 * 2 ** (-3.4 * description.size)
    pitch = 620.0 if is_chime else pitch
    each = 0.06 if is_alarm else 0.7 if is_chime else 1.0 + 2.2 * description.size
    decay = (0.6 + 3.5 * description.size) * (0.3 if is_alarm else 1.0)
    length = min(5 * decay, take.seconds + 1)
    ratios = _CHIMES if is_chime else (1.0,)
    blows = [_bell(pitch * ratio, decay, length, take) for ratio in ratios]
    times = events(description, take, each, start=0.005)
    if is_chime and not take.loop and description.count is None:
        times = times[: len(ratios)]
    for number, at in enumerate(times):
        take.add(track, blows[number % len(blows)] * take.rng.uniform(0.9, 1), at)
    return panned(track, 0.0)


def _bell(hertz: float, decay: float, seconds: float, take: Take) -> "Floats":
    """Return one blow on a bell; each partial is a pair that beats, and high ones end sooner."""
    import numpy as np

    time = np.arange(round(seconds * take.rate)) / take.rate
    total = np.zeros(len(time))
    for ratio, level in zip(BELL, _LEVELS, strict=True):
        pitch = hertz * ratio
        if pitch > 0.45 * take.rate:
            break
        beat = take.rng.uniform(0.2, 1.2) / decay
        fall = np.exp(-time * (0.6 + 0.55 * ratio) / decay)
        pair = np.sin(2 * np.pi * pitch * time) + 0.4 * np.sin(2 * np.pi * (pitch + beat) * time)
        total += level * fall * pair
    edges: Floats = (1 - np.exp(-time / 0.0006)) * np.minimum(1, (seconds - time) / 0.02)
    return total * edges


def impact(description: Description, take: Take) -> "Floats":
    """Return blows on a body of a material, what breaks, or an explosion.

    Returns:
        Shape (2, frames).
    """
    if "explosion" in description.manner:
        return explosion(description, take)
    track = take.silence()
    for at in events(description, take, 1.0 if description.count else 1e6):
        take.add(track, _blow(description, take), at)
        if "shatter" in description.manner:
            _shards(track, at, description, take)
    return panned(track, 0.0)


def _blow(description: Description, take: Take) -> "Floats":
    """Return one blow: the body rings, and what it stands on thuds."""
    import numpy as np

    body = _HITS.get(description.material, _HITS["wood"])
    body = Body(body.hertz * 2 ** (1.6 - 3.2 * description.size), body.material, body.shape)
    seconds = min(4.0, take.seconds + 0.5)
    hard = 0.15 if "soft" in description.manner else 0.35 + 0.6 * description.intensity
    ring = struck(body, seconds, take.rate, take.rng, hardness=min(1.0, hard)).astype(float)
    time = np.arange(len(ring)) / take.rate
    hertz = 130 * 2**-description.size * (1 + 0.6 * np.exp(-time / 0.02))
    thud = np.sin(2 * np.pi * np.cumsum(hertz) / take.rate) * np.exp(-time / 0.06)
    slap = take.rng.standard_normal(len(time)) * np.exp(-time / 0.0025)
    thud *= 1 - np.exp(-time / 0.001)
    return ring + (0.3 + 0.6 * description.size) * thud + 0.12 * slap


def _shards(track: "Floats", at: float, description: Description, take: Take) -> None:
    """Add the pieces of what breaks, as they fall for half a second."""
    base = _HITS.get(description.material, _HITS["glass"])
    for _ in range(45):
        piece = Body(base.hertz * 2 ** take.rng.uniform(1, 3.2), base.material, "plate")
        level = 0.5 * take.rng.random() ** 2
        ring = struck(piece, 0.25, take.rate, take.rng, hardness=1.0)
        take.add(track, level * ring.astype(float), at + take.rng.exponential(0.22))


def explosion(description: Description, take: Take) -> "Floats":
    """Return explosions: a shock, then a low roar that dies away."""
    import numpy as np

    total = np.zeros((2, take.frames))
    size = 0.5 + description.size
    for at in events(description, take, 1.5 if description.count else 1e6):
        after = take.times() - at
        if take.loop:
            after %= take.seconds
        late, has_begun = np.maximum(0, after), after >= 0
        roar = wide(take, band(25, 160 / size, 6))
        debris = wide(take, band(200, 2500, 5), 0.5)
        total += roar * has_begun * np.exp(-late / (0.55 * size)) * (1 - np.exp(-late / 0.006))
        total += 0.5 * debris * has_begun * np.exp(-late / 0.12) * (1 - np.exp(-late / 0.001))
    return total
