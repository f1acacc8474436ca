"""Commands of operators: pause, resume, cancel and the other verbs of `HANDLERS`.

The engine uses the handler, and so does the command line if no engine runs, so that a command
means the same with and without one.
"""

import json
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from db.queries.batches import batch as read_batch
from db.queries.jobs import job as read_job
from db.rows import BatchRow, CommandRow, JobRow, LaneRow
from db.writes import batches as batch_writes
from db.writes import commands as command_writes
from db.writes import jobs as job_writes
from db.writes.batch_steps import give_up_finish, reopen_batch_steps, resume_finish
from db.writes.spending import set_budget
from engine.config.settings import SettingsError
from engine.contract.recipe import Catalog, can_decide, not_asked
from engine.money.amounts import in_words
from engine.runtime.decisions import shape_of, trouble_with
from engine.runtime.gate_commands import AsyncWrite, GateHandler, NoGate
from engine.runtime.lanes.lane_set import LaneChange, UnknownLane
from engine.text.plural import pluralize

log = logging.getLogger(__name__)

Arguments = Mapping[str, Any]
"""The arguments of a command, as they were stored."""

UNKNOWN_VERB = "Unknown command: {}."
"""Message about a verb without a handler."""


class CommandRefused(Exception):
    """A command cannot be carried out; the message has the reason."""


class RunningJobs(Protocol):
    """The jobs that run in this process."""

    async def stop_jobs(self, batch_id: int, job_id: int | None, then: str) -> int:
        """Stop one job, or all of a batch, at the step they are in; return how many.

        They have stopped when it returns, or ended: a job that was about to end still does.

        Args:
            batch_id: The batch.
            job_id: The job, None for all of the batch.
            then: State that they take: `queued`, `paused` or `cancelled`.
        """
        ...

    def reload(self) -> None:
        """Reload settings and environment, and let blocked lanes try again."""
        ...

    def change_lane(self, name: str, change: LaneChange) -> list[LaneRow]:
        """Change lanes until the engine ends; return their present state.

        Args:
            name: A lane, or a backend for all of its lanes.
            change: The change.

        Raises:
            UnknownLane: No lane has that name.
        """
        ...


class NoEngine:
    """Substitute if no engine runs."""

    async def stop_jobs(self, batch_id: int, job_id: int | None, then: str) -> int:
        """Return 0: nothing is running."""
        return 0

    def reload(self) -> None:
        """Do nothing: nothing needs a reload."""

    def change_lane(self, name: str, change: LaneChange) -> list[LaneRow]:
        """Raise: there are no lanes."""
        raise UnknownLane("No engine runs here, so there are no lanes; set it in safelight.toml.")


@dataclass(frozen=True, slots=True)
class CommandTarget:
    """A batch, or one job of it."""

    batch: BatchRow
    job: JobRow | None

    @property
    def job_id(self) -> int | None:
        """The job's number, None for a whole batch."""
        return self.job.id if self.job else None

    @property
    def state(self) -> str:
        """The state of the batch."""
        return self.batch.state

    def __str__(self) -> str:
        if self.job is None:
            return f"b{self.batch.id}"
        return f"j{self.job.id} ({self.job.key})"


