"""Steps: what makes a call durable.

A step is known by `(job, key)` and the fingerprint of its call. One that has finished answers from
the store. One that has not is asked of its backend through the backend's lane: the intent is a row
before the call, the provider's id as soon as it is known, the result with all that belongs to it
in one transaction. A call that is under way is the engine's, not the job's: a job that is
stopped, or a branch whose sibling failed, never throws away what was paid for.
"""

import asyncio
import logging
import traceback
from collections.abc import Callable
from typing import Any, TypeVar, cast

import stamina

from db.clock import now
from db.writer import Writer
from db.writes import steps as writes
from db.writes.errors import ErrorRecord
from engine.capabilities import (
    Backend,
    Blocked,
    Call,
    OutcomeUnknown,
    Permanent,
    Result,
    Retryable,
    StepError,
)
from engine.runtime.artifacts import ArtifactStore
from engine.runtime.context import CallRecorder
from engine.runtime.fingerprint import fingerprint
from engine.runtime.lanes import Lane
from engine.runtime.pool import ComputePool
from engine.runtime.progress import ProgressBoard
from engine.runtime.run import JobRun, Memo
from engine.settings import EngineSettings, RetrySettings

ResultT = TypeVar("ResultT", bound=Result)

UNWRITABLE_SECONDS = 1.0
"""How long a paid result that cannot be stored waits before it is tried again."""

log = logging.getLogger(__name__)


class StepFailed(Permanent):
    """A step that has failed for good; its error is in the store.

    Attributes:
        error_id: The error's row.
        error_kind: `permanent` or `bug`.
    """

    def __init__(self, message: str, *, remedy: str, error_id: int, error_kind: str) -> None:
        super().__init__(message, remedy=remedy)
        self.error_id = error_id
        self.error_kind = error_kind


class StepUnknown(OutcomeUnknown):
    """A paid call whose outcome is unknown; an operator has to say what to do."""


