"""The recipe keeps the contract: killed anywhere, it resumes the same."""

from typing import ClassVar

from safelight_poster import RECIPE

from safelight.testing import (
    FakeChatBackend,
    FakeImageBackend,
    FakeScoreBackend,
    MemoryCatalog,
    RecipeContract,
)


def catalog() -> MemoryCatalog:
    """The recipe, on fake backends."""
    return MemoryCatalog([RECIPE], [FakeChatBackend(), FakeImageBackend(), FakeScoreBackend()])


class TestPoster(RecipeContract):
    """The suite."""

    catalog = f"{__name__}:catalog"
    recipe = "poster"
    entries = ({"id": "jazz", "prompt": "A jazz night at the harbour"},)
    settings: ClassVar = {
        "text": "fake",
        "image": "fake",
        "score": "fake",
        "variations": 2,
        "width": 64,
        "height": 64,
    }
