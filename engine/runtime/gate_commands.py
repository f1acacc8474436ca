"""Answers of operators at gates: approve, approve an edited value, reject."""

import json
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from db.queries.gates import gates_of, jobs_at_gates
from db.queries.jobs import job as read_job
from db.rows import BatchRow, JobRow, StepRow
from db.writes import gates as writes
from db.writes import jobs as job_writes
from db.writes.errors import ErrorRecord
from engine.contract.decision_points import Approval
from engine.contract.recipe import AnyRecipe, Catalog, decision_for
from engine.runtime.decisions import shape_of
from engine.text.plural import pluralize
from engine.text.terminal import clean, quoted

MAX_REASON = 2_000
"""Maximum length of a rejection's reason, in characters."""


AsyncChange = Callable[[Callable[[sqlite3.Connection], None]], Awaitable[None]]
"""Runs one write operation and returns once it is committed."""


class StopsJobs(Protocol):
    """The jobs that run in this process."""

    async def stop_jobs(self, batch_id: int, job_id: int | None, then: str) -> int:
        """Stop one job, or all of a batch, at the step they are in; return how many."""
        ...


class NoGate(Exception):
    """No gate waits, or the answer does not fit; the message has the reason."""


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """An operator's answer at a gate of a job.

    Attributes:
        key: The gate; empty for the only one that waits.
        fingerprint: Fingerprint of the step that the operator looked at; empty for any.
        edited: True if `value` replaces the value that the recipe shows.
        value: The edited value, as plain data.
        reason: Why it is rejected.
    """

    key: str = ""
    fingerprint: str = ""
    edited: bool = False
    value: Any = None
    reason: str = ""

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> "GateAnswer":
        """Return the answer that a command's arguments describe."""
        return cls(
            key=str(arguments.get("key") or ""),
            fingerprint=str(arguments.get("fingerprint") or ""),
            edited="value" in arguments,
            value=arguments.get("value"),
            reason=clean(str(arguments.get("reason") or ""), MAX_REASON),
        )


def gate_to_answer(connection: sqlite3.Connection, job: JobRow, answer: GateAnswer) -> StepRow:
    """Return the gate of a job that an answer is about.

    Raises:
        NoGate: None waits, several wait and none is named, or it shows another value by now.
    """
    gates = gates_of(connection, job.id)
    name = f"j{job.id} ({job.key})"
    if answer.key:
        found = [gate for gate in gates if gate.key == answer.key]
    else:
        found = [gate for gate in gates if gate.state == writes.WAITING]
    if not found:
        what = quoted(answer.key) if answer.key else "anything"
        raise NoGate(f"{name} does not wait for approval of {what}.{_waiting(gates)}")
    if len(found) > 1:
        keys = " and ".join(gate.key for gate in found)
        raise NoGate(f"{name} waits for approval of {keys}; name one of them.")
    if answer.fingerprint not in {"", found[0].fingerprint}:
        raise NoGate(f"{found[0].key} of {name} has changed meanwhile; look at it again.")
    return found[0]


def _waiting(gates: Sequence[StepRow]) -> str:
    keys = [gate.key for gate in gates if gate.state == writes.WAITING]
    return f" It waits for {' and '.join(keys)}." if keys else ""


def refuse_unfit(
    connection: sqlite3.Connection,
    recipe: AnyRecipe,
    batch: BatchRow,
    job: JobRow,
    gate: StepRow,
    answer: GateAnswer,
) -> None:
    """Refuse an edited value that does not fit the gate.

    Raises:
        NoGate: It does not.
    """
    asked = decision_for(recipe, gate.key)
    if not answer.edited or not isinstance(asked, Approval):
        return
    if problem := asked.problem(answer.value):
        raise NoGate(f"The edited {gate.key} {problem}. Nothing was approved.")
    if asked.check is None:
        return
    if problem := asked.check(shape_of(connection, recipe, batch, job), gate.key, answer.value):
        raise NoGate(f"{problem} Nothing was approved.")


def shown_value(gate: StepRow) -> Any:
    """Return the value that a gate shows, as plain data."""
    return json.loads(gate.request)["value"]


def approve(connection: sqlite3.Connection, job: JobRow, gate: StepRow, answer: GateAnswer) -> None:
    """Approve what a gate shows, or an edited value, and let the job continue."""
    value = answer.value if answer.edited else shown_value(gate)
    edited = answer.edited and value != shown_value(gate)
    _requeue(connection, job)
    writes.approve_gate(connection, gate, value, edited=edited)


