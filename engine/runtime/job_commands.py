"""Commands about the course of jobs: pause, resume, cancel, retry, priority."""

import sqlite3
from collections.abc import Sequence

from db.queries.controls import is_paused
from db.rows import JobRow
from db.writes import batches as batch_writes
from db.writes import jobs as job_writes
from db.writes.batch_steps import give_up_finish, reopen_batch_steps, resume_finish
from engine.config.settings import SettingsError
from engine.runtime.command_context import (
    Arguments,
    CommandContext,
    CommandRefused,
    CommandTarget,
    stopped_words,
)
from engine.text.plural import pluralize

WAITING = ("queued", "paused", "parked")
"""States of jobs that wait: in the queue, for an operator, or for something that they need."""

MAX_CHANGE = 1_000_000
"""The most by which one command changes a priority."""


async def pause(context: CommandContext, target: CommandTarget, _arguments: Arguments) -> str:
    """Stop running jobs at their step, and keep waiting ones waiting."""
    batch_id, job = target.batch.id, target.job
    if job is None:
        _refuse_over(target, "pause")
        await context.write(lambda c: batch_writes.hold_batch(c, batch_id, held=True))
        stopped = await context.running.stop_jobs(batch_id, None, "queued")
        return f"Paused {target}; {stopped_words(stopped)}."
    await context.running.stop_jobs(batch_id, job.id, "paused")
    moved = await _move(context, target, ("queued", "parked"), "paused", "job.paused")
    state = context.state_of(job)
    if not moved and (state != "paused" or job.state == "paused"):
        raise CommandRefused(f"{target} is {state}; there is nothing to pause.")
    return f"Paused {target}."


async def resume(context: CommandContext, target: CommandTarget, _arguments: Arguments) -> str:
    """Queue paused and parked jobs, with the present settings and environment."""
    try:
        context.running.reload()
    except SettingsError as error:
        raise CommandRefused(f"{error} Nothing was resumed.") from None
    if target.job is not None:
        return await _resume_one(context, target, target.job)
    _refuse_over(target, "resume")
    return await _resume_batch(context, target)


async def _resume_batch(context: CommandContext, target: CommandTarget) -> str:
    """Count the jobs that are resumed: of a paused batch also those that were queued."""
    batch = target.batch
    if batch.held:
        await context.write(lambda c: batch_writes.hold_batch(c, batch.id, held=False))
    moved = await _move(context, target, ("paused", "parked"), "queued", "job.resumed")
    if await context.write(lambda c: resume_finish(c, batch.id)):
        return f"Resumed {target}; its last steps run again."
    if not moved and not batch.held:
        return f"{target} is {batch.state}; none of its jobs is paused or parked."
    goes_on = moved + (batch.queued if batch.held else 0)
    if is_paused(context.reader):
        return f"Resumed {target}, but everything is paused: safelight resume --all."
    if not goes_on:
        return f"Resumed {target}; none of its jobs waits."
    return f"Resumed {target}; {pluralize(goes_on, 'job continues', 'jobs continue')}."


async def _resume_one(context: CommandContext, target: CommandTarget, job: JobRow) -> str:
    """Resume one job, but not if its batch is paused."""
    moved = await _move(context, target, ("paused", "parked"), "queued", "job.resumed")
    waits = f"batch b{target.batch.id} is paused; resume that" if target.batch.held else ""
    if moved:
        return f"Resumed {target}; {f'its {waits} too' if waits else 'it continues'}."
    if waits and job.state == "queued":
        raise CommandRefused(f"{target} is queued, and its {waits}.")
    raise CommandRefused(f"{target} is {job.state}; there is nothing to resume.")


async def cancel(context: CommandContext, target: CommandTarget, _arguments: Arguments) -> str:
    """Cancel unfinished jobs; keep finished results."""
    stopped = await context.running.stop_jobs(target.batch.id, target.job_id, "cancelled")
    moved = await _move(context, target, WAITING, "cancelled", "job.cancelled")
    if target.job is None:
        await context.write(lambda c: give_up_finish(c, target.batch.id))
    state = context.state_of(target.job) if target.job is not None else "cancelled"
    if not moved and (state != "cancelled" or not (stopped or target.job is None)):
        raise CommandRefused(f"{target} is {state}; there is nothing to cancel.")
    if target.job is not None or not moved + stopped:
        return f"Cancelled {target}."
    ran = f", {stopped} of them running" if stopped else ""
    return f"Cancelled {target}: {pluralize(moved + stopped, 'job')}{ran}."


