"""One call of a backend: sent, timed, traced, and recorded with its cost."""

import asyncio
import logging
from typing import cast

from db.clock import now
from db.writes import steps as writes
from engine.contract import (
    Blocked,
    OutcomeUnknown,
    Permanent,
    Result,
    Retryable,
    StepError,
)
from engine.contract.tracing import Recording, WireLog
from engine.runtime.lanes.lane import AdmittedCall, Lane
from engine.runtime.step.call_context import StepCallContext
from engine.runtime.step.services import StepServices, StepState
from engine.text.plural import pluralize

UNWRITABLE_SECONDS = 1.0
"""Seconds between attempts to store a paid result."""

MAX_TRACES = 8
"""Number of last attempts of one step whose traces are kept."""

log = logging.getLogger(__name__)


class CallAttempt:
    """Call the backend of one step, once per attempt.

    Args:
        services: What all steps share.
        state: How far the step is; what a call leaves behind is kept there.
        lane: The lane of its backend.
    """

    def __init__(self, services: StepServices, state: StepState, lane: Lane) -> None:
        self._services = services
        self._state = state
        self._lane = lane
        self._call = state.asked.call
        self._info = info = self._call.info
        self._is_noted = info.paid or info.resumable  # each request is a row of its own

    async def ask(self, number: int, sent: AdmittedCall) -> tuple[Result, StepCallContext]:
        """Send the call, and report its outcome to the lane.

        Args:
            number: Number of the attempt, from 1.
            sent: The call as its lane has let it through.
        """
        recorder = self._recorder()
        started = now() if self._is_noted else ""
        try:
            result = await self._ask_traced(recorder, sent, number)
        except StepError as caught:
            error = self._as_policy_says(caught)
            error.cost = max(error.cost, recorder.spent)
            self._state.uncertain = self._is_uncertain(error)
            self._note(recorder, number, started, error)
            self._state.kept = recorder.kept
            if isinstance(error, Retryable):
                self._lane.failed(error, sent)
            elif not isinstance(error, Blocked | OutcomeUnknown):
                self._lane.succeeded(sent)  # it refuses this request, so it answers
            if error is caught:
                raise
            raise error from caught
        except Exception as bug:
            self._state.spent = recorder.spent
            named = Permanent(f"{type(bug).__name__}: {bug}", cost=self._state.spent)
            self._note(recorder, number, started, named)
            raise
        self._state.spent, self._state.uncertain = recorder.spent, False
        self._note(recorder, number, started, None)
        self._lane.succeeded(sent)
        return result, recorder

    async def _ask_traced(
        self, recorder: StepCallContext, sent: AdmittedCall, number: int
    ) -> Result:
        """Record the traffic of the call, as far as the settings require it."""
        wanted = self._services.engine_settings.traces
        with Recording(wanted=wanted != "off") as wire:
            try:
                result = await self._ask_in_time(recorder, sent)
            except Exception:
                await self._keep_trace(wire, number)
                raise
            if wanted == "all":
                await self._keep_trace(wire, number)
        return result

    async def _ask_in_time(self, recorder: StepCallContext, sent: AdmittedCall) -> Result:
        call, info = self._call, self._info
        seconds = self._services.engine_settings.deadline_seconds
        try:
            with self._services.deadlines.after(seconds) as recorder.deadline:
                return cast("Result", await call.perform(call.backend, call.request, recorder))
        except TimeoutError:
            limit = pluralize(seconds, "second", shown=f"{seconds:g}")
            message = f"{self._state.intent.backend} gave no answer within {limit}."
            if not info.paid or (info.resumable and recorder.request_id):
                raise Retryable(message) from None
            if call.backend.asks(*call.subject):
                raise OutcomeUnknown(message) from None
            raise Retryable(message, resubmit=True) from None
        finally:
            # What cannot be found again by its id has nothing that waits for it.
            self._state.request_id = recorder.request_id if info.resumable else None
            sent.tokens = (recorder.tokens_in or 0) + (recorder.tokens_out or 0)

    async def _keep_trace(self, wire: WireLog, number: int) -> None:
        if not wire:
            return
        intent = self._state.intent
        head = {"step": intent.key, "backend": intent.backend, "model": intent.model, "try": number}
        try:
            trace = await asyncio.to_thread(wire.trace, **head)
        except Exception:  # whatever a provider sends: the paid result matters more than the trace
            log.exception("Cannot create a trace of %s", intent.key)
            return
        self._state.traces = [*self._state.traces, trace][-MAX_TRACES:]

    def _as_policy_says(self, error: StepError) -> StepError:
        unknown = isinstance(error, OutcomeUnknown)
        if unknown and self._services.engine_settings.on_unknown == "retry":
            return Retryable(error.message, resubmit=True, cost=error.cost)
        return error

    def _is_uncertain(self, error: StepError) -> bool:
        """Return whether the call may have been carried out, and paid for, although it failed."""
        if isinstance(error, Retryable) and error.resubmit:
            return not (self._info.resumable and self._state.request_id)
        if isinstance(error, Permanent):
            return error.uncertain
        return isinstance(error, OutcomeUnknown)

    def _note(
        self, recorder: StepCallContext, number: int, started: str, error: StepError | None
    ) -> None:
        if not self._is_noted:
            return
        self._state.calls.append(
            {
                "attempt": number,
                "request_id": recorder.request_id,
                "status": error.kind if error else "done",
                "error": error.message if error else None,
                "wait_seconds": None,
                "cost": recorder.counted + (error.cost if error else recorder.spent),
                "tokens_in": recorder.tokens_in,
                "tokens_out": recorder.tokens_out,
                "started_at": started,
                "finished_at": now(),
            }
        )

    def _recorder(self) -> StepCallContext:
        services = self._services
        return StepCallContext(
            services.artifacts,
            services.pool,
            services.hosts,
            self._on_submitted,
            self._on_charged,
            self._on_progress,
            self._state.request_id,
            on_unwritable=self._on_unwritable,
            on_preview=self._on_preview,
            is_withdrawn=lambda: self._state.withdrawn,
            backend=self._call.backend,
        )

    async def _on_submitted(self, request_id: str) -> None:
        step_id = self._state.step_id
        await self._services.writer.write(lambda c: writes.submitted_step(c, step_id, request_id))

    async def _on_charged(self, cost: int, request_id: str | None) -> int:
        state = self._state
        return await self._services.writer.write(
            lambda c: writes.charge_step(c, state.step_id, state.intent, cost, request_id)
        )

    def _on_progress(self, fraction: float | None, message: str) -> None:
        self._services.progress.show(self._state, fraction, message)

    def _on_preview(self, image: bytes) -> None:
        self._services.progress.preview(self._state, image)

    async def _on_unwritable(self, error: OSError) -> None:
        """A file cannot be stored: what was paid for is kept in memory until it can be."""
        blocked = Blocked(
            f"Files cannot be stored: {error.strerror or error}.",
            reason="disk",
            remedy="Free disk space or restore write permission; the rest resumes automatically.",
        )
        if not self._info.paid:
            raise blocked from error
        if self._lane.blocked is None:  # no further paid calls meanwhile
            log.error("%s", blocked.message)
            self._lane.block(blocked)
        await asyncio.sleep(UNWRITABLE_SECONDS)
