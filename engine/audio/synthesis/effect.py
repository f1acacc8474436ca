"""A whole sound effect: its models, mixed and placed in a room."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.audio.loudness import true_peak_db
from engine.audio.sound import Sound
from engine.audio.synthesis.click import click
from engine.audio.synthesis.description import Description
from engine.audio.synthesis.door import door
from engine.audio.synthesis.fire import fire
from engine.audio.synthesis.footsteps import footsteps
from engine.audio.synthesis.machine import engine
from engine.audio.synthesis.room import ROOMS, distant, reverberant
from engine.audio.synthesis.struck import bell, impact
from engine.audio.synthesis.take import Take
from engine.audio.synthesis.water import water
from engine.audio.synthesis.weather import rain, thunder, wind
from engine.audio.synthesis.whoosh import whoosh

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SAMPLE_RATE = 48_000

MODELS: dict[str, Callable[[Description, Take], "Floats"]] = {
    "footsteps": footsteps,
    "rain": rain,
    "wind": wind,
    "thunder": thunder,
    "fire": fire,
    "water": water,
    "engine": engine,
    "click": click,
    "door": door,
    "bell": bell,
    "whoosh": whoosh,
    "impact": impact,
}
"""Models by the name of what sounds."""

_BEDS = frozenset({"rain", "wind", "fire", "engine"})
"""Models that sound on throughout."""

_PEAK_DB = -1.5
_QUIETEST_DB = 12.0
_BED_LEVEL = 0.35
_DC_HERTZ = 20.0
_EVENT_FADE, _BED_FADE, _END_FADE = 0.001, 0.05, 0.03


def synthesise(
    description: Description,
    seconds: float,
    sample_rate: int = SAMPLE_RATE,
    seed: int = 0,
    *,
    loop: bool = False,
    ambience: float = 1.0,
) -> Sound:
    """Return the sound of a description.

    Args:
        description: What sounds, how and where.
        seconds: Length.
        sample_rate: Sample rate in Hz.
        seed: The same seed gives the same sound.
        loop: True for a sound whose end continues into its start.
        ambience: Factor of the level of reverberation.

    Returns:
        Two channels of round(seconds * sample_rate) samples. The true peak is at most -1.5 dBTP,
        lower for soft and distant sounds.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    take = Take(max(1, round(seconds * sample_rate)), sample_rate, loop, rng)
    mix = _mixed(description, take)
    mix = distant(mix * _course(description, take), description.distance, take)
    room = replace(ROOMS[description.room], level=ambience * ROOMS[description.room].level)
    mix = reverberant(mix, room, description.distance, take)
    mix = np.stack([take.filtered(channel, _without_dc) for channel in mix])
    if not loop:
        mix *= _fades(take, is_bed=description.sources[0] in _BEDS)
    return Sound(_levelled(mix, description), sample_rate)


def _mixed(description: Description, take: Take) -> "Floats":
    """Return all models at a peak of 1 each; what is in the background is softer."""
    import numpy as np

    mix = np.zeros((2, take.frames))
    for number, name in enumerate(description.sources):
        layer = MODELS[name](description, take)
        peak = float(np.abs(layer).max(initial=0.0))
        level = 1.0 if number == 0 else _BED_LEVEL if name in _BEDS else 0.7
        mix += layer * (level / peak if peak else 0.0)
    return mix


def _course(description: Description, take: Take) -> "Floats":
    """Return the level of each channel as what sounds moves, of shape (2, frames) or (1, 1)."""
    import numpy as np

    part = np.linspace(0, 1, take.frames)
    if take.loop or description.motion == "still":
        return np.ones((1, 1))
    if description.motion == "passing":
        near = 1 / (1 + (6 * (part - 0.5)) ** 2)
        angle = (0.5 + np.arctan(8 * (part - 0.5)) / np.pi) * np.pi / 2
        return np.stack([np.cos(angle), np.sin(angle)]) * (0.25 + near)
    decibels = -24 * (1 - part if description.motion == "approaching" else part)
    return np.asarray(10 ** (decibels / 20))[None, :]


def _without_dc(hertz: "Floats") -> "Floats":
    square = hertz**2
    gain: Floats = square / (square + _DC_HERTZ**2)
    return gain


def _fades(take: Take, *, is_bed: bool) -> "Floats":
    """Return the level at the ends, so that neither clicks."""
    import numpy as np

    limit = take.frames // 4
    start = min(limit, round((_BED_FADE if is_bed else _EVENT_FADE) * take.rate))
    end = min(limit, round(_END_FADE * take.rate))
    level = np.ones(take.frames)
    level[:start] = np.sin(np.linspace(0, np.pi / 2, start, endpoint=False)) ** 2
    if end:
        level[-end:] *= np.cos(np.linspace(0, np.pi / 2, end)) ** 2
    return level


def _levelled(mix: "Floats", description: Description) -> "NDArray[np.float32]":
    """Return samples at a true peak of -1.5 dBTP, or less for what is soft or far away."""
    import numpy as np

    peak = float(np.abs(mix).max(initial=0.0))
    samples = np.asarray(mix / peak if peak else mix, np.float32)
    softer = max(0.0, 0.5 - description.intensity) + 0.5 * description.distance
    level = _PEAK_DB - _QUIETEST_DB * min(1.0, softer) - max(0.0, true_peak_db(samples))
    return samples * np.float32(10 ** (level / 20))