class StepRunner:
    """Runs the steps of all jobs of one engine."""

    def __init__(
        self,
        writer: Writer,
        artifacts: ArtifactStore,
        pool: ComputePool,
        progress: ProgressBoard,
        lane_of: Callable[[Backend], Lane],
        publish: Callable[[JobRun], None],
    ) -> None:
        self._writer = writer
        self._artifacts = artifacts
        self._pool = pool
        self._progress = progress
        self._lane_of = lane_of
        self.publish = publish
        self.engine_settings = EngineSettings()
        self.retry_settings = RetrySettings()
        self._under_way: dict[tuple[int, str, str], _Performance] = {}
        self._tasks: set[asyncio.Task[Memo]] = set()
        self._runs: dict[int, JobRun] = {}

    def enter(self, run: JobRun) -> None:
        """Makes what finishes from now on known to a run."""
        self._runs[run.job.id] = run

    def leave(self, run: JobRun) -> None:
        """Forgets a run, unless the job has begun another one meanwhile."""
        if self._runs.get(run.job.id) is run:
            del self._runs[run.job.id]

    @property
    def calls_under_way(self) -> list["asyncio.Task[Memo]"]:
        """The calls that have been sent and are not answered, or not yet written down."""
        return list(self._tasks)

    def abandon(self, run: JobRun) -> None:
        """Cancels a run's calls under way that cost nothing; paid ones go on."""
        for place, performance in list(self._under_way.items()):
            if place[0] == run.job.id and not performance.call.backend.paid:
                log.debug("abandoning %s of job j%d", place[1], place[0])
                self._give_up(place, performance)

    async def step(
        self, run: JobRun, scope: str, name: str, call: Call[ResultT], *, iteration: int
    ) -> ResultT:
        """The result of a call, made now or before."""
        key = f"{scope}/{name}" if scope else name
        if key in run.used:
            raise RuntimeError(f"The recipe has used the step key {key!r} twice in one job.")
        run.used.add(key)
        identity = run.batch.identities[call.backend.capability]
        print_ = fingerprint(cast("Call[Result]", call), identity)
        if run.has_other_version(key, print_):
            job_id = run.job.id
            await self._writer.write(lambda c: writes.supersede_others(c, job_id, key, print_))
        memo = await self._settled(run, scope, name, key, print_, call, iteration)
        result = call.result_type.model_validate_json(memo.result or "null")
        self._note_headline(run, result)
        return result

    async def _settled(
        self,
        run: JobRun,
        scope: str,
        name: str,
        key: str,
        print_: str,
        call: Call[Any],
        iteration: int,
    ) -> Memo:
        memo = run.memos.get((key, print_))
        if memo is not None and memo.state == "done":
            return memo
        if memo is not None and memo.state == "failed":
            raise _stored_failure(memo)
        place = (run.job.id, key, print_)
        performance = self._under_way.get(place)
        if performance is None or performance.task.done():
            performance = _Performance(self, run, scope, name, key, print_, call, iteration, memo)
            self._under_way[place] = performance
            self._tasks.add(performance.task)
            performance.task.add_done_callback(lambda done: self._settle(place, done))
        performance.wanted = True
        try:
            return await asyncio.shield(performance.task)
        except asyncio.CancelledError:
            performance.wanted = False
            if not performance.in_flight:  # nobody has been asked yet, and nobody waits any more
                self._give_up(place, performance)
            raise

    def _give_up(self, place: tuple[int, str, str], performance: "_Performance") -> None:
        if self._under_way.get(place) is performance:
            del self._under_way[place]
        performance.task.cancel()

    def _settle(self, place: tuple[int, str, str], task: "asyncio.Task[Memo]") -> None:
        self._tasks.discard(task)
        performance = self._under_way.get(place)
        if performance is not None and performance.task is task:
            del self._under_way[place]
        if not task.cancelled():
            task.exception()  # seen here, so that an answer nobody waits for is not an alarm

    def remember(self, job_id: int, key: str, print_: str, memo: Memo) -> None:
        """Gives an outcome to the run that the job has now, which may not be the one that asked."""
        run = self._runs.get(job_id)
        if run is None:
            return
        if (key, print_) not in run.memos:
            run.versions[key] += 1
        run.memos[key, print_] = memo

    def _note_headline(self, run: JobRun, result: Result) -> None:
        run.best = headline_of(run, result)


def headline_of(run: JobRun, result: Result) -> float | None:
    """The best headline of a run once a result has come."""
    best = run.best
    for score in result.scores():
        if score.metric == run.headline.metric:
            best = run.headline.best(best, score.value)
    return best


