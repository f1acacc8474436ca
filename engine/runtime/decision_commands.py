"""Commands about what a recipe asks operators: decide, approve, reject."""

from typing import Any

from db.queries.jobs import job as read_job
from db.rows import BatchRow, JobRow
from db.writes import commands as command_writes
from db.writes import jobs as job_writes
from engine.contract.recipe import can_decide, not_asked
from engine.runtime.command_context import Arguments, CommandContext, CommandRefused, CommandTarget
from engine.runtime.decisions import shape_of, trouble_with
from engine.runtime.gate_commands import GateHandler, NoGate


async def decide(context: CommandContext, target: CommandTarget, arguments: Arguments) -> str:
    """Store a decision of a job, and run again what depends on it."""
    key, value, job = str(arguments["key"]), arguments["value"], target.job
    if job is None:
        raise CommandRefused("A decision is about one job; name it.")
    _refuse_unfit(context, target.batch, job, key, value)
    await context.write(lambda c: command_writes.add_decision(c, job.id, key, value, "operator"))
    await context.running.stop_jobs(job.batch_id, job.id, "queued")
    now = read_job(context.reader, job.id)
    if now is not None and now.state in {"done", "failed", "parked"}:
        await context.write(lambda c: job_writes.retry_jobs(c, [now]))
    return f"Decided {key} of {target}; what depends on it runs again."


def _refuse_unfit(
    context: CommandContext, batch: BatchRow, job: JobRow, key: str, value: Any
) -> None:
    """Refuse a decision that the recipe does not ask for or that does not fit the job."""
    try:
        recipe = context.catalog.recipe(batch.recipe)
    except (KeyError, ImportError, AttributeError):
        return  # it is not installed here; it looks at the decision when it asks for it
    try:
        shape = shape_of(context.reader, recipe, batch, job)
    except ValueError:
        raise CommandRefused(
            f"j{job.id} ({job.key}) was queued with an input or settings that the recipe "
            f"{recipe.name} does not know here. Nothing was decided."
        ) from None
    if not can_decide(recipe, key):
        raise CommandRefused(not_asked(recipe, key))
    if trouble := trouble_with(recipe, shape, key, value):
        raise CommandRefused(f"{trouble} Nothing was decided.")


async def approve(context: CommandContext, target: CommandTarget, arguments: Arguments) -> str:
    """Approve the values at the gates of jobs."""
    return await _answer_gate(context, "approve", target, arguments)


async def reject(context: CommandContext, target: CommandTarget, arguments: Arguments) -> str:
    """Reject the values at the gates of jobs."""
    return await _answer_gate(context, "reject", target, arguments)


async def _answer_gate(
    context: CommandContext, verb: str, target: CommandTarget, arguments: Arguments
) -> str:
    gates = GateHandler(context.reader, context.write, context.running, context.catalog)
    try:
        return await gates.answer(verb, target.batch, target.job, arguments)
    except NoGate as error:
        raise CommandRefused(str(error)) from None
