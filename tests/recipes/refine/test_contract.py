"""The loop with sets of images is killed anywhere, and resumes the same."""

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.testing.recipe_contract import RecipeContract

SIDES = {"image": "fake", "text": "fake", "vision": "fake", "width": 64, "height": 64}


class TestChecklistOfSets(RecipeContract):
    catalog = "tests.testing.catalogs:sets"
    recipe = "refine"
    entries = ({"id": "one", "prompt": "a red boat"},)
    settings: ClassVar[Mapping[str, Any]] = {
        **SIDES,
        "evaluation": "checklist",
        "max_iterations": 2,
        "target_score": 100,
        "candidates": 2,
        "rewrites": 2,
        "judges": 2,
    }
    max_kills = 3


class TestPairs(RecipeContract):
    catalog = "tests.testing.catalogs:sets"
    recipe = "refine"
    entries = ({"id": "one", "prompt": "a red boat"},)
    settings: ClassVar[Mapping[str, Any]] = {
        **SIDES,
        "evaluation": "pairwise",
        "max_iterations": 2,
        "candidates": 2,
        "max_images": 5,
    }
    max_kills = 3
