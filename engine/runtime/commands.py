"""Commands of operators: pause, resume, cancel and the other verbs of `HANDLERS`.

The engine uses the handler, and so does the command line if no engine runs, so that a command
means the same with and without one.
"""

import json
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence

from db.queries.batches import batch as read_batch
from db.queries.jobs import job as read_job
from db.rows import CommandRow
from db.writes import commands as command_writes
from engine.contract.recipe import Catalog
from engine.runtime import (
    batch_commands,
    decision_commands,
    job_commands,
    learned_commands,
    limit_commands,
    rating_commands,
    workspace_commands,
)
from engine.runtime.command_context import (
    Arguments,
    AsyncWrite,
    CommandContext,
    CommandRefused,
    CommandTarget,
    RunningJobs,
)

log = logging.getLogger(__name__)

UNKNOWN_VERB = "Unknown command: {}."
"""Message about a verb without a handler."""

HANDLERS: Mapping[str, Callable[[CommandContext, CommandTarget, Arguments], Awaitable[str]]] = {
    "pause": job_commands.pause,
    "resume": job_commands.resume,
    "cancel": job_commands.cancel,
    "cancel_waiting": job_commands.cancel_waiting,
    "retry": job_commands.retry,
    "priority": job_commands.priority,
    "front": job_commands.front,
    "decide": decision_commands.decide,
    "undo": decision_commands.undo,
    "approve": decision_commands.approve,
    "reject": decision_commands.reject,
    "budget": limit_commands.budget,
    "rate": rating_commands.rate,
    "star": batch_commands.star,
    "note": batch_commands.note,
    "archive": batch_commands.archive,
    "unarchive": batch_commands.unarchive,
    "delete": batch_commands.delete,
}
"""Handlers of commands about a batch or a job, by verb."""

WITHOUT_TARGET: Mapping[str, Callable[[CommandContext, Arguments], Awaitable[str]]] = {
    "lane": limit_commands.lane,
    "learned": learned_commands.learned,
    "pause_all": workspace_commands.pause_all,
    "resume_all": workspace_commands.resume_all,
    "drain": workspace_commands.drain,
}
"""Handlers of other commands, by verb."""


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
        self._context = CommandContext(reader, write, running, catalog)

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
        await self._context.write(
            lambda c: command_writes.answer_command(c, command.id, answer, refused=refused)
        )
        return answer

    async def _do(self, verb: str, named: Sequence[dict[str, int]], arguments: Arguments) -> str:
        if verb in WITHOUT_TARGET:
            return await WITHOUT_TARGET[verb](self._context, arguments)
        if verb not in HANDLERS:
            raise CommandRefused(UNKNOWN_VERB.format(verb))
        targets = [self._target(target) for target in named]
        answers = [await HANDLERS[verb](self._context, target, arguments) for target in targets]
        return " ".join(answers)

    def _target(self, named: dict[str, int]) -> CommandTarget:
        job = read_job(self._context.reader, named["job"]) if "job" in named else None
        if "job" in named and job is None:
            raise CommandRefused(f"There is no job j{named['job']}.")
        batch = read_batch(self._context.reader, job.batch_id if job else named["batch"])
        if batch is None:
            raise CommandRefused(f"There is no batch b{named.get('batch')}.")
        if batch.deleting:
            raise CommandRefused(f"b{batch.id} is being deleted.")
        return CommandTarget(batch, job)
