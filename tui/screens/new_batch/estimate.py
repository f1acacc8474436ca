"""How many steps a batch will make at most."""

from pydantic import BaseModel

from engine.runtime.recipe import AnyRecipe


def most_steps(recipe: AnyRecipe, settings: BaseModel) -> int | None:
    """The most steps that one job makes; None where the recipe does not tell.

    Args:
        recipe: The recipe.
        settings: Its settings, as the form has them.
    """
    return recipe.most_steps(settings) if recipe.most_steps else None


def summary(entries: int, steps: int | None) -> str:
    """Entries and steps in a few words."""
    said = f"{entries:,} {'entry' if entries == 1 else 'entries'}"
    if steps is None:
        return f"{said}; how many steps they make depends on what comes of them."
    return f"{said}, at most {entries * steps:,} steps."
