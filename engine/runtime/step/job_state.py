"""One job while it runs: recorded steps, keys used so far, and the state to take when stopped."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from db.rows import BatchRow, JobRow
from engine.contract import Backend
from engine.contract.outputs import Outputs
from engine.contract.recipe import AnyRecipe, Headline
from engine.runtime.step.fingerprint import Identity

_STOPS = ("", "queued", "paused", "cancelled")
"""States that a stopped job takes, each stronger than those before it."""


@dataclass(slots=True)
class StepRecord:
    """A recorded step.

    Attributes:
        id: The step's id.
        state: `running`, `submitted`, `open`, `done`, `failed` or `unknown`.
        result: The result as JSON, if it is done.
        request_id: The provider's id of the call, if known.
        attempts: Number of times that it was started.
        error_id: The error's row.
        error: Its error, if it failed: kind, message and remedy.
        superseded: True if another version of the step was current when it was read.
        inherited: True if it answers by its key, whatever the fingerprint: a branch keeps it.
    """

    id: int
    state: str
    result: str | None = None
    request_id: str | None = None
    attempts: int = 1
    error_id: int | None = None
    error: tuple[str, str, str] | None = None
    superseded: bool = False
    inherited: bool = False

    @property
    def is_kept(self) -> bool:
        """True if it answers whatever is asked of it."""
        return self.inherited and not self.superseded and self.state in {"done", "failed"}


@dataclass(slots=True)
class BatchState:
    """Recipe, settings and backends of a batch's snapshot, shared by its jobs.

    Attributes:
        backends: The backend that is asked first for each capability.
        identities: Identity of each backend in the snapshot, by capability and name.
        fallbacks: The backends that are asked after it, in order.
        prepared: The result of the batch's first steps; None before they are done.
    """

    row: BatchRow
    recipe: AnyRecipe
    settings: Any
    backends: dict[str, Backend]
    identities: dict[tuple[str, str], Identity]
    fallbacks: dict[str, tuple[Backend, ...]] = field(default_factory=dict)
    prepared: BaseModel | None = None

    @property
    def outputs(self) -> Outputs:
        """The folders that the recipe writes."""
        return self.recipe.outputs

    def parsed_input(self, stored: str) -> Any:
        """Return a stored entry as the recipe's input model.

        Raises:
            ValueError: It does not fit the recipe.
        """
        return self.recipe.input.model_validate_json(stored)

    def identity(self, backend: Backend) -> Identity:
        """Return a backend's identity in the snapshot; a recipe's own steps have their own."""
        info = backend.info
        known = self.identities.get((info.capability, info.name))
        return known or Identity(info.name, info.model, info.version, agents={})

    def fallbacks_of(self, backend: Backend) -> tuple[Backend, ...]:
        """Return the backends that are asked if one fails for good, in order."""
        return self.fallbacks.get(backend.info.capability, ())

    def has_fallbacks(self, backend: Backend) -> bool:
        """Return whether others are asked if a backend fails for good."""
        capability = backend.info.capability
        return capability in self.fallbacks and backend is self.backends.get(capability)


@dataclass(slots=True)
class JobState:
    """One job while it runs.

    Attributes:
        job: Its row when it was claimed.
        batch: Parts shared by the jobs of its batch.
        records: Its recorded steps, by key and fingerprint.
        versions: Number of versions of each step in the store, by key.
        decisions: Decisions of operators, newest first, by key.
        used: Keys of the steps that this run has asked for.
        best: Best headline so far.
        stored_best: The headline that the job's row has.
        stored_iterations: Number of iterations that the job's row has.
        then: State that the job takes when it is stopped, empty while nobody has asked for that.
        task: The task that runs its recipe.
        has_begun: True once the task has. Cancelled before, it would not even write its end.
        has_left: True if the write that removes it from the running jobs is queued.
        kept: Records that answer by their key, whatever the fingerprint.
        is_ending: True if its end is being written; a stop then comes too late.
    """

    job: JobRow
    batch: BatchState
    records: dict[tuple[str, str], StepRecord]
    versions: Counter[str]
    decisions: dict[str, list[Any]]
    used: set[str] = field(default_factory=set)
    best: float | None = None
    stored_best: float | None = field(init=False)
    stored_iterations: int = field(init=False)
    then: str = ""
    task: "asyncio.Task[None] | None" = None
    has_begun: bool = False
    is_ending: bool = False
    has_left: bool = False
    kept: dict[str, StepRecord] = field(init=False)

    def __post_init__(self) -> None:
        self.kept = {key: record for (key, _), record in self.records.items() if record.is_kept}
        self.stored_best, self.stored_iterations = self.job.score, self.job.iterations

    def stop(self, then: str) -> None:
        """Stop the recipe at the step it is in.

        Args:
            then: State that the job takes: `queued`, `paused` or `cancelled`. A later wish never
                weakens an earlier one: what was cancelled is not queued because the engine stops.
        """
        self.then = max(self.then, then, key=_STOPS.index)
        if self.task is not None and self.has_begun and not self.is_ending:
            self.task.cancel()

    @property
    def row_id(self) -> int | None:
        """Number of the job's row; None for the steps of the batch itself."""
        return self.job.id if self.job.id > 0 else None

    @property
    def unused(self) -> set[str]:
        """Keys of current steps that this run has not asked for."""
        return {
            key for (key, _), record in self.records.items() if not record.superseded
        } - self.used

    @property
    def backends(self) -> dict[str, Backend]:
        """The batch's backends by capability."""
        return self.batch.backends

    @property
    def recipe(self) -> AnyRecipe:
        """The recipe that it runs."""
        return self.batch.recipe

    @property
    def headline(self) -> Headline:
        """The number that the recipe's jobs are compared by."""
        return self.recipe.headline

    def parsed_input(self) -> Any:
        """Return the job's entry as the recipe's input model.

        Raises:
            ValueError: The stored entry does not fit the recipe.
        """
        return self.batch.parsed_input(self.job.input)

    def has_other_version(self, key: str, fingerprint: str) -> bool:
        """Return whether the store has this step with another fingerprint, or superseded."""
        record = self.records.get((key, fingerprint))
        if record is None:
            return key in self.versions
        return record.superseded or self.versions[key] > 1

    def know(self, key: str, fingerprint: str, record: StepRecord) -> None:
        """Takes in what the store knows of a step now."""
        place = (key, fingerprint)
        if place not in self.records:
            self.versions[key] = self.versions.get(key, 0) + 1
        self.records[place] = record

    def has_stored(self, headline: float | None, iterations: int) -> None:
        """Takes in what a step has changed in the job's row: None and 0 where it left it alone."""
        if headline is not None:
            self.stored_best = headline
        self.stored_iterations = max(self.stored_iterations, iterations)
