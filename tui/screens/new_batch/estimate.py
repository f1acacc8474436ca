"""What a batch is going to take, in words."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from engine.contract.recipe import AnyRecipe
from engine.text.terminal import clean
from tui.formatting import duration, money

if TYPE_CHECKING:
    from engine.money.estimate import Estimate


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


def words(found: "Estimate") -> str:
    """Steps, cost and time in a few words."""
    said = [f"{found.jobs:,} {'entry' if found.jobs == 1 else 'entries'}"]
    said += [f"{between(found.steps, '{:,}'.format)} steps"] if found.steps else []
    if found.is_free:
        said.append("costs nothing")
    elif found.cost is not None:
        said.append(f"{between(found.cost, money)}")
    else:
        names = dict.fromkeys(clean(line.backend, 40) for line in found.unpriced)
        said.append(f"prices of {', '.join(names)} are not known" if names else "cost not known")
    said += [f"{between(found.seconds, duration)} here"] if found.seconds else []
    return ", ".join(said) + "."


def between(found: tuple[Any, Any], shown: Callable[[Any], str]) -> str:
    """A range, or one value where both ends are alike."""
    least, most = shown(found[0]), shown(found[1])
    return least if least == most else f"{least} to {most}"