async def cancel_waiting(
    context: CommandContext, target: CommandTarget, _arguments: Arguments
) -> str:
    """Cancel jobs that wait in the queue, are paused or parked; leave running ones alone."""
    moved = await _move(context, target, WAITING, "cancelled", "job.cancelled")
    if not moved:
        what = f"is {context.state_of(target.job)}" if target.job else "has no job that waits"
        raise CommandRefused(f"{target} {what}; nothing was cancelled.")
    if target.job is not None:
        return f"Cancelled {target}."
    still = f"; {target.batch.running} run" if target.batch.running else ""
    return f"Cancelled {pluralize(moved, 'job')} of {target} that waited{still}."


async def retry(context: CommandContext, target: CommandTarget, _arguments: Arguments) -> str:
    """Queue failed jobs, from the step that failed; a finished one if it went on without some."""
    batch = target.batch
    if target.job is not None:
        states: Sequence[str] = ("failed", "cancelled", "parked")
    else:
        states = ("failed", "parked") if batch.failed or batch.parked else ("cancelled",)
    moved = await _retry_in_slices(context, target, states)
    if not moved and target.job is not None and await _retry_left_out(context, target.job):
        return f"{target} runs again what had failed."
    if not moved and target.job is None and batch.finish in {"failed", "parked"}:
        await context.write(lambda c: _reopen(c, batch.id))
        return f"The last steps of {target} run again."
    if not moved:
        state = target.job.state if target.job else batch.state
        raise CommandRefused(f"{target} is {state}; there is nothing to retry.")
    if target.job is not None:
        return f"{target} continues from the step that failed."
    went = pluralize(moved, f"job of {target} continues", f"jobs of {target} continue")
    return f"{went} from the step that failed."


async def priority(context: CommandContext, target: CommandTarget, arguments: Arguments) -> str:
    """Add `change` to the priority."""
    batch_id, job_id, change = target.batch.id, target.job_id, int(arguments["change"])
    if abs(change) > MAX_CHANGE:
        raise CommandRefused(f"A priority changes by at most {MAX_CHANGE}.")
    await context.write(
        lambda c: job_writes.add_priority(c, None if job_id else batch_id, job_id, change)
    )
    return f"Priority of {target} changed by {change:+d}."


async def front(context: CommandContext, target: CommandTarget, _arguments: Arguments) -> str:
    """Raise the priority until all that is queued of the target comes next."""
    state = target.job.state if target.job else target.state
    queued = state == "queued" if target.job else target.batch.queued > 0
    if not queued:
        raise CommandRefused(f"{target} is {state}; nothing of it is queued.")
    batch_id, job_id = target.batch.id, target.job_id
    change = await context.write(lambda c: job_writes.move_to_front(c, batch_id, job_id))
    if not change:
        return f"{target} was next already."
    return f"{target} is next; its priority changed by {change:+d}."


async def _retry_left_out(context: CommandContext, job: JobRow) -> bool:
    return await context.write(lambda c: job_writes.retry_left_out(c, job))


async def _retry_in_slices(
    context: CommandContext, target: CommandTarget, states: Sequence[str]
) -> int:
    def retry(connection: sqlite3.Connection) -> int:
        jobs = job_writes.jobs_to_move(connection, target.batch.id, target.job_id, states)
        job_writes.retry_jobs(connection, jobs)
        return len(jobs)

    return await context.in_slices(retry)


async def _move(
    context: CommandContext, target: CommandTarget, states: Sequence[str], to: str, event: str
) -> int:
    def move(connection: sqlite3.Connection) -> int:
        jobs = job_writes.jobs_to_move(connection, target.batch.id, target.job_id, states)
        job_writes.set_state(connection, jobs, to, event)
        return len(jobs)

    return await context.in_slices(move)


def _reopen(connection: sqlite3.Connection, batch_id: int) -> None:
    batch_writes.reopen_batch(connection, batch_id)
    reopen_batch_steps(connection, batch_id)


def _refuse_over(target: CommandTarget, verb: str) -> None:
    if target.batch.is_over:
        state = target.state.replace("_", " ")
        raise CommandRefused(f"{target} is {state}; there is nothing to {verb}.")
