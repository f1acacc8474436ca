"""The outcome of a step - result, failure or unknown - written in one transaction."""

import asyncio
import logging
import traceback
from dataclasses import replace
from typing import Any

from db.text import storable
from db.writes import steps as writes
from db.writes.errors import ErrorRecord
from db.writes.held import forget_held, held_result, hold_result
from db.writes.records import Outcome
from engine.contract import Blocked, OutcomeUnknown, Permanent, Result, Retryable, StepError
from engine.contract.tracing import TRACE
from engine.runtime.artifacts import ArtifactStore
from engine.runtime.lanes.lane import Lane
from engine.runtime.step.call_context import StepCallContext
from engine.runtime.step.job_state import StepRecord
from engine.runtime.step.local import author_of
from engine.runtime.step.services import StepResult, StepServices, StepState, headline_of

MAX_RESULT_CHARS = 16 << 20
"""Maximum length of a result as JSON; media are files."""

log = logging.getLogger(__name__)


class StepFailed(Permanent):
    """A step that has failed permanently; its error is in the store.

    Attributes:
        error_id: The error's row.
        error_kind: `permanent` or `bug`.
    """

    def __init__(
        self, message: str, *, remedy: str, error_id: int, error_kind: str, keeps_call: bool
    ) -> None:
        super().__init__(message, remedy=remedy, keeps_call=keeps_call)
        self.error_id = error_id
        self.error_kind = error_kind


class StepUnknown(OutcomeUnknown):
    """A paid call whose outcome is unknown; an operator has to decide."""


