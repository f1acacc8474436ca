"""Commands about what a recipe asks operators: decide, undo, approve, reject."""

import json
import sqlite3
from typing import Any

from db.queries.gates import gates_of
from db.queries.jobs import inherited_keys, newest_decision
from db.queries.jobs import job as read_job
from db.rows import BatchRow, DecisionRow, JobRow, StepRow
from db.writes import commands as command_writes
from db.writes import jobs as job_writes
from db.writes.branches import release_kept
from db.writes.gates import ask_again
from engine.contract.recipe import can_decide, not_asked
from engine.runtime.command_context import Arguments, CommandContext, CommandRefused, CommandTarget
from engine.runtime.decisions import shape_of, trouble_with
from engine.runtime.gate_commands import GateHandler, NoGate
from engine.text.terminal import quoted


async def decide(context: CommandContext, target: CommandTarget, arguments: Arguments) -> str:
    """Store a decision of a job, and run again what depends on it."""
    key, value, job = str(arguments["key"]), arguments["value"], target.job
    if job is None:
        raise CommandRefused("A decision is about one job; name it.")
    _refuse_unfit(context, target.batch, job, key, value)
    released = _released(context, target.batch, job, key)

    def store(connection: sqlite3.Connection) -> None:
        command_writes.add_decision(connection, job.id, key, value, "operator")
        release_kept(connection, job.id, released)

    await context.write(store)
    await _run_again(context, job)
    return f"Decided {key} of {target}; what depends on it runs again."


async def undo(context: CommandContext, target: CommandTarget, arguments: Arguments) -> str:
    """Take a decision of a job back, and run again what is not in the store without it."""
    key, job = str(arguments.get("key") or ""), target.job
    if job is None:
        raise CommandRefused("A decision is about one job; name it.")
    decision = newest_decision(context.reader, job.id, key)
    if decision is None:
        of = f" about {quoted(key)}" if key else ""
        raise CommandRefused(f"{target} has no decision{of} to undo.")
    if arguments.get("decision") not in {None, decision.id}:
        raise CommandRefused(f"Another decision of {target} came meanwhile; look at it again.")
    gate = _answered_gate(context, job, decision)
    released = _released(context, target.batch, job, decision.key)

    def store(connection: sqlite3.Connection) -> None:
        command_writes.undo_decision(connection, decision.id)
        release_kept(connection, job.id, released)
        if gate is not None:
            ask_again(connection, gate.id)

    await context.running.stop_jobs(job.batch_id, job.id, "queued")
    await context.write(store)
    await _run_again(context, job)
    if gate is not None:
        return f"Undid the answer to {decision.key} of {target}; it waits for approval again."
    return f"Undid {decision.key} of {target}; what was finished without it is kept."


def _answered_gate(context: CommandContext, job: JobRow, decision: DecisionRow) -> StepRow | None:
    """Return the gate that a decision has answered; None if it is no answer at a gate."""
    value = json.loads(decision.value)
    if not (isinstance(value, dict) and "approved" in value):
        return None
    return next((g for g in gates_of(context.reader, job.id) if g.key == decision.key), None)


async def _run_again(context: CommandContext, job: JobRow) -> None:
    """Have a job read its decisions again, whether it runs, waits or has ended."""
    await context.running.stop_jobs(job.batch_id, job.id, "queued")
    now = read_job(context.reader, job.id)
    if now is not None and now.state in {"done", "failed", "parked"}:
        await context.write(lambda c: job_writes.retry_jobs(c, [now]))


def _released(context: CommandContext, batch: BatchRow, job: JobRow, key: str) -> list[str]:
    """Return the keys of steps that a branch has kept and a decision about `key` calls in doubt."""
    try:
        point = context.catalog.recipe(batch.recipe).branch
    except (KeyError, ImportError, AttributeError):
        return []
    number = point.number_of(key) if point else None
    if point is None or number is None:
        return []
    steps = inherited_keys(context.reader, job.id)
    return [step for step in steps if not point.keeps(number, step)]


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