class _Performance:
    """One step that is being made: from its intent to its outcome.

    Attributes:
        task: What makes it.
        wanted: Whether a run waits for it.
        in_flight: Whether the call has been sent, or is being sent, and has no answer yet.
    """

    def __init__(
        self,
        runner: StepRunner,
        run: JobRun,
        scope: str,
        name: str,
        key: str,
        print_: str,
        call: Call[Any],
        iteration: int,
        memo: Memo | None,
    ) -> None:
        self.runner = runner
        self.run = run
        self.call = call
        self.iteration = iteration
        self.memo = memo
        self.print = print_
        self.lane = runner._lane_of(call.backend)
        self.step_id = memo.id if memo else 0
        self.request_id = memo.request_id if memo and call.backend.resumable else None
        self.begun = memo is not None and self.request_id is not None
        self.calls: list[dict[str, Any]] = []
        self.spent = 0
        self.retried = False
        self.wanted = self.in_flight = False
        identity = run.batch.identities[call.backend.capability]
        self.intent = writes.Intent(
            batch_id=run.job.batch_id,
            job_id=run.job.id,
            key=key,
            scope=scope,
            name=name,
            fingerprint=print_,
            operation=call.operation,
            backend=identity.backend,
            model=identity.model,
            request=call.request.model_dump_json(),
        )
        self.task = asyncio.create_task(self._perform(), name=f"step {key} of j{run.job.id}")

    async def _perform(self) -> Memo:
        """Makes the call until it has an outcome, and stores that."""
        await self._refuse_what_must_not_be_sent()
        try:
            outcome = await self._call_with_retries()
        except asyncio.CancelledError:
            self._put_aside()
            raise
        except StepError as error:
            raise await self._keep_failure(error) from error
        except Exception as error:
            raise await self._keep_bug(error) from error
        return await self._keep_result(outcome)

    async def _refuse_what_must_not_be_sent(self) -> None:
        memo, settings = self.memo, self.runner.engine_settings
        if memo is None or memo.state == "open" or self.begun:
            return
        if memo.attempts >= settings.max_starts:
            raise await self._keep_failure(
                Permanent(
                    f"The step was begun {memo.attempts} times and never finished.",
                    remedy="Look at the log for what ends the engine, then retry the job.",
                )
            )
        if self.call.backend.paid and settings.on_unknown != "retry":
            raise await self._keep_unknown(settings.on_unknown)

    def _put_aside(self) -> None:
        """A call that cost nothing was given up; a paid one stays as it is: it may have worked."""
        if self.step_id and not self.call.backend.paid and not self.request_id:
            step_id = self.step_id
            self.runner._writer.write(lambda c: writes.put_aside(c, step_id))
            self._remember(Memo(step_id, "open"))

    async def _call_with_retries(self) -> writes.Outcome:
        """The first try is made outside the library, which costs a third of a trivial step."""
        try:
            return await self._try(1)
        except Retryable as error:
            return await self._try_again(error)

    async def _try_again(self, error: Retryable) -> writes.Outcome:
        retry = self.runner.retry_settings
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

    async def _try(self, number: int) -> writes.Outcome:
        async with self.lane.slot():
            await self._begin()
            result, recorder = await self._call_once(number)
        return self._outcome(result, recorder)

    def _wait_before_retry(self, error: Exception) -> bool | float:
        if not isinstance(error, Retryable):
            return False
        return True if error.retry_after is None else max(0.0, error.retry_after)

    async def _begin(self) -> None:
        if not self.begun:
            self._refuse_if_not_ready()
        self.in_flight = True
        writer, intent, step_id, request_id = (
            self.runner._writer,
            self.intent,
            self.step_id,
            self.request_id,
        )
        if self.begun and request_id:
            await writer.write(lambda c: writes.submitted_step(c, step_id, request_id))
        elif not step_id:
            self.step_id = await writer.write(lambda c: writes.begin_step(c, intent))
        else:
            await writer.write(lambda c: writes.begin_again(c, step_id))
        self.begun = True

    def _refuse_if_not_ready(self) -> None:
        missing = self.call.backend.missing()
        if missing:
            what = "; ".join(item.what for item in missing)
            remedy = " ".join(item.remedy for item in missing)
            raise Blocked(
                f"{self.intent.backend} needs {what}.", reason=missing[0].reason, remedy=remedy
            )

    async def _call_once(self, number: int) -> tuple[Result, CallRecorder]:
        recorder = self._recorder()
        started = now()
        try:
            result = await self._ask(recorder)
        except StepError as caught:
            error = self._as_policy_says(caught)
            error.cost = max(error.cost, recorder.spent)
            self._note_call(recorder, number, started, error)
            if isinstance(error, Retryable):
                self.lane.failed()
            elif not isinstance(error, Blocked | OutcomeUnknown):
                self.lane.succeeded()  # it refuses this request, so it answers
            raise error from caught
        except Exception as bug:
            self.spent = recorder.spent
            named = Permanent(f"{type(bug).__name__}: {bug}", cost=self.spent)
            self._note_call(recorder, number, started, named)
            raise
        self.spent = recorder.spent
        self._note_call(recorder, number, started, None)
        self.lane.succeeded()
        return result, recorder

    def _as_policy_says(self, error: StepError) -> StepError:
        unknown = isinstance(error, OutcomeUnknown)
        if unknown and self.runner.engine_settings.on_unknown == "retry":
            return Retryable(error.message, resubmit=True, cost=error.cost)
        return error

    async def _ask(self, recorder: CallRecorder) -> Result:
        backend, deadline = self.call.backend, self.runner.engine_settings.deadline_seconds
        operation = getattr(backend, self.call.operation)
        try:
            async with asyncio.timeout(deadline):
                return cast("Result", await operation(self.call.request, recorder))
        except TimeoutError:
            message = f"{self.intent.backend} gave no answer within {deadline:g} seconds."
            if backend.paid and not (backend.resumable and recorder.request_id):
                raise OutcomeUnknown(message) from None
            raise Retryable(message) from None
        finally:
            self.request_id = recorder.request_id

    def _recorder(self) -> CallRecorder:
        step_id, runner = self.step_id, self.runner

        async def on_submitted(request_id: str) -> None:
            await runner._writer.write(lambda c: writes.submitted_step(c, step_id, request_id))

        def on_progress(fraction: float | None, message: str) -> None:
            runner._progress.show(
                step_id, self.intent.batch_id, self.intent.job_id, fraction, message
            )

        return CallRecorder(
            runner._artifacts,
            runner._pool,
            on_submitted,
            on_progress,
            self.request_id,
            on_unwritable=self._on_unwritable,
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
        if self.lane.blocked is None:  # nothing more is bought meanwhile
            log.error("%s", blocked.message)
            self.lane.block(blocked)
        await asyncio.sleep(UNWRITABLE_SECONDS)

    def _note_call(
        self,
        recorder: CallRecorder,
        number: int,
        started: str,
        error: StepError | None,
    ) -> None:
        if not (self.call.backend.paid or self.call.backend.resumable):
            return
        self.calls.append(
            {
                "attempt": number,
                "request_id": recorder.request_id,
                "status": error.kind if error else "done",
                "error": error.message if error else None,
                "wait_seconds": None,
                "cost": error.cost if error else recorder.spent,
                "started_at": started,
                "finished_at": now(),
            }
        )

    async def _note_retry(self, error: Retryable, number: int, next_wait: float) -> None:
        tries = self.runner.retry_settings.tries
        if self.calls:
            self.calls[-1]["wait_seconds"] = next_wait
        goes_back = self.call.backend.resumable and self.request_id and not error.resubmit
        if not goes_back:
            self.request_id, self.begun = None, False
        if number >= tries:
            return
        wait = next_wait if error.retry_after is None else error.retry_after
        retry = writes.Retry(
            f"{self.intent.key}: {error.message} Try {number + 1} of {tries} in {wait:.1f} s.",
            wait_seconds=wait,
            open_again=not goes_back,
            cost=error.cost,
            calls=self.calls,
        )
        intent, step_id, self.calls = self.intent, self.step_id, []
        self.runner._progress.show(step_id, intent.batch_id, intent.job_id, None, retry.message)
        await self.runner._writer.write(lambda c: writes.note_retry(c, step_id, intent, retry))
        state = "submitted" if goes_back else "open"
        self._remember(Memo(step_id, state, request_id=self.request_id))
        self.retried, self.in_flight = True, False
        if not self.wanted:  # whoever waited was stopped; the next run tries again
            raise asyncio.CancelledError

    async def _keep_result(self, outcome: writes.Outcome) -> Memo:
        step_id, intent = self.step_id, self.intent
        await self.runner._writer.write(lambda c: writes.finish_step(c, step_id, intent, outcome))
        self.runner._progress.forget(step_id)
        return self._remember(Memo(step_id, "done", result=outcome.result))

    def _outcome(self, result: Result, recorder: CallRecorder) -> writes.Outcome:
        text = result.model_dump_json()
        self.call.result_type.model_validate_json(text)  # what cannot be read back is no result
        return writes.Outcome(
            result=text,
            artifacts=recorder.kept,
            scores=[score.model_dump() for score in result.scores()],
            critiques=[critique.model_dump() for critique in result.critiques()],
            prompts=[prompt.model_dump() for prompt in result.prompts()],
            cost=recorder.spent,
            headline=headline_of(self.run, result),
            iterations=self.iteration,
            had_progress=recorder.had_progress or self.retried,
            calls=self.calls,
        )

    async def _keep_failure(self, error: StepError) -> StepError:
        if isinstance(error, OutcomeUnknown):
            policy = self.runner.engine_settings.on_unknown
            return await self._keep_unknown(policy, error.message, error.cost)
        if isinstance(error, Blocked):
            error.lane = self.lane.name
            if self.lane.blocked is None:
                self.lane.block(error)
            if self.step_id:
                await self._fail("open", error)
            return error.again()
        if not isinstance(error, Retryable):
            self.request_id = None  # this request has its answer; a retry has to ask anew
        error_id = await self._fail("failed", error)
        return self._failed(error_id, "permanent", error.message, error.remedy)

    async def _keep_unknown(self, policy: str, cause: str = "", cost: int = 0) -> StepError:
        said = f"{self.intent.backend} was asked and nobody knows whether it did it"
        error = StepUnknown(
            f"{said} ({self.intent.key}). {cause}".strip(),
            remedy="Retry the job to ask again (it may be paid for twice), or cancel it.",
            cost=cost,
        )
        if policy == "fail":
            error_id = await self._fail("failed", error)
            return self._failed(error_id, "permanent", error.message, error.remedy)
        await self._fail("unknown", error)
        return error

    async def _keep_bug(self, error: Exception) -> StepError:
        log.exception("%s of job %s", self.intent.key, self.run.job.key)
        message = f"{type(error).__name__}: {error}"
        record = ErrorRecord(
            kind="bug",
            type=type(error).__name__,
            message=message,
            remedy="This is a defect of Safelight or of a backend; please report it.",
            traceback="".join(traceback.format_exception(error)),
        )
        error_id = await self._write_failure("failed", record, self.spent)
        return self._failed(error_id, "bug", message, record.remedy)

    def _failed(self, error_id: int, kind: str, message: str, remedy: str) -> StepFailed:
        memo = Memo(self.step_id, "failed", error=(kind, message, remedy), error_id=error_id)
        self._remember(memo)
        return _stored_failure(memo)

    async def _fail(self, state: str, error: StepError) -> int:
        kind = "permanent" if state == "failed" else error.kind
        record = ErrorRecord(kind, type(error).__name__, error.message, error.remedy)
        return await self._write_failure(state, record, error.cost)

    async def _write_failure(self, state: str, record: ErrorRecord, cost: int) -> int:
        writer, intent, calls = self.runner._writer, self.intent, self.calls
        if not self.step_id:  # refused before it was begun; the error needs a step to belong to
            self.step_id = await writer.write(lambda c: writes.begin_step(c, intent))
        step_id, request_id = self.step_id, self.request_id
        self.runner._progress.forget(step_id)
        error_id = await writer.write(
            lambda c: writes.fail_step(
                c, step_id, intent, record, state, request_id=request_id, cost=cost, calls=calls
            )
        )
        if state != "failed":
            self._remember(Memo(step_id, state, request_id=request_id))
        return error_id

    def _remember(self, memo: Memo) -> Memo:
        self.runner.remember(self.run.job.id, self.intent.key, self.print, memo)
        return memo


def _stored_failure(memo: Memo) -> StepFailed:
    kind, message, remedy = memo.error or ("permanent", "The step has failed before.", "")
    return StepFailed(message, remedy=remedy, error_id=memo.error_id or 0, error_kind=kind)
