"""What the form has threads do: find recipes, read the input, queue. No widget is touched here.

The engine's modules are imported by the first call: a dashboard that queues nothing starts
without them.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.text.terminal import clean

if TYPE_CHECKING:
    from engine.contract import Artifact
    from engine.contract.recipe import AnyRecipe
    from engine.intake import InputError
    from engine.money.estimate import Estimate
    from engine.plugins.catalog import EntryPointCatalog
    from engine.queueing.queue import Queue, QueueOptions

REPORT_EVERY = 1000
"""Entries between two reports of how many were read."""


@dataclass(frozen=True, slots=True)
class RecipeChoice:
    """A recipe that can be chosen.

    Attributes:
        recipe: The recipe.
        defaults: What the workspace's settings say of its settings.
        backends: The backends that each of its capabilities can be given to, by name.
    """

    recipe: "AnyRecipe"
    defaults: Mapping[str, Any]
    backends: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class AvailableChoices:
    """What there is to choose from, and what could not be loaded."""

    recipes: list[RecipeChoice] = field(default_factory=list)
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class InputReading:
    """What is in an input.

    Attributes:
        entries: How many entries are right, as far as they were read.
        problems: What is wrong, a sentence each.
        total: How many problems there are, those that are not kept included.
        finished: Whether it was read to its end.
        fits: Another recipe that reads it without a problem, empty if there is none.
    """

    entries: int
    problems: tuple[str, ...] = ()
    total: int = 0
    finished: bool = True
    fits: str = ""


class QueueRefused(Exception):
    """Nothing was queued.

    Attributes:
        problems: What is wrong with the input; empty where it is something else.
        total: How many problems there are.
    """

    def __init__(self, message: str, problems: tuple[str, ...] = (), total: int = 0) -> None:
        super().__init__(message)
        self.problems = problems
        self.total = total


def find_recipes(root: Path, catalog: "EntryPointCatalog") -> AvailableChoices:
    """Every recipe that can be loaded. One that cannot, somebody else's perhaps, is named."""
    from engine.config.settings import SettingsError, read_settings

    try:
        settings = read_settings(root)
    except SettingsError as error:
        return AvailableChoices(trouble=clean(str(error), 400))
    troubles: list[str] = []
    backends = _backends(catalog, troubles)
    choices = []
    for name in _names(catalog.recipes, catalog.all_recipes):
        try:
            recipe = catalog.recipe(name)
        except Exception as error:  # noqa: BLE001  other people's code
            troubles.append(f"The recipe {clean(name, 40)} cannot be loaded: {_short(error)}")
            continue
        offered: dict[str, tuple[str, ...]] = {
            capability: backends[capability] for capability in recipe.uses if capability in backends
        }
        choices.append(RecipeChoice(recipe, settings.recipes.get(name, {}), offered))
    return AvailableChoices(choices, " ".join(troubles))


def _names(known: Mapping[str, str], load_all: Callable[[], Any]) -> list[str]:
    """The names in a catalog once it has looked for other packages' entries."""
    try:
        for _ in load_all():
            pass
    except Exception:  # noqa: BLE001, S110  each is loaded on its own, and named, by the caller
        pass
    return sorted(known)


