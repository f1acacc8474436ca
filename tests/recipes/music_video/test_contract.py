"""The contract of recipes: killed anywhere, it resumes the same."""

from typing import ClassVar

import pytest

from engine.recipes.music_video import RECIPE
from engine.testing.recipe_contract import RecipeContract
from tests.recipes.music_video.song import SMALL, song
from tests.support.optional import needs

needs("soundfile", "scipy", "av", "cv2", "numba", "opentimelineio")


@pytest.mark.slow
class TestMusicVideo(RecipeContract):
    catalog = "tests.recipes.music_video.song:catalog"
    recipe = "music-video"
    entries = ({"id": "a", "song": "a.wav", "sections": [{"label": "x", "start": 0}]},)
    files: ClassVar = {"a.wav": song(2.5)}
    settings: ClassVar = {**SMALL, "segment_seconds": 1.0, "keyframes": 1}
    max_kills = 4  # the plan, two images, and a segment among the recipe's own steps


def test_the_page_begins_with_the_result() -> None:
    assert [part.title for part in RECIPE.page][:3] == ["film", "preview", "song"]
