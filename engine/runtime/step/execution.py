"""Execution of one step: its intent, its lane, its attempts and its outcome."""

import asyncio
import time
from collections.abc import Callable

import stamina

from db.errors import OverBudget
from db.writes import steps as writes
from db.writes.records import Outcome
from engine.contract import Blocked, Permanent, Retryable, StepError
from engine.runtime.artifacts import FileLost
from engine.runtime.step.call import CallAttempt
from engine.runtime.step.job_state import StepRecord
from engine.runtime.step.outcome import OutcomeRecorder
from engine.runtime.step.reuse import may_be_reused, reused
from engine.runtime.step.services import StepRequest, StepResult, StepServices, StepState
from engine.text.plural import pluralize

WAITED = 0.001
"""Least wait for a lane that is stored, in seconds."""


class StepExecution:
    """Execution of one step.

    Args:
        services: What all steps share.
        asked: The step that a run asked for.
        record: The recorded step, None if it was never started.
        on_end: Called when it has an outcome, or was cancelled.

    Attributes:
        call: The call and its backend.
        place: Unique key of the step in the store.
        batch_id: The batch of its job.
        is_paid: True if the call costs money.
        is_resumable: True if the call can be found again by its request id.
        task: The task that runs it.
        wanted: True if a run waits for it.
        in_flight: True if the call was sent, or is being sent, and has no answer yet.
    """

    def __init__(
        self,
        services: StepServices,
        asked: StepRequest,
        record: StepRecord | None,
        on_end: "Callable[[StepExecution], None]",
    ) -> None:
        self.call = asked.call
        info = asked.call.info
        self.is_paid, self.is_resumable = info.paid, info.resumable
        self.place = asked.place
        self.batch_id = asked.job.batch_id
        self._on_end = on_end
        self.wanted = self.in_flight = False
        self._services = services
        self._record = record
        self._lane = services.lane_of(asked.call.backend)
        request_id = record.request_id if record and self.is_resumable else None
        self._state = StepState(
            asked,
            asked.intent(),
            step_id=record.id if record else 0,
            request_id=request_id,
            begun=request_id is not None,
        )
        self._intent: asyncio.Future[int] | None = None
        self._recorder = OutcomeRecorder(services, self._state, self._lane)
        self._attempt = CallAttempt(services, self._state, self._lane)
        job_id = asked.job.id
        self._waiting: list[asyncio.Future[StepResult]] = []
        self._started = False
        self.task = asyncio.create_task(self._run(), name=f"step {asked.key} of j{job_id}")

    def answer(self) -> "asyncio.Future[StepResult]":
        """Return a future of the step's result; cancelling it does not cancel the step."""
        waiting: asyncio.Future[StepResult] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        return waiting

    def give_up(self) -> None:
        """Stop it at any point, since its outcome is no longer needed."""
        self._state.withdrawn = True
        self.task.cancel()
        if not self._started:
            self._end(None)

    async def _run(self) -> None:
        """Tells its end by itself: a callback of the task would cost a turn of the event loop."""
        self._started = True
        try:
            result = await self._perform()
        except asyncio.CancelledError:
            self._end(None)
            raise
        except BaseException as error:  # whatever a backend raises; it is for those who wait
            self._end(error)
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
        else:
            self._end(result)

    def _end(self, outcome: StepResult | BaseException | None) -> None:
        """Tells those who wait; an answer that nobody waits for is no alarm."""
        self._on_end(self)
        for waiting in self._waiting:
            if waiting.done():
                continue
            if outcome is None:
                waiting.cancel()
            elif isinstance(outcome, BaseException):
                waiting.set_exception(outcome)
            else:
                waiting.set_result(outcome)

    async def _perform(self) -> StepResult:
        """Repeat the call until it has an outcome, and store that."""
        if self._record is not None:
            if (held := await self._held(self._record)) is not None:
                return held
            await self._refuse_what_must_not_be_sent(self._record)
        elif may_be_reused(self._services, self.call.backend) and (
            known := await reused(self._services, self._state.asked)
        ):
            return known
        try:
            outcome, result = await self._call_with_retries()
        except asyncio.CancelledError:
            self._put_aside()
            raise
        except StepError as error:
            raise await self._recorder.failure(error) from error
        except Exception as error:
            raise await self._recorder.bug(error) from error
        else:
            await self._store(outcome)
            return result
        finally:
            if self.is_paid:
                self._services.budget.release(self)

    async def _store(self, outcome: Outcome) -> None:
        try:
            await self._recorder.result(outcome)
        except FileLost as error:
            await self._recorder.forget_held(self._state.step_id)
            error.cost = outcome.cost
            raise await self._recorder.failure(error) from error
        except Exception:
            await self._intent_written()  # what is wrong with it says more
            raise

    async def _held(self, record: StepRecord) -> StepResult | None:
        """Store the result of an earlier call that waited for its files; None if there is none."""
        held = await self._recorder.held(record.id)
        if held is None:
            return None
        outcome, result = held
        try:
            await self._recorder.result(outcome)
        except FileLost:
            await self._recorder.forget_held(record.id)
            return None
        return result

    async def _refuse_what_must_not_be_sent(self, record: StepRecord) -> None:
        settings = self._services.engine_settings
        if record.state == "open" or self._state.begun:
            return
        if record.attempts >= settings.max_starts:
            raise await self._recorder.failure(
                Permanent(
                    f"The step was begun {pluralize(record.attempts, 'time')} and never finished.",
                    remedy="Look at the log for what ends the engine, then retry the job.",
                )
            )
        is_cheap = record.state != "unknown" and not self.call.backend.asks(*self.call.subject)
        if self.is_paid and settings.on_unknown != "retry" and not is_cheap:
            raise await self._recorder.unknown(settings.on_unknown)

    def _put_aside(self) -> None:
        """A call that cost nothing was given up; a paid one stays as it is: it may have worked."""
        state = self._state
        if self.is_paid or state.request_id or not (state.step_id or state.begun):
            return
        self._services.writer.write(lambda c: writes.put_aside(c, state.step_id))
        if state.step_id:  # else nobody can have read of it before this is written
            self._recorder.remember(StepRecord(state.step_id, "open"))

    async def _call_with_retries(self) -> tuple[Outcome, StepResult]:
        """Try once outside the library, which costs a third of a trivial step."""
        try:
            return await self._try(1)
        except Retryable as error:
            return await self._try_again(error)

    async def _try_again(self, error: Retryable) -> tuple[Outcome, StepResult]:
        retry = self._services.retry_settings
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

    async def _try(self, number: int) -> tuple[Outcome, StepResult]:
        """One try, once the budgets have room for its worst case."""
        budget = self._services.budget
        while True:
            seen = budget.settlements
            try:
                return await self._try_once(number)
            except OverBudget as refusal:
                self.in_flight = False
                await budget.wait_for_room(refusal, seen, self.call.backend)
            except Exception:
                await self._intent_written()  # what is written of a failure names the step's row
                raise

    async def _try_once(self, number: int) -> tuple[Outcome, StepResult]:
        if self._services.uploads.is_on:
            await self._services.uploads.refuse_if_blocked(self.call.backend)
        asked = time.monotonic()
        async with self._lane.slot() as sent:
            self._state.waited = time.monotonic() - asked
            await self._begin()
            result, recorder = await self._attempt.ask(number, sent)
        return self._recorder.outcome_of(result, recorder)

    def _wait_before_retry(self, error: Exception) -> bool | float:
        if not isinstance(error, Retryable):
            return False
        return True if error.retry_after is None else max(0.0, error.retry_after)

    async def _begin(self) -> None:
        """Write the intent; a call that must not be sent twice waits until it is durable."""
        state, writer = self._state, self._services.writer
        if not state.begun:
            await self._refuse_if_not_ready()
        self.in_flight = True
        reservation = self._services.budget.reservation(self.call)
        step_id, intent, request_id = state.step_id, state.intent, state.request_id
        if state.begun and request_id:
            await writer.write(lambda c: writes.submitted_step(c, step_id, request_id))
        elif step_id:
            batch_id = intent.batch_id
            await writer.write(lambda c: writes.begin_again(c, step_id, batch_id, reservation))
        else:
            has_waited = state.waited >= WAITED
            waited = writes.Waited(state.waited, self._lane.name) if has_waited else None
            self._intent = writer.write(
                lambda c: writes.begin_step(c, intent, reservation, state, waited)
            )
            if self._must_be_known_first:
                await self._intent_written()
        self._services.progress.begins(state)
        state.begun = state.uncertain = True
        if reservation is not None:
            self._services.budget.register(self)

    @property
    def _must_be_known_first(self) -> bool:
        """True if the intent has to be durable before the call is sent.

        A call that costs nothing is sent at once, and its intent is committed meanwhile: it may
        be sent again. Not so if the job has been begun before, for then the call may be what
        ends the engine, and how often that was tried is counted; nor while commits fail.
        """
        job = self._state.job
        is_at_risk = self.is_paid or self.is_resumable or job.starts > 1
        return is_at_risk or self._services.writer.in_trouble

    async def _intent_written(self) -> None:
        """Wait for the intent's commit, and raise its error."""
        if self._intent is not None:
            try:
                await self._intent
            except Exception:
                self._state.step_id = 0  # it was given before the commit that failed
                raise
            self._intent = None

    async def _refuse_if_not_ready(self) -> None:
        missing = await self._services.hosts.lacking(self.call.backend)
        if missing:
            what = "; ".join(item.what for item in missing)
            remedy = " ".join(dict.fromkeys(item.remedy for item in missing))
            raise Blocked(
                f"{self._state.intent.backend} needs {what}.",
                reason=missing[0].reason,
                remedy=remedy,
            )

    def _fault_of(self, error: Retryable) -> str:
        """Return the class of a fault after which the call is tried again."""
        if self.is_paid and self._state.uncertain and error.resubmit:
            return "unknown"
        return error.pressure or error.kind

    async def _note_retry(self, error: Retryable, number: int, next_wait: float) -> None:
        tries = self._services.retry_settings.tries
        if self._state.calls:
            self._state.calls[-1]["wait_seconds"] = next_wait
        goes_back = self.is_resumable and self._state.request_id and not error.resubmit
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
            fault=self._fault_of(error),
            cost=error.cost,
            calls=self._state.calls,
            uncertain=self._state.uncertain,
        )
        intent, step_id, self._state.calls = self._state.intent, self._state.step_id, []
        self._services.progress.show(self._state, None, retry.message)
        await self._services.writer.write(lambda c: writes.note_retry(c, step_id, intent, retry))
        if not goes_back:
            self._services.budget.release(self)
        state = "submitted" if goes_back else "open"
        self._recorder.remember(StepRecord(step_id, state, request_id=self._state.request_id))
        self._state.retried, self.in_flight = True, False
        if not self.wanted:  # whoever waited was stopped; the next run tries again
            raise asyncio.CancelledError
