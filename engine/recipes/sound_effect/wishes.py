"""Wishes of a prompt that measures can check: length, pace, number of sounds."""

from dataclasses import dataclass

from engine.audio.synthesis.description import describe

SUSTAINED = frozenset({"footsteps", "rain", "wind", "fire", "water", "engine"})
"""Sources that sound from the start to the end of a take."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """Wishes for a sound effect.

    Attributes:
        seconds: Length.
        pace: Steps a minute; None if nothing walks.
        count: Number of sounds; None for any.
        is_sustained: True if the sound lasts as long as the take.
    """

    seconds: float
    pace: float | None = None
    count: int | None = None
    is_sustained: bool = False


def wishes_of(prompt: str, seconds: float) -> Wishes:
    """Return the wishes of a prompt.

    Words for steps without a word for their pace ask for a walk. A number of sounds is not a wish
    for a pace, since a few steps have none that can be measured.

    Args:
        prompt: Words for the sound.
        seconds: Length that is asked for.
    """
    words = describe(prompt)
    walks = words.sources[0] == "footsteps"
    return Wishes(
        seconds=seconds,
        pace=words.pace if walks and words.count is None else None,
        count=words.count,
        is_sustained=words.sources[0] in SUSTAINED and words.count is None,
    )
