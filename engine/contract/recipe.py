"""What a recipe is to the runtime, and what the runtime asks of a catalog."""

import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

import db.rows
from engine.config.output_settings import OutputSettings
from engine.contract import Backend, Capability
from engine.contract.decisions import Check
from engine.contract.job import Job
from engine.text.terminal import quoted

InputT = TypeVar("InputT", bound=BaseModel)
SettingsT = TypeVar("SettingsT", bound="RecipeSettings")
ResultT = TypeVar("ResultT", bound=BaseModel)


class RecipeSettings(BaseModel):
    """Base of every recipe's settings.

    A recipe names the backend of each capability it uses in a field of the capability's name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Headline:
    """The one number that a recipe's jobs are compared by.

    Attributes:
        metric: Name of the score, as results give it.
        low: Least value.
        high: Greatest value.
        unit: Unit, empty where there is none.
        higher_is_better: Whether a greater value is better.
    """

    metric: str
    low: float
    high: float
    unit: str = ""
    higher_is_better: bool = True

    def best(self, one: float | None, other: float | None) -> float | None:
        """The better of two values; a missing one is never better."""
        if one is None or other is None:
            return one if other is None else other
        return max(one, other) if self.higher_is_better else min(one, other)


@dataclass(frozen=True, slots=True)
class Projection:
    """What a recipe is given to write the folders that people read.

    Attributes:
        connection: A read-only connection to the store.
        batch: The batch.
        job: The job, None for a whole batch.
        folder: Where to write: the job's folder, or the batch's.
        root: The workspace.
        artifact: Where a stored file of a hash is.
        settings: What operators set about outputs.
    """

    connection: sqlite3.Connection
    batch: db.rows.Batch
    job: db.rows.Job | None
    folder: Path
    root: Path
    artifact: Callable[[str], Path]
    settings: OutputSettings


@dataclass(frozen=True, slots=True)
class Recipe(Generic[InputT, SettingsT, ResultT]):
    """A recipe, as an entry point of the group `safelight.recipes` gives it.

    Attributes:
        name: Name on the command line.
        version: Raised when the same input and settings give other steps.
        summary: One line for `safelight recipes`.
        input: Model of one entry of an input file.
        settings: Model of the recipe's settings.
        capabilities: What it asks backends for.
        headline: What its jobs are compared by.
        run: The loop.
        score: The headline of a result, None where it has none.
        starting_prompt: Prompt and negative prompt that an input starts from.
        most_steps: How many steps a job makes at most under given settings.
        calls: How many calls a job makes of each capability under given settings, the least and
            the most, where nothing goes wrong; for estimates.
        calls_of: The same for one entry, where its calls depend on what it says.
        operations: What it asks of each backend of a capability, as names of their methods, so that
            one that cannot do it is refused when a batch is queued.
        check: Says what is wrong with settings and the backends that they name, or nothing.
        own_fields: Fields of the input that `--set` may give in place of an input file: they are
            the one entry then.
        iterations: The setting that `--max-iterations` sets.
        decisions: Keys that it asks operators for, with `*` for a part that varies: `select` at the
            end is the number of one of the scopes beside it, 0 for what the recipe chooses, and
            `prompt` is a text, empty for the one that was written.
        check_decision: Says why a decision of one of these keys does not fit a job as it is now,
            or nothing; its type has been looked at. Asked before a decision is stored.
        report: What is told of one job to those who ask for results.
        folder: Name of the folder below `outputs/` that its jobs write to.
        flat: Whether every job has a folder right below that one, also where an earlier one has
            the same id.
        project: Writes a job's folder from the store.
        finish: Writes what concerns a whole batch, after its last job.
    """

    name: str
    version: str
    summary: str
    input: type[InputT]
    settings: type[SettingsT]
    capabilities: tuple[Capability, ...]
    headline: Headline
    run: Callable[[Job[InputT, SettingsT]], Awaitable[ResultT]]
    score: Callable[[ResultT], float | None]
    starting_prompt: Callable[[InputT], tuple[str, str]] | None = None
    most_steps: Callable[[SettingsT], int] | None = None
    calls: Callable[[SettingsT], Mapping[Capability, tuple[int, int]]] | None = None
    calls_of: Callable[[InputT, SettingsT], Mapping[Capability, tuple[int, int]]] | None = None
    operations: Mapping[Capability, tuple[str, ...]] = field(default_factory=dict)
    check: Callable[[SettingsT, Mapping[Capability, Backend]], str] | None = None
    own_fields: tuple[str, ...] = ()
    iterations: str = "max_iterations"
    decisions: tuple[str, ...] = ()
    check_decision: Check | None = None
    report: Callable[[sqlite3.Connection, db.rows.Batch, db.rows.Job], BaseModel] | None = None
    folder: str = "results"
    flat: bool = False
    project: Callable[[Projection], None] | None = None
    finish: Callable[[Projection], None] | None = None


AnyRecipe = Recipe[Any, Any, Any]


def is_asked(key: str, patterns: Sequence[str]) -> bool:
    """Whether a decision's key fits one of `Recipe.decisions`: a `*` reaches not over a `/`."""
    parts = key.split("/")
    return any(
        len(wanted) == len(parts)
        and all(fnmatchcase(part, form) for part, form in zip(parts, wanted, strict=True))
        for wanted in (pattern.split("/") for pattern in patterns)
    )


def not_asked(recipe: AnyRecipe, key: str) -> str:
    """The sentence about a decision's key that a recipe does not ask for."""
    asked = " and ".join(recipe.decisions)
    return f"{recipe.name} does not ask for {quoted(key)}; it asks for {asked} (* is a number)."


class Catalog(Protocol):
    """Where the engine finds recipes and backends by name."""

    def recipe(self, name: str) -> AnyRecipe:
        """The recipe of a name.

        Raises:
            KeyError: There is none.
        """
        ...

    def backend(
        self,
        capability: Capability,
        name: str,
        settings: Mapping[str, Any],
        environment: Mapping[str, str],
    ) -> Backend:
        """A backend of a name for a capability.

        Raises:
            KeyError: There is none.
        """
        ...
