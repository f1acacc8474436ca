"""One step that is being made: from its intent, through its lane and its tries, to its outcome."""

import asyncio
import logging
from collections.abc import Callable
from typing import cast

import stamina

from db.clock import now
from db.errors import OverBudget
from db.writes import steps as writes
from db.writes.records import Outcome
from engine.capabilities import (
    Blocked,
    OutcomeUnknown,
    Permanent,
    Result,
    Retryable,
    StepError,
)
from engine.capabilities.tracing import Recording, WireLog
from engine.runtime.context import CallRecorder
from engine.runtime.lanes import Sent
from engine.runtime.outcomes import OutcomeKeeper
from engine.runtime.reuse import reused
from engine.runtime.run import Memo
from engine.runtime.workbench import Asked, StepState, Workbench

UNWRITABLE_SECONDS = 1.0
"""How long a paid result that cannot be stored waits before it is tried again."""

MOST_TRACES = 8
"""Tries of one step whose traces are kept: the last ones."""

log = logging.getLogger(__name__)


class Performance:
    """One step that is being made.

    Args:
        bench: What all steps share.
        asked: What was asked for.
        memo: What the store knows of the step, None where it has never been begun.
        on_end: Called when it has an outcome, or has been given up.

    Attributes:
        call: What is asked of which backend.
        place: What tells the step from every other one of the store.
        task: What makes it.
        wanted: Whether a run waits for it.
        in_flight: Whether the call has been sent, or is being sent, and has no answer yet.
    """

    def __init__(
        self,
        bench: Workbench,
        asked: Asked,
        memo: Memo | None,
        on_end: "Callable[[Performance], None]",
    ) -> None:
        self.call = asked.call
        self.place = asked.place
        self._on_end = on_end
        self.wanted = self.in_flight = False
        self._bench = bench
        self._memo = memo
        self._lane = bench.lane_of(asked.call.backend)
        request_id = memo.request_id if memo and asked.call.backend.resumable else None
        self._state = StepState(
            asked,
            asked.intent(),
            step_id=memo.id if memo else 0,
            request_id=request_id,
            begun=request_id is not None,
        )
        self._keeper = OutcomeKeeper(bench, self._state, self._lane)
        job_id = asked.run.job.id
        self._waiting: list[asyncio.Future[Result]] = []
        self.task = asyncio.create_task(self._perform(), name=f"step {asked.key} of j{job_id}")
        self.task.add_done_callback(self._end)

    def answer(self) -> "asyncio.Future[Result]":
        """What the task comes to, for one who waits; to give up waiting does not stop it."""
        waiting: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        return waiting

    def _end(self, task: "asyncio.Task[Result]") -> None:
        """Tells those who wait; an answer that nobody waits for is no alarm."""
        self._on_end(self)
        error = None if task.cancelled() else task.exception()
        for waiting in self._waiting:
            if waiting.done():
                continue
            if task.cancelled():
                waiting.cancel()
            elif error is not None:
                waiting.set_exception(error)
            else:
                waiting.set_result(task.result())

    async def _perform(self) -> Result:
        """Makes the call until it has an outcome, and stores that."""
        if self._memo is None and (known := await reused(self._bench, self._state.asked)):
            return known
        await self._refuse_what_must_not_be_sent()
        try:
            outcome, result = await self._call_with_retries()
        except asyncio.CancelledError:
            self._put_aside()
            raise
        except StepError as error:
            raise await self._keeper.failure(error) from error
        except Exception as error:
            raise await self._keeper.bug(error) from error
        else:
            await self._keeper.result(outcome)
            return result
        finally:
            self._bench.purse.let_go(self)

    async def _refuse_what_must_not_be_sent(self) -> None:
        memo, settings = self._memo, self._bench.engine_settings
        if memo is None or memo.state == "open" or self._state.begun:
            return
        if memo.attempts >= settings.max_starts:
            raise await self._keeper.failure(
                Permanent(
                    f"The step was begun {memo.attempts} times and never finished.",
                    remedy="Look at the log for what ends the engine, then retry the job.",
                )
            )
        if self.call.backend.paid and settings.on_unknown != "retry":
            raise await self._keeper.unknown(settings.on_unknown)

    def _put_aside(self) -> None:
        """A call that cost nothing was given up; a paid one stays as it is: it may have worked."""
        if self._state.step_id and not self.call.backend.paid and not self._state.request_id:
            step_id = self._state.step_id
            self._bench.writer.write(lambda c: writes.put_aside(c, step_id))
            self._keeper.remember(Memo(step_id, "open"))

    async def _call_with_retries(self) -> tuple[Outcome, Result]:
        """The first try is made outside the library, which costs a third of a trivial step."""
        try:
            return await self._try(1)
        except Retryable as error:
            return await self._try_again(error)

    async def _try_again(self, error: Retryable) -> tuple[Outcome, Result]:
        retry = self._bench.retry_settings
        async for attempt in stamina.retry_context(
            on=self._wait_before_retry,
            attempts=retry.tries,
            timeout=None,
            wait_initial=retry.wait_initial,
            wait_max=retry.wait_max,
            wait_jitter=retry.wait_jitter,
        ):
            with attempt:
                if attempt.num > 1:
                    try:
                        return await self._try(attempt.num)
                    except Retryable as again:
                        error = again
                await self._note_retry(error, attempt.num, attempt.next_wait)
                raise error
        raise AssertionError("stamina ends its loop by a return or an error")

    async def _try(self, number: int) -> tuple[Outcome, Result]:
        """One try, once the budgets have room for its worst case."""
        purse = self._bench.purse
        while True:
            seen = purse.settlements
            try:
                return await self._try_once(number)
            except OverBudget as refusal:
                self.in_flight = False
                await purse.wait_for_room(refusal, seen, self.call.backend)

    async def _try_once(self, number: int) -> tuple[Outcome, Result]:
        async with self._lane.slot() as sent:
            await self._begin()
            result, recorder = await self._call_once(number, sent)
        return self._keeper.outcome_of(result, recorder)

    def _wait_before_retry(self, error: Exception) -> bool | float:
        if not isinstance(error, Retryable):
            return False
        return True if error.retry_after is None else max(0.0, error.retry_after)

    async def _begin(self) -> None:
        if not self._state.begun:
            self._refuse_if_not_ready()
        self.in_flight = True
        reservation = self._bench.purse.reservation(self.call)
        writer, intent, step_id, request_id = (
            self._bench.writer,
            self._state.intent,
            self._state.step_id,
            self._state.request_id,
        )
        if self._state.begun and request_id:
            await writer.write(lambda c: writes.submitted_step(c, step_id, request_id))
        elif not step_id:
            self._state.step_id = await writer.write(
                lambda c: writes.begin_step(c, intent, reservation)
            )
        else:
            batch_id = intent.batch_id
            await writer.write(lambda c: writes.begin_again(c, step_id, batch_id, reservation))
        self._state.begun = self._state.uncertain = True
        if reservation is not None:
            self._bench.purse.hold(self)

    def _refuse_if_not_ready(self) -> None:
        missing = self.call.backend.missing()
        if missing:
            what = "; ".join(item.what for item in missing)
            remedy = " ".join(item.remedy for item in missing)
            raise Blocked(
                f"{self._state.intent.backend} needs {what}.",
                reason=missing[0].reason,
                remedy=remedy,
            )

    async def _call_once(self, number: int, sent: Sent) -> tuple[Result, CallRecorder]:
        recorder = self._recorder()
        started = now() if self._is_noted else ""
        try:
            result = await self._ask_traced(recorder, sent, number)
        except StepError as caught:
            error = self._as_policy_says(caught)
            error.cost = max(error.cost, recorder.spent)
            self._state.uncertain = self._is_uncertain(error)
            self._note_call(recorder, number, started, error)
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
            self._note_call(recorder, number, started, named)
            raise
        self._state.spent, self._state.uncertain = recorder.spent, False
        self._note_call(recorder, number, started, None)
        self._lane.succeeded(sent)
        return result, recorder

    async def _ask_traced(self, recorder: CallRecorder, sent: Sent, number: int) -> Result:
        """Asks, and notes what goes over the wire as far as the settings ask for it."""
        wanted = self._bench.engine_settings.traces
        with Recording(wanted=wanted != "off") as wire:
            try:
                result = await self._ask(recorder, sent)
            except Exception:
                await self._note_trace(wire, number)
                raise
            if wanted == "all":
                await self._note_trace(wire, number)
        return result

    async def _note_trace(self, wire: WireLog, number: int) -> None:
        if not wire:
            return
        intent = self._state.intent
        head = {"step": intent.key, "backend": intent.backend, "model": intent.model, "try": number}
        try:
            trace = await asyncio.to_thread(wire.trace, **head)
        except Exception:  # whatever a provider sends: what was paid for is worth more than this
            log.exception("No trace can be made of %s", intent.key)
            return
        self._state.traces = [*self._state.traces, trace][-MOST_TRACES:]

    def _as_policy_says(self, error: StepError) -> StepError:
        unknown = isinstance(error, OutcomeUnknown)
        if unknown and self._bench.engine_settings.on_unknown == "retry":
            return Retryable(error.message, resubmit=True, cost=error.cost)
        return error

    async def _ask(self, recorder: CallRecorder, sent: Sent) -> Result:
        backend, deadline = self.call.backend, self._bench.engine_settings.deadline_seconds
        operation = getattr(backend, self.call.operation)
        try:
            with self._bench.deadlines.after(deadline) as recorder.deadline:
                return cast("Result", await operation(self.call.request, recorder))
        except TimeoutError:
            message = f"{self._state.intent.backend} gave no answer within {deadline:g} seconds."
            if backend.paid and not (backend.resumable and recorder.request_id):
                raise OutcomeUnknown(message) from None
            raise Retryable(message) from None
        finally:
            self._state.request_id = recorder.request_id
            sent.tokens = (recorder.tokens_in or 0) + (recorder.tokens_out or 0)

    def _is_uncertain(self, error: StepError) -> bool:
        """Whether the call may have been carried out, and paid for, although it failed."""
        if isinstance(error, Retryable) and error.resubmit:
            return not (self.call.backend.resumable and self._state.request_id)
        return isinstance(error, OutcomeUnknown)

    def _recorder(self) -> CallRecorder:
        step_id, bench = self._state.step_id, self._bench

        async def on_submitted(request_id: str) -> None:
            await bench.writer.write(lambda c: writes.submitted_step(c, step_id, request_id))

        def on_progress(fraction: float | None, message: str) -> None:
            bench.progress.show(
                step_id, self._state.intent.batch_id, self._state.intent.job_id, fraction, message
            )

        def on_preview(picture: bytes) -> None:
            intent = self._state.intent
            bench.progress.preview(step_id, intent.batch_id, intent.job_id, picture)

        return CallRecorder(
            bench.artifacts,
            bench.pool,
            bench.hosts,
            on_submitted,
            on_progress,
            self._state.request_id,
            on_unwritable=self._on_unwritable,
            on_preview=on_preview,
        )

    async def _on_unwritable(self, error: OSError) -> None:
        """A file cannot be stored: what was paid for is kept in memory until it can be."""
        blocked = Blocked(
            f"Files cannot be stored: {error.strerror or error}.",
            reason="disk",
            remedy="Make room or give back the right to write there; the rest goes on by itself.",
        )
        if not self.call.backend.paid:
            raise blocked from error
        if self._lane.blocked is None:  # nothing more is bought meanwhile
            log.error("%s", blocked.message)
            self._lane.block(blocked)
        await asyncio.sleep(UNWRITABLE_SECONDS)

    @property
    def _is_noted(self) -> bool:
        """Whether each request is a row of its own."""
        return self.call.backend.paid or self.call.backend.resumable

    def _note_call(
        self,
        recorder: CallRecorder,
        number: int,
        started: str,
        error: StepError | None,
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
                "cost": error.cost if error else recorder.spent,
                "tokens_in": recorder.tokens_in,
                "tokens_out": recorder.tokens_out,
                "started_at": started,
                "finished_at": now(),
            }
        )

    async def _note_retry(self, error: Retryable, number: int, next_wait: float) -> None:
        tries = self._bench.retry_settings.tries
        if self._state.calls:
            self._state.calls[-1]["wait_seconds"] = next_wait
        goes_back = self.call.backend.resumable and self._state.request_id and not error.resubmit
        if not goes_back:
            self._state.request_id, self._state.begun = None, False
        if number >= tries:
            return
        wait = next_wait if error.retry_after is None else error.retry_after
        key = self._state.intent.key
        retry = writes.Retry(
            f"{key}: {error.message} Try {number + 1} of {tries} in {wait:.1f} s.",
            wait_seconds=wait,
            open_again=not goes_back,
            cost=error.cost,
            calls=self._state.calls,
            uncertain=self._state.uncertain,
        )
        intent, step_id, self._state.calls = self._state.intent, self._state.step_id, []
        self._bench.progress.show(step_id, intent.batch_id, intent.job_id, None, retry.message)
        await self._bench.writer.write(lambda c: writes.note_retry(c, step_id, intent, retry))
        if not goes_back:
            self._bench.purse.let_go(self)
        state = "submitted" if goes_back else "open"
        self._keeper.remember(Memo(step_id, state, request_id=self._state.request_id))
        self._state.retried, self.in_flight = True, False
        if not self.wanted:  # whoever waited was stopped; the next run tries again
            raise asyncio.CancelledError
