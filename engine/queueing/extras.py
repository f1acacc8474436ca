"""Packages that a recipe needs: those of an extra of Safelight."""

from engine.contract import MissingRequirement
from engine.contract.install import missing_from_extra
from engine.contract.packages import missing_packages
from engine.contract.recipe import AnyRecipe
from engine.queueing.overrides import QueueError


def missing_extra(recipe: AnyRecipe) -> list[MissingRequirement]:
    """Return the packages that a recipe lacks, with their remedy, as a list of at most one."""
    extras = recipe.extra.split(",") if recipe.extra else []
    missing = dict.fromkeys(name for extra in extras for name in missing_from_extra(extra))
    return [missing_packages(*missing, extra=recipe.extra)] if missing else []


def refuse_without_extra(recipe: AnyRecipe) -> None:
    """Refuse a recipe whose packages are not installed.

    Raises:
        QueueError: They are not; the remedy is the command that installs them.
    """
    for lacks in missing_extra(recipe):
        raise QueueError(f"Recipe {recipe.name} needs {lacks.what}.", remedy=lacks.remedy)
