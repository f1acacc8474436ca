"""Estimates of the calls of a sound effect."""

from collections.abc import Mapping

from engine.recipes.sound_effect.input import SoundEffectInput
from engine.recipes.sound_effect.settings import SoundEffectSettings


def calls_of(
    entry: SoundEffectInput, settings: SoundEffectSettings
) -> Mapping[str, tuple[int, int]]:
    """Return the minimum and maximum calls of one entry by capability, if nothing fails."""
    takes, turns = settings.num_variations, settings.max_iterations
    return {"audio": (takes, takes * turns), "text": (0, turns - 1)}
