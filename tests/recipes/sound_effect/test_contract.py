"""The contract of recipes: killed anywhere, it resumes the same."""

from typing import ClassVar

import pytest

from engine.testing.recipe_contract import RecipeContract
from tests.support.optional import needs

needs("av", "soundfile", "scipy")


@pytest.mark.slow
class TestSoundEffect(RecipeContract):
    catalog = "tests.recipes.sound_effect.sounds:catalog"
    recipe = "sound-effect"
    entries = ({"id": "a", "prompt": "boots on wood"},)
    settings: ClassVar = {
        "audio_length": 2.0,
        "num_variations": 2,
        "target_score": 100,
        "audio_format": "ogg",
        "fade": 0.01,
    }
    max_kills = 4  # a take, its measures, the refiner, a take of its prompt
