"""Sounds of an interface: clicks, ticks, keys and short tones."""

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

TONES: dict[str, tuple[float, ...]] = {
    "confirm": (784.0, 1174.7),  # up a fifth
    "error": (392.0, 277.2),  # down a tritone
    "beep": (1046.5,),
}
"""Pitches of the tones of a signal in Hz, one after the other."""

_TONE_SECONDS = 0.09


def click(description: Description, take: Take) -> "Floats":
    """Return one click or signal, or as many as the words ask for; clocks and keys go on.

    Returns:
        Shape (2, frames).
    """
    track = take.silence()
    for number, at in enumerate(_times(description, take)):
        take.add(track, _sound(number, description, take), at)
    return panned(track, 0.0)


def _times(description: Description, take: Take) -> list[float]:
    if "tick" in description.manner:
        return events(description, take, 0.5, 0.002)
    if "typing" in description.manner:
        times = events(description, take, 0.16, 0.03)
        return [at + take.rng.uniform(-0.028, 0.07) for at in times]
    return events(description, take, 0.4 if description.count else 1e6, 0.002)


def _sound(number: int, description: Description, take: Take) -> "Floats":
    for name, pitches in TONES.items():
        if name in description.manner:
            return _tones(pitches, description, take)
    return _press(number, description, take)


def _tones(pitches: tuple[float, ...], description: Description, take: Take) -> "Floats":
    """Return short tones with a soft attack and two harmonics."""
    import numpy as np

    apart = round(_TONE_SECONDS * take.rate)
    time = np.arange(3 * apart) / take.rate
    total = np.zeros(apart * (len(pitches) + 2))
    fall = (1 - np.exp(-time / 0.003)) * np.exp(-time / 0.06) * np.linspace(1, 0, len(time))
    for number, pitch in enumerate(pitches):
        turns = 2 * np.pi * pitch * 2 ** (0.5 - description.size) * time
        tone = np.sin(turns) + 0.25 * np.sin(2 * turns) + 0.1 * np.sin(3 * turns)
        total[number * apart : number * apart + len(time)] += tone * fall
    return total


def _press(number: int, description: Description, take: Take) -> "Floats":
    """Return a key that goes down and, softer and a little higher, comes up."""
    import numpy as np

    pitch = 1900 * 2 ** (1 - 2 * description.size) * (1.0 if number % 2 else 1.12)
    material = MATERIALS.get(description.material, MATERIALS["plastic"])
    track = np.zeros(round(0.16 * take.rate))
    for at, level, ratio in ((0.0, 1.0, 1.0), (0.055, 0.3, 1.2)):
        body = Body(pitch * ratio * take.rng.uniform(0.97, 1.03), material)
        blow = struck(body, 0.08, take.rate, take.rng, hardness=0.9)
        start = round(at * take.rate)
        track[start : start + len(blow)] += level * blow
    return track