def reject(connection: sqlite3.Connection, job: JobRow, gate: StepRow, answer: GateAnswer) -> None:
    """Reject what a gate shows, and let the recipe continue with that."""
    message = f"{gate.key} was rejected" + (f": {answer.reason}" if answer.reason else ".")
    remedy = f"Retry the job to be asked again, or cancel it: safelight retry j{job.id}."
    _requeue(connection, job)
    writes.reject_gate(connection, gate, ErrorRecord("permanent", "Rejected", message, remedy))


def _requeue(connection: sqlite3.Connection, job: JobRow) -> None:
    """Queue a job that waits at a gate or has ended; one that waits for something else stays."""
    now = read_job(connection, job.id)
    if now is None:
        return
    if now.state in {"done", "failed"}:
        job_writes.retry_jobs(connection, [now])
    elif now.state == "parked" and now.reason == "approval":
        job_writes.set_state(connection, [now], "queued", "job.resumed")


class GateHandler:
    """Answers at the gates of jobs.

    Args:
        reader: A connection to read with.
        write: Commits one operation.
        running: The jobs that run in this process.
        catalog: Recipes and backends.
    """

    def __init__(
        self,
        reader: sqlite3.Connection,
        write: AsyncChange,
        running: StopsJobs,
        catalog: Catalog,
    ) -> None:
        self._reader = reader
        self._write = write
        self._running = running
        self._catalog = catalog

    async def answer(
        self, verb: str, batch: BatchRow, job: JobRow | None, arguments: Mapping[str, Any]
    ) -> str:
        """Answer at a gate of a job, or at all gates that the jobs of a batch wait at.

        Args:
            verb: `approve` or `reject`.
            batch: The batch.
            job: The job, None for all of the batch.
            arguments: Those of the command: `key`, `fingerprint`, `value`, `reason`.

        Returns:
            The answer to the operator, as a sentence.

        Raises:
            NoGate: Nothing waits there, or the answer does not fit.
        """
        answer = GateAnswer.of(arguments)
        done = "Rejected" if verb == "reject" else "Approved"
        if job is None:
            gates = await self._answer_all(verb, batch, answer)
            return f"{done} {pluralize(gates, 'gate')} of b{batch.id}."
        key = await self._answer_one(verb, batch, job, answer)
        if verb == "reject":
            return f"Rejected {key} of j{job.id} ({job.key}); the recipe decides how to continue."
        return f"Approved {'the edited ' if answer.edited else ''}{key} of j{job.id} ({job.key})."

    async def _answer_one(self, verb: str, batch: BatchRow, job: JobRow, answer: GateAnswer) -> str:
        gate = gate_to_answer(self._reader, job, answer)
        if (recipe := self._recipe(batch)) is not None:
            refuse_unfit(self._reader, recipe, batch, job, gate, answer)
        await self._running.stop_jobs(job.batch_id, job.id, "queued")
        change = reject if verb == "reject" else approve
        await self._write(lambda c: change(c, job, gate, answer))
        return gate.key

    def _recipe(self, batch: BatchRow) -> AnyRecipe | None:
        """The batch's recipe; None if it is not installed here: it checks the answer by itself."""
        try:
            return self._catalog.recipe(batch.recipe)
        except (KeyError, ImportError, AttributeError):
            return None

    async def _answer_all(self, verb: str, batch: BatchRow, answer: GateAnswer) -> int:
        if answer.edited:
            raise NoGate("An edited value is of one job; name it.")
        after = gates = 0
        while waiting := jobs_at_gates(self._reader, batch.id, after):
            for job_id in waiting:
                gates += await self._answer_job(verb, batch, job_id, answer)
            after = waiting[-1]
        if not gates:
            raise NoGate(f"No job of b{batch.id} waits for approval.")
        return gates

    async def _answer_job(self, verb: str, batch: BatchRow, job_id: int, answer: GateAnswer) -> int:
        job = read_job(self._reader, job_id)
        if job is None:
            return 0
        keys = [gate.key for gate in gates_of(self._reader, job_id) if gate.state == writes.WAITING]
        for key in keys:
            await self._answer_one(verb, batch, job, replace(answer, key=key))
        return len(keys)