class CommandHandler:
    """Carry out commands and store the answer of each.

    Args:
        reader: A connection to read with.
        write: Commits one operation.
        running: The jobs that run here.
        catalog: Recipes and backends.
    """

    def __init__(
        self,
        reader: sqlite3.Connection,
        write: AsyncWrite,
        running: RunningJobs,
        catalog: Catalog,
    ) -> None:
        self._reader = reader
        self._write = write
        self._running = running
        self._catalog = catalog
        self._gates = GateHandler(reader, write, running, catalog)

    async def carry_out(self, command: CommandRow) -> str:
        """Carry out a command; return the answer that was stored with it."""
        refused = False
        try:
            arguments = json.loads(command.arguments)
            answer = await self._do(command.verb, json.loads(command.targets), arguments)
        except CommandRefused as error:
            answer, refused = str(error), True
        except Exception as error:  # a command that fails must not end the engine
            log.exception("command %d", command.id)
            answer, refused = f"The command failed: {type(error).__name__}: {error}.", True
        await self._write(
            lambda c: command_writes.answer_command(c, command.id, answer, refused=refused)
        )
        return answer

    def _target(self, named: dict[str, int]) -> CommandTarget:
        job = read_job(self._reader, named["job"]) if "job" in named else None
        if "job" in named and job is None:
            raise CommandRefused(f"There is no job j{named['job']}.")
        batch = read_batch(self._reader, job.batch_id if job else named["batch"])
        if batch is None:
            raise CommandRefused(f"There is no batch b{named.get('batch')}.")
        return CommandTarget(batch, job)

    async def _do(self, verb: str, named: Sequence[dict[str, int]], arguments: Arguments) -> str:
        if verb in WITHOUT_TARGET:
            return await WITHOUT_TARGET[verb](self, arguments)
        if verb not in HANDLERS:
            raise CommandRefused(UNKNOWN_VERB.format(verb))
        targets = [self._target(target) for target in named]
        answers = [await HANDLERS[verb](self, target, arguments) for target in targets]
        return " ".join(answers)

    async def pause(self, target: CommandTarget, _arguments: Arguments) -> str:
        """Stop running jobs at their step, and keep waiting ones waiting."""
        batch_id, job = target.batch.id, target.job
        if job is None:
            _refuse_over(target, "pause")
            await self._write(lambda c: batch_writes.hold_batch(c, batch_id, held=True))
            stopped = await self._running.stop_jobs(batch_id, None, "queued")
            return f"Paused {target}; {pluralize(stopped, 'running job')} stopped at a step."
        await self._running.stop_jobs(batch_id, job.id, "paused")
        moved = await self._move(target, ("queued", "parked"), "paused", "job.paused")
        state = self._state(job)
        if not moved and (state != "paused" or job.state == "paused"):
            raise CommandRefused(f"{target} is {state}; there is nothing to pause.")
        return f"Paused {target}."

    async def resume(self, target: CommandTarget, _arguments: Arguments) -> str:
        """Queue paused and parked jobs, with the present settings and environment."""
        try:
            self._running.reload()
        except SettingsError as error:
            raise CommandRefused(f"{error} Nothing was resumed.") from None
        if target.job is not None:
            return await self._resume_one(target, target.job)
        _refuse_over(target, "resume")
        return await self._resume_batch(target)

    async def _resume_batch(self, target: CommandTarget) -> str:
        """Count the jobs that are resumed: of a paused batch also those that were queued."""
        batch = target.batch
        if batch.held:
            await self._write(lambda c: batch_writes.hold_batch(c, batch.id, held=False))
        moved = await self._move(target, ("paused", "parked"), "queued", "job.resumed")
        if await self._write(lambda c: resume_finish(c, batch.id)):
            return f"Resumed {target}; its last steps run again."
        if not moved and not batch.held:
            return f"{target} is {batch.state}; none of its jobs is paused or parked."
        goes_on = moved + (batch.queued if batch.held else 0)
        return f"Resumed {target}; {pluralize(goes_on, 'job continues', 'jobs continue')}."

    async def _resume_one(self, target: CommandTarget, job: JobRow) -> str:
        """Resume one job, but not if its batch is paused."""
        moved = await self._move(target, ("paused", "parked"), "queued", "job.resumed")
        waits = f"batch b{target.batch.id} is paused; resume that" if target.batch.held else ""
        if moved:
            return f"Resumed {target}; {f'its {waits} too' if waits else 'it continues'}."
        if waits and job.state == "queued":
            raise CommandRefused(f"{target} is queued, and its {waits}.")
        raise CommandRefused(f"{target} is {job.state}; there is nothing to resume.")

    async def cancel(self, target: CommandTarget, _arguments: Arguments) -> str:
        """Cancel unfinished jobs; keep finished results."""
        stopped = await self._running.stop_jobs(target.batch.id, target.job_id, "cancelled")
        states = ("queued", "paused", "parked")
        moved = await self._move(target, states, "cancelled", "job.cancelled")
        if target.job is None:
            await self._write(lambda c: give_up_finish(c, target.batch.id))
        state = self._state(target.job) if target.job is not None else "cancelled"
        if not moved and (state != "cancelled" or not (stopped or target.job is None)):
            raise CommandRefused(f"{target} is {state}; there is nothing to cancel.")
        return f"Cancelled {target}; {pluralize(moved, 'job')} waited and {stopped} ran."

    async def retry(self, target: CommandTarget, _arguments: Arguments) -> str:
        """Queue failed jobs, from the step that failed."""
        batch = target.batch
        if target.job is not None:
            states: Sequence[str] = ("failed", "cancelled", "parked")
        else:
            states = ("failed", "parked") if batch.failed or batch.parked else ("cancelled",)
        moved = await self._retry_in_slices(target, states)
        if not moved and target.job is None and batch.finish in {"failed", "parked"}:
            await self._write(lambda c: _reopen(c, batch.id))
            return f"The last steps of {target} run again."
        if not moved:
            state = target.job.state if target.job else batch.state
            raise CommandRefused(f"{target} is {state}; there is nothing to retry.")
        if target.job is not None:
            return f"{target} continues from the step that failed."
        went = pluralize(moved, f"job of {target} continues", f"jobs of {target} continue")
        return f"{went} from the step that failed."

    async def _retry_in_slices(self, target: CommandTarget, states: Sequence[str]) -> int:
        def retry(connection: sqlite3.Connection) -> int:
            jobs = job_writes.jobs_to_move(connection, target.batch.id, target.job_id, states)
            job_writes.retry_jobs(connection, jobs)
            return len(jobs)

        return await self._in_slices(retry)

    async def _move(self, target: CommandTarget, states: Sequence[str], to: str, event: str) -> int:
        def move(connection: sqlite3.Connection) -> int:
            jobs = job_writes.jobs_to_move(connection, target.batch.id, target.job_id, states)
            job_writes.set_state(connection, jobs, to, event)
            return len(jobs)

        return await self._in_slices(move)

    async def _in_slices(self, operation: Callable[[sqlite3.Connection], int]) -> int:
        total = 0
        while moved := await self._write(operation):
            total += moved
        return total

    async def priority(self, target: CommandTarget, arguments: Arguments) -> str:
        """Add `change` to the priority."""
        batch_id, job_id, change = target.batch.id, target.job_id, int(arguments["change"])
        await self._write(
            lambda c: job_writes.add_priority(c, None if job_id else batch_id, job_id, change)
        )
        return f"Priority of {target} changed by {change:+d}."

    async def budget(self, target: CommandTarget, arguments: Arguments) -> str:
        """Set the budget of a batch, in micro-dollars; None takes it away."""
        budget = arguments["budget"]
        if target.job is not None:
            raise CommandRefused("A budget is a batch's; name one.")
        wanted = None if budget is None else max(0, int(budget))
        await self._write(lambda c: set_budget(c, target.batch.id, wanted))
        now = f"{target} has no budget" if wanted is None else f"The budget of {target} is "
        if wanted is not None:
            now += in_words(wanted)
        return f"{now} now. Resume to continue parked jobs."

    async def approve(self, target: CommandTarget, arguments: Arguments) -> str:
        """Approve the values at the gates of jobs."""
        return await self._answer_gate("approve", target, arguments)

    async def reject(self, target: CommandTarget, arguments: Arguments) -> str:
        """Reject the values at the gates of jobs."""
        return await self._answer_gate("reject", target, arguments)

    async def _answer_gate(self, verb: str, target: CommandTarget, arguments: Arguments) -> str:
        try:
            return await self._gates.answer(verb, target.batch, target.job, arguments)
        except NoGate as error:
            raise CommandRefused(str(error)) from None

    async def decide(self, target: CommandTarget, arguments: Arguments) -> str:
        """Store a decision of a job, and run again what depends on it."""
        key, value, job = str(arguments["key"]), arguments["value"], target.job
        if job is None:
            raise CommandRefused("A decision is about one job; name it.")
        self._refuse_unfit(target.batch, job, key, value)
        await self._write(lambda c: command_writes.add_decision(c, job.id, key, value, "operator"))
        await self._running.stop_jobs(job.batch_id, job.id, "queued")
        now = read_job(self._reader, job.id)
        if now is not None and now.state in {"done", "failed", "parked"}:
            await self._write(lambda c: job_writes.retry_jobs(c, [now]))
        return f"Decided {key} of {target}; what depends on it runs again."

    def _refuse_unfit(self, batch: BatchRow, job: JobRow, key: str, value: Any) -> None:
        """Refuse a decision that the recipe does not ask for or that does not fit the job."""
        try:
            recipe = self._catalog.recipe(batch.recipe)
        except (KeyError, ImportError, AttributeError):
            return  # it is not installed here; it looks at the decision when it asks for it
        try:
            shape = shape_of(self._reader, recipe, batch, job)
        except ValueError:
            raise CommandRefused(
                f"j{job.id} ({job.key}) was queued with an input or settings that the recipe "
                f"{recipe.name} does not know here. Nothing was decided."
            ) from None
        if not can_decide(recipe, key):
            raise CommandRefused(not_asked(recipe, key))
        if trouble := trouble_with(recipe, shape, key, value):
            raise CommandRefused(f"{trouble} Nothing was decided.")

    async def lane(self, arguments: Arguments) -> str:
        """Change a lane until the engine ends."""
        concurrency, rate = arguments.get("concurrency"), arguments.get("requests_per_minute")
        change = LaneChange(
            None if concurrency is None else max(1, int(concurrency)),
            None if rate is None else max(0.0, float(rate)),
        )
        try:
            lanes = self._running.change_lane(str(arguments["lane"]), change)
        except UnknownLane as error:
            raise CommandRefused(str(error)) from None
        return " ".join(map(_lane_sentence, lanes))

    def _state(self, job: JobRow) -> str:
        """Return the job's present state."""
        found = read_job(self._reader, job.id)
        return found.state if found else "gone"


