"""A catalog with the recipe and the embedded backends."""

from engine.backends.builtin import FAMILY
from engine.recipes.sound_effect import RECIPE
from engine.testing.catalog import MemoryCatalog


def catalog() -> MemoryCatalog:
    """The recipe, and the embedded backends."""
    return MemoryCatalog([RECIPE], families=[FAMILY])