def _backends(catalog: "EntryPointCatalog", troubles: list[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name in _names(catalog.families, catalog.all_families):
        try:
            family = catalog.family(name)
        except Exception as error:  # noqa: BLE001  other people's code
            troubles.append(f"The backend {clean(name, 40)} cannot be loaded: {_short(error)}")
            continue
        for capability in family.factories:
            found.setdefault(capability, []).append(name)
    return {capability: tuple(names) for capability, names in found.items()}


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {clean(str(error), 120)}."


def read_input(
    path: Path,
    recipe: "AnyRecipe",
    report: Callable[[InputReading], None],
    is_cancelled: Callable[[], bool],
    others: "Sequence[AnyRecipe]" = (),
) -> InputReading:
    """Validates an input to its end and keeps nothing of it.

    Args:
        path: The file.
        recipe: What it is for.
        report: Told from time to time how far it is.
        is_cancelled: Whether nobody wants to know any more.
        others: Recipes that are tried if it is not right for this one.
    """
    from engine.intake import InputError, read

    count = 0
    try:
        for _ in read(path, recipe.input, keep_file=_look_at):
            count += 1
            if count % REPORT_EVERY == 0:
                if is_cancelled():
                    return InputReading(count, finished=False)
                report(InputReading(count, finished=False))
                time.sleep(0)  # the screen's thread first
    except InputError as error:
        fits = next((other.name for other in others if _fits(path, other)), "")
        return InputReading(count, sentences(error), error.total, fits=fits)
    return InputReading(count)


def _fits(path: Path, recipe: "AnyRecipe") -> bool:
    """Whether the first entries of a file are right for a recipe."""
    from engine.intake import InputError, read

    try:
        entries = list(islice(read(path, recipe.input, keep_file=_look_at), REPORT_EVERY))
    except InputError:
        return False
    return bool(entries)


def sentences(error: "InputError") -> tuple[str, ...]:
    """What is wrong with the one file that the form is about, without its name."""
    return tuple(
        str(problem).removeprefix(problem.file).removeprefix(",").removeprefix(":").lstrip()
        for problem in error.problems
    )


def _look_at(path: Path) -> "Artifact":
    """Checks an image that an entry names; it is stored only when the batch is queued."""
    from engine.contract import Artifact
    from engine.intake.images import read_image

    image = read_image(path)
    return Artifact(
        hash="0" * 64,
        media_type=image.media_type,
        size=len(image.data),
        width=image.width,
        height=image.height,
    )


def estimate_batch(
    root: Path,
    catalog: "EntryPointCatalog",
    recipe: "AnyRecipe",
    path: Path,
    settings: Mapping[str, Any],
    options: Mapping[str, Any],
) -> "Estimate":
    """What a batch would take; arguments as for `queue_batch`.

    Raises:
        QueueRefused: That cannot be said, or the batch would be refused.
    """
    from db.errors import StoreError
    from engine.config.settings import SettingsError
    from engine.intake import InputError
    from engine.queueing.queue import QueueError
    from engine.trust.guard import UntrustedDestination

    try:
        queue, asked = _queue_of(root, catalog, settings, options)
        return queue.estimate(recipe, path, asked)
    except InputError as error:
        raise QueueRefused("The file has mistakes.", sentences(error), error.total) from None
    except (QueueError, SettingsError, StoreError, UntrustedDestination, OSError) as error:
        raise QueueRefused(clean(str(error), 600)) from None


def _queue_of(
    root: Path,
    catalog: "EntryPointCatalog",
    settings: Mapping[str, Any],
    options: Mapping[str, Any],
) -> "tuple[Queue, QueueOptions]":
    from db.store import Store
    from engine.config.paths import WorkspacePaths
    from engine.config.settings import read_settings
    from engine.queueing.queue import Queue, QueueOptions

    paths, seed = WorkspacePaths(root), options.get("seed")
    asked = QueueOptions(
        name=options.get("name") or "",
        overrides={**settings, **({} if seed is None else {"seed": seed})},
        priority=options.get("priority") or 0,
        in_flight=options.get("in_flight"),
    )
    return Queue(paths, Store(paths.store), read_settings(root), catalog), asked


def queue_batch(
    root: Path,
    catalog: "EntryPointCatalog",
    recipe: "AnyRecipe",
    path: Path,
    settings: Mapping[str, Any],
    options: Mapping[str, Any],
) -> int:
    """Queues an input, whole or not at all; returns the batch's number.

    Args:
        root: The workspace.
        catalog: Where backends are found.
        recipe: The recipe.
        path: The input.
        settings: The recipe's settings, as the form has them.
        options: `name`, `seed`, `priority` and `in_flight`; None for what is left open.

    Raises:
        QueueRefused: Something is wrong; nothing was queued.
    """
    from db.errors import StoreError
    from engine.config.settings import SettingsError
    from engine.intake import InputError
    from engine.queueing.queue import QueueError
    from engine.trust.guard import UntrustedDestination

    try:
        queue, asked = _queue_of(root, catalog, settings, options)
        return queue.queue(recipe, path, asked)
    except InputError as error:
        said = "The file has mistakes; nothing was queued."
        raise QueueRefused(said, sentences(error), error.total) from None
    except (QueueError, SettingsError, StoreError, UntrustedDestination, OSError) as error:
        raise QueueRefused(clean(str(error), 600)) from None
