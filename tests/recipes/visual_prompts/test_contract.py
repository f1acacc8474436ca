"""The contract of recipes: killed anywhere, it resumes the same."""

from typing import ClassVar

import pytest

from engine.testing.recipe_contract import RecipeContract
from tests.recipes.visual_prompts.sounds import song


@pytest.mark.slow
class TestVisualPrompts(RecipeContract):
    catalog = "tests.recipes.visual_prompts.sounds:catalog"
    recipe = "visual-prompts"
    entries = ({"id": "a", "sound": "a.wav"},)
    files: ClassVar = {"a.wav": song()}
    settings: ClassVar = {
        "convergent": 1,
        "divergent": 1,
        "images": True,
        "width": 64,
        "height": 64,
    }
    max_kills = 4  # a prompt, its image, its scores, the embedding of all prompts