HANDLERS: Mapping[str, Callable[[CommandHandler, CommandTarget, Arguments], Awaitable[str]]] = {
    "pause": CommandHandler.pause,
    "resume": CommandHandler.resume,
    "cancel": CommandHandler.cancel,
    "retry": CommandHandler.retry,
    "priority": CommandHandler.priority,
    "decide": CommandHandler.decide,
    "approve": CommandHandler.approve,
    "reject": CommandHandler.reject,
    "budget": CommandHandler.budget,
}
"""Handlers of commands about a batch or a job, by verb."""

WITHOUT_TARGET: Mapping[str, Callable[[CommandHandler, Arguments], Awaitable[str]]] = {
    "lane": CommandHandler.lane,
}
"""Handlers of other commands, by verb."""


def _reopen(connection: sqlite3.Connection, batch_id: int) -> None:
    batch_writes.reopen_batch(connection, batch_id)
    reopen_batch_steps(connection, batch_id)


def _refuse_over(target: CommandTarget, verb: str) -> None:
    if target.batch.is_over:
        state = target.state.replace("_", " ")
        raise CommandRefused(f"{target} is {state}; there is nothing to {verb}.")


def _lane_sentence(lane: LaneRow) -> str:
    rate = lane.requests_per_minute
    most = f"{rate:g} calls a minute" if rate else "no limit a minute"
    return f"Lane {lane.name}: {lane.concurrency} at once at most, {most}, until the engine ends."
