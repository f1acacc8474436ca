"""Services that steps share, and the state of one step."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from db.rows import JobRow
from db.writer import StoreWriter
from db.writes.records import Intent
from engine.config.settings import EngineSettings, RetrySettings, Settings
from engine.contract import Backend, Call, Result, Score
from engine.models.hosts.model_hosts import ModelHosts
from engine.runtime.artifacts import ArtifactStore
from engine.runtime.lanes.lane import Lane
from engine.runtime.process_pool import ComputePool
from engine.runtime.step.budget import BudgetGuard
from engine.runtime.step.deadline import Deadlines
from engine.runtime.step.job_state import JobState, StepRecord
from engine.runtime.step.materials import MaterialsOfBatches
from engine.runtime.step.progress import ProgressReporter
from engine.runtime.step.uploads import Uploads
from engine.runtime.thumbnailer import Thumbnailer


@dataclass(slots=True)
class StepRequest:
    """A step that a run asks for.

    Attributes:
        run: The run.
        scope: Its scope in the job.
        name: Its name in the scope.
        key: Its key within its job: scope and name.
        call: The call and its backend.
        fingerprint: Fingerprint of the call.
        iteration: Number of the turn that it belongs to, 0 if it is in none.
        job: The row of the job that asks.
        place: Job, key and fingerprint: unique in the store.
    """

    run: JobState
    scope: str
    name: str
    key: str
    call: Call[Any]
    fingerprint: str
    iteration: int
    job: JobRow = field(init=False)
    place: tuple[int, str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.job = self.run.job
        self.place = self.job.id, self.key, self.fingerprint

    def parsed(self, text: str) -> Result:
        """Return a stored result as its model.

        Raises:
            ValueError: It does not fit the model.
        """
        result: Result = self.call.result_type.model_validate_json(text)
        return result

    def intent(self) -> Intent:
        """Return the row that is written before the call is sent."""
        job, call = self.job, self.call
        identity = self.run.batch.identity(call.backend)
        return Intent(
            batch_id=job.batch_id,
            job_id=self.run.row_id,
            key=self.key,
            scope=self.scope,
            name=self.name,
            fingerprint=self.fingerprint,
            operation=call.operation,
            backend=identity.backend,
            model=identity.model,
            request=call.request.model_dump_json(),
            kind=call.result_type.kind,
            reusable=call.info.reusable,
        )


class StepResult(NamedTuple):
    """A step's result as it is stored, and the scores in it."""

    result: Result
    scores: Sequence[Score]


@dataclass(slots=True, eq=False)
class StepState:
    """State of a step.

    Attributes:
        asked: The step that a run asked for.
        intent: Its row before the call is sent.
        step_id: Its row, 0 if it has none yet; the store's thread sets it with the intent.
        request_id: The provider's id of its call, if known.
        begun: True if its intent is in the store, or queued for it.
        calls: Requests to the provider that are not written down yet.
        kept: Files that the last call stored although it failed, a raw reply for example.
        traces: What went over the wire, a trace each try, not stored yet.
        spent: Cost of the last call in micro-dollars.
        retried: True if it has waited for another attempt.
        uncertain: True if it is unknown whether its last call was carried out.
        withdrawn: True if its outcome is no longer needed, because the job was cancelled.
        waited: Seconds that its last call has waited for the lane.
    """

    asked: StepRequest
    intent: Intent
    step_id: int = 0
    request_id: str | None = None
    begun: bool = False
    calls: list[dict[str, Any]] = field(default_factory=list)
    kept: list[dict[str, Any]] = field(default_factory=list)
    traces: list[bytes] = field(default_factory=list)
    spent: int = 0
    retried: bool = False
    uncertain: bool = True
    withdrawn: bool = False
    waited: float = 0.0

    @property
    def job(self) -> JobRow:
        """The row of the job that asks."""
        return self.asked.job


@dataclass(slots=True)
class StepServices:
    """Services that all steps of an engine share.

    Attributes:
        writer: The store's writer door.
        artifacts: Files by content.
        pool: Processes for CPU-heavy work.
        hosts: Processes that hold models.
        progress: What is shown of running steps.
        lane_of: The lane of a backend.
        engine_settings: Settings of the engine.
        retry_settings: Settings of retries.
        thumbnailer: Generates thumbnails of what steps keep.
        uploads: Uploads what steps keep, if files live in an object store.
        runs: The run that each job has now.
        budget: Budgets of calls.
        deadlines: Deadlines of calls.
        materials: Weights and LoRAs of batches, with their licences.
        making: What makes the steps that others may be answered from, by fingerprint, and by the
            job where only its own steps may be.
    """

    writer: StoreWriter
    artifacts: ArtifactStore
    pool: ComputePool
    hosts: ModelHosts
    progress: ProgressReporter
    lane_of: Callable[[Backend], Lane]
    engine_settings: EngineSettings
    retry_settings: RetrySettings
    thumbnailer: Thumbnailer
    uploads: Uploads
    runs: dict[int, JobState] = field(default_factory=dict)
    budget: BudgetGuard = field(default_factory=BudgetGuard)
    deadlines: Deadlines = field(default_factory=Deadlines)
    materials: MaterialsOfBatches = field(default_factory=MaterialsOfBatches)
    making: dict[tuple[int | None, str], "asyncio.Task[Any]"] = field(default_factory=dict)

    def reload(self, settings: Settings) -> None:
        """Take new settings, from the next call on."""
        self.engine_settings = settings.engine
        self.retry_settings = settings.retry
        self.uploads.reload(settings.retry)
        self.budget.settings = settings.budget

    def has_stored(self, asked: StepRequest, headline: float | None, iterations: int) -> None:
        """Says what a step has changed in the job's row, to the run that the job has now too."""
        asked.run.has_stored(headline, iterations)
        run = self.runs.get(asked.job.id)
        if run is not None and run is not asked.run:
            run.has_stored(headline, iterations)

    def remember(self, asked: StepRequest, record: StepRecord) -> None:
        """Gives an outcome to the run that the job has now, which may not be the one that asked."""
        run = self.runs.get(asked.job.id)
        if run is not None:
            run.know(asked.key, asked.fingerprint, record)


def headline_of(run: JobState, scores: Iterable[Score]) -> float | None:
    """Return the best headline of a run after a result with these scores."""
    best, headline = run.best, run.headline
    for score in scores:
        if score.metric == headline.metric:
            best = headline.best(best, score.value)
    return best
