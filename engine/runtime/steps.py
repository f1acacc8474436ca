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
        self._under_way: dict[tuple[int, str, str], asyncio.Task[Memo]] = {}
        self._runs: dict[int, JobRun] = {}

    def enter(self, run: JobRun) -> None:
        """Makes what finishes from now on known to a run."""
        self._runs[run.job.id] = run

    def leave(self, run: JobRun) -> None:
        """Forgets a run."""
        self._runs.pop(run.job.id, None)

    @property
    def calls_under_way(self) -> list["asyncio.Task[Memo]"]:
        """The calls that somebody has been asked for and has not answered."""
        return list(self._under_way.values())

    def abandon(self, run: JobRun) -> None:
        """Cancels a run's calls under way that cost nothing; paid ones go on."""
        for (job_id, key, _), task in self._under_way.items():
            if job_id == run.job.id and not task.get_name().startswith("paid:"):
                log.debug("abandoning %s of job j%d", key, job_id)
                task.cancel()

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
        task = self._under_way.get(place)
        if task is None:
            performance = _Performance(self, run, scope, name, key, print_, call, iteration, memo)
            kind = "paid" if call.backend.paid else "free"
            task = asyncio.create_task(performance.perform(), name=f"{kind}:{key}")
            self._under_way[place] = task
            task.add_done_callback(lambda done: self._settle(place, done))
        return await asyncio.shield(task)

    def _settle(self, place: tuple[int, str, str], task: "asyncio.Task[Memo]") -> None:
        self._under_way.pop(place, None)
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
    """One step that is being made: from its intent to its outcome."""

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

    async def perform(self) -> Memo:
        """Makes the call until it has an outcome, and stores that."""
        await self._refuse_what_must_not_be_sent()
        try:
            result, recorder = await self._call_with_retries()
        except asyncio.CancelledError:
            self._put_aside()
            raise
        except StepError as error:
            raise await self._keep_failure(error) from error
        except Exception as error:
            raise await self._keep_bug(error) from error
        return await self._keep_result(result, recorder)

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
        if self.step_id and not self.call.backend.paid:
            step_id = self.step_id
            self.runner._writer.write(lambda c: writes.put_aside(c, step_id))

    async def _call_with_retries(self) -> tuple[Result, CallRecorder]:
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
                async with self.lane.slot():
                    await self._begin()
                    return await self._call_once(attempt.num, attempt.next_wait)
        raise AssertionError("stamina ends its loop by a return or an error")

    def _wait_before_retry(self, error: Exception) -> bool | float:
        if not isinstance(error, Retryable):
            return False
        return True if error.retry_after is None else max(0.0, error.retry_after)

    async def _begin(self) -> None:
        if self.begun:
            return
        self._refuse_if_not_ready()
        writer, intent = self.runner._writer, self.intent
        if not self.step_id:
            self.step_id = await writer.write(lambda c: writes.begin_step(c, intent))
        else:
            step_id = self.step_id
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

    async def _call_once(self, number: int, next_wait: float) -> tuple[Result, CallRecorder]:
        recorder = self._recorder()
        started = now()
        try:
            result = await self._ask(recorder)
        except StepError as caught:
            error = self._as_policy_says(caught)
            error.cost = max(error.cost, recorder.spent)
            self._note_call(recorder, number, started, error, next_wait)
            if isinstance(error, Retryable):
                await self._note_retry(error, number, next_wait)
            raise error from caught
        self._note_call(recorder, number, started, None, 0.0)
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
            runner._artifacts, runner._pool, on_submitted, on_progress, self.request_id
        )

    def _note_call(
        self,
        recorder: CallRecorder,
        number: int,
        started: str,
        error: StepError | None,
        next_wait: float,
    ) -> None:
        if not (self.call.backend.paid or self.call.backend.resumable):
            return
        self.calls.append(
            {
                "attempt": number,
                "request_id": recorder.request_id,
                "status": error.kind if error else "done",
                "error": error.message if error else None,
                "wait_seconds": next_wait if isinstance(error, Retryable) else None,
                "cost": error.cost if error else recorder.spent,
                "started_at": started,
                "finished_at": now(),
            }
        )

    async def _note_retry(self, error: Retryable, number: int, next_wait: float) -> None:
        self.lane.failed()
        tries = self.runner.retry_settings.tries
        if number >= tries:
            return
        goes_back = self.call.backend.resumable and self.request_id and not error.resubmit
        if not goes_back:
            self.request_id, self.begun = None, False
        wait = next_wait if error.retry_after is None else error.retry_after
        message = f"{self.intent.key}: {error.message} Try {number + 1} of {tries} in {wait:.1f} s."
        intent, step_id, open_again = self.intent, self.step_id, not goes_back
        self.runner._progress.show(step_id, intent.batch_id, intent.job_id, None, message)
        await self.runner._writer.write(
            lambda c: writes.note_retry(c, step_id, intent, message, wait, open_again=open_again)
        )

    async def _keep_result(self, result: Result, recorder: CallRecorder) -> Memo:
        outcome = self._outcome(result, recorder)
        step_id, intent = self.step_id, self.intent
        await self.runner._writer.write(lambda c: writes.finish_step(c, step_id, intent, outcome))
        self.runner._progress.forget(step_id)
        return self._remember(Memo(step_id, "done", result=outcome.result))

    def _outcome(self, result: Result, recorder: CallRecorder) -> writes.Outcome:
        return writes.Outcome(
            result=result.model_dump_json(),
            artifacts=recorder.kept,
            scores=[score.model_dump() for score in result.scores()],
            critiques=[critique.model_dump() for critique in result.critiques()],
            prompts=[prompt.model_dump() for prompt in result.prompts()],
            cost=recorder.spent,
            headline=headline_of(self.run, result),
            iterations=self.iteration,
            had_progress=recorder.had_progress or len(self.calls) > 1,
            calls=self.calls,
        )

    async def _keep_failure(self, error: StepError) -> StepError:
        if isinstance(error, OutcomeUnknown):
            return await self._keep_unknown(self.runner.engine_settings.on_unknown)
        if isinstance(error, Blocked):
            if self.lane.blocked is None:
                self.lane.block(error)
            if self.step_id:
                await self._fail("open", error)
            return error.again()
        error_id = await self._fail("failed", error)
        return self._failed(error_id, "permanent", error.message, error.remedy)

    async def _keep_unknown(self, policy: str) -> StepError:
        error = StepUnknown(
            f"{self.intent.backend} was asked and nobody knows whether it did it "
            f"({self.intent.key}).",
            remedy="Retry the job to ask again (it may be paid for twice), or cancel it.",
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
        error_id = await self._write_failure("failed", record, 0)
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
        step_id = self.step_id
        self.runner._progress.forget(step_id)
        return await writer.write(
            lambda c: writes.fail_step(
                c, step_id, intent, record, state=state, cost=cost, calls=calls
            )
        )

    def _remember(self, memo: Memo) -> Memo:
        self.runner.remember(self.run.job.id, self.intent.key, self.print, memo)
        return memo


def _stored_failure(memo: Memo) -> StepFailed:
    kind, message, remedy = memo.error or ("permanent", "The step has failed before.", "")
    return StepFailed(message, remedy=remedy, error_id=memo.error_id or 0, error_kind=kind)