class OutcomeRecorder:
    """Store the outcome of one step, and pass it to the job's present run.

    Args:
        services: What all steps share.
        state: How far the step is.
        lane: The lane of its backend.
    """

    def __init__(self, services: StepServices, state: StepState, lane: Lane) -> None:
        self._services = services
        self._state = state
        self._lane = lane

    async def result(self, outcome: Outcome) -> None:
        """Store a result with all that belongs to it."""
        state, intent = self._state, self._state.intent
        if state.traces and self._services.engine_settings.traces == "all":
            outcome = replace(outcome, artifacts=[*outcome.artifacts, *await self._traces()])
        if outcome.artifacts:
            call = state.asked.call
            materials = await self._services.materials.unstored(call.backend, intent)
            outcome = replace(outcome, materials=materials)
        if not self._services.uploads.are_durable(outcome.artifacts):
            outcome = await self._uploaded(outcome)
        self._services.progress.forget(state)
        await self._services.writer.write(
            lambda c: writes.finish_step(c, state.step_id, intent, outcome)
        )
        self._services.has_stored(state.asked, outcome.headline, outcome.iterations)
        if outcome.artifacts:
            self._services.thumbnailer.schedule(outcome.artifacts)
        self.remember(StepRecord(state.step_id, "done", result=outcome.result))

    async def _uploaded(self, outcome: Outcome) -> Outcome:
        """Write that a result waits for its files, and upload these.

        Raises:
            Blocked: The object store does not take them; the result stays in the store.
            FileLost: A file is gone or damaged here.
        """
        state, services = self._state, self._services
        services.progress.show(state, None, "Uploading files to the object store")
        await services.writer.write(lambda c: hold_result(c, state.step_id, outcome))
        await services.uploads.finish([file["hash"] for file in outcome.artifacts])
        return replace(outcome, was_held=True, had_progress=True)

    async def held(self, step_id: int) -> tuple[Outcome, StepResult] | None:
        """Return a result that waits for its files, and the same as it is read back."""
        outcome = await self._services.writer.write(lambda c: held_result(c, step_id))
        if outcome is None:
            return None
        try:
            result = self._state.asked.parsed(outcome.result)
        except ValueError:  # another version wrote it
            await self.forget_held(step_id)
            return None
        return outcome, StepResult(result, result.scores())

    async def forget_held(self, step_id: int) -> None:
        """Remove a result whose files are lost."""
        await self._services.writer.write(lambda c: forget_held(c, step_id))

    def outcome_of(self, result: Result, recorder: StepCallContext) -> tuple[Outcome, StepResult]:
        """Return the rows of a result, and the result as it is read back from them."""
        text, asked = result.model_dump_json(), self._state.asked
        if len(text) > MAX_RESULT_CHARS:
            raise Permanent(
                f"{self._state.intent.backend} answered {len(text) >> 20} MiB of text, more than "
                f"the {MAX_RESULT_CHARS >> 20} MiB that are kept.",
                cost=recorder.spent,
            )
        # What cannot be read back is no result.
        result = asked.parsed(text)
        scores, run = result.scores(), asked.run
        headline = headline_of(run, scores)
        outcome = Outcome(
            result=text,
            artifacts=recorder.kept,
            scores=[vars(score) for score in scores],
            critiques=[critique.model_dump() for critique in result.critiques()],
            prompts=[vars(prompt) for prompt in result.prompts()],
            cost=recorder.spent,
            headline=None if headline == run.stored_best else headline,
            iterations=asked.iteration if asked.iteration > run.stored_iterations else 0,
            had_progress=recorder.had_progress or self._state.retried,
            calls=self._state.calls,
            device=recorder.device,
        )
        return outcome, StepResult(result, scores)

    async def failure(self, error: StepError) -> StepError:
        """Store a failure; return the error for the step to raise."""
        if isinstance(error, Retryable):
            error = error.outlasted()
        if isinstance(error, OutcomeUnknown):
            policy = self._services.engine_settings.on_unknown
            return await self.unknown(policy, error.message, error.cost)
        if isinstance(error, Blocked) and error.reason == "budget":
            return error  # nothing was sent, and the lane is as open as before
        if isinstance(error, Blocked):
            lane = self._services.uploads.lane if error.reason == "storage" else self._lane
            error.lane = lane.name
            if lane.blocked is None:
                lane.block(error)
            if self._state.step_id:
                await self._fail("open", error)
            return error.again()
        if isinstance(error, Permanent) and not error.keeps_call:
            self._state.request_id = None  # this request has its answer; a retry has to ask anew
        error_id = await self._fail("failed", error)
        return self._failed(error_id, "permanent", error.message, error.remedy)

    async def unknown(self, policy: str, cause: str = "", cost: int = 0) -> StepError:
        """Store an unknown outcome; return the error for the step to raise."""
        message = f"{self._state.intent.backend} was asked and nobody knows whether it did it"
        error = StepUnknown(
            f"{message} ({self._state.intent.key}). {cause}".strip(),
            remedy="Retry the job to ask again (it may be paid for twice), or cancel it.",
            cost=cost,
        )
        if policy == "fail":
            error_id = await self._fail("failed", error)
            return self._failed(error_id, "permanent", error.message, error.remedy)
        await self._fail("unknown", error)
        return error

    async def bug(self, error: Exception) -> StepError:
        """Store a bug with its traceback; return the error for the step to raise."""
        record = bug_record(error, author_of(self._state.asked.call))
        job = self._state.job.key
        log.error("%s of job %s: %s", self._state.intent.key, storable(job), record.traceback)
        error_id = await self._write_failure("failed", record, self._state.spent)
        return self._failed(error_id, "bug", record.message, record.remedy)

    def _failed(self, error_id: int, kind: str, message: str, remedy: str) -> StepFailed:
        record = StepRecord(
            self._state.step_id,
            "failed",
            request_id=self._state.request_id,
            error_id=error_id,
            error=(kind, message, remedy),
        )
        self.remember(record)
        return stored_failure(record)

    async def _fail(self, state: str, error: StepError) -> int:
        kind = "permanent" if state == "failed" else error.kind
        record = ErrorRecord(kind, type(error).__name__, error.message, error.remedy)
        return await self._write_failure(state, record, error.cost)

    async def _write_failure(self, state: str, record: ErrorRecord, cost: int) -> int:
        writer, intent, calls = self._services.writer, self._state.intent, self._state.calls
        if (
            not self._state.step_id
        ):  # refused before it was begun; the error needs a step to belong to
            self._state.step_id = await writer.write(lambda c: writes.begin_step(c, intent))
        step_id, request_id, kept = (
            self._state.step_id,
            self._state.request_id,
            await self._services.uploads.finish_some([*self._state.kept, *await self._traces()]),
        )
        uncertain = self._state.uncertain
        self._services.progress.forget(self._state)
        error_id = await writer.write(
            lambda c: writes.fail_step(
                c,
                step_id,
                intent,
                record,
                state,
                request_id=request_id,
                cost=cost,
                calls=calls,
                artifacts=kept,
                uncertain=uncertain,
            )
        )
        if state != "failed":
            self.remember(StepRecord(step_id, state, request_id=request_id))
        return error_id

    async def _traces(self) -> list[dict[str, Any]]:
        """Store the traces; return them as columns of `artifacts`."""
        traces, self._state.traces = self._state.traces, []
        if not traces:
            return []
        try:
            return await asyncio.to_thread(_stored, self._services.artifacts, traces)
        except OSError as error:  # the outcome is worth more, and waits for nothing
            log.warning("A trace of %s cannot be stored: %s", self._state.intent.key, error)
            return []

    def remember(self, record: StepRecord) -> None:
        """Pass the outcome to the job's present run."""
        self._services.remember(self._state.asked, record)


def _stored(artifacts: ArtifactStore, traces: list[bytes]) -> list[dict[str, Any]]:
    fixed = {"role": TRACE, "media_type": "application/json", "width": None, "height": None}
    fixed["kind"] = TRACE
    return [{**fixed, "hash": artifacts.put(trace), "size": len(trace)} for trace in traces]


def bug_record(error: BaseException, whose: str) -> ErrorRecord:
    """Return a bug as it is stored and logged.

    Args:
        error: What was raised.
        whose: Component that may be at fault besides Safelight, for example `a recipe`.
    """
    return ErrorRecord(
        kind="bug",
        type=type(error).__name__,
        message=f"{type(error).__name__}: {error}",
        remedy=f"This is a defect of Safelight or of {whose}; please report it.",
        traceback=storable("".join(traceback.format_exception(error))),
    )


def stored_failure(record: StepRecord) -> StepFailed:
    """Return the stored failure of a step, to be raised again at the same place."""
    kind, message, remedy = record.error or ("permanent", "The step has failed before.", "")
    return StepFailed(
        message,
        remedy=remedy,
        error_id=record.error_id or 0,
        error_kind=kind,
        keeps_call=record.request_id is not None,
    )
