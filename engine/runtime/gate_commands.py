"""Answers of operators at gates of jobs and batches: approve, approve an edited value, reject."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from db.queries.gates import gates_of, gates_to_answer, jobs_at_gates, waiting_gates_of_batch
from db.queries.jobs import job as read_job
from db.rows import BatchRow, JobRow, StepRow
from db.writes import gates as writes
from db.writes import jobs as job_writes
from db.writes.batch_steps import SLICE, resume_finish
from db.writes.errors import ErrorRecord
from engine.contract.decision_points import Approval
from engine.contract.recipe import AnyRecipe, Catalog, decision_for
from engine.runtime.command_context import AsyncWrite, RunningJobs
from engine.runtime.decisions import shape_of
from engine.text.plural import pluralize
from engine.text.terminal import clean, quoted

MAX_REASON = 2_000
"""Maximum length of a rejection's reason, in characters."""


class NoGate(Exception):
    """No gate waits, or the answer does not fit; the message has the reason."""


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """An operator's answer at a gate of a job or a batch.

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


def gate_to_answer(gates: Sequence[StepRow], name: str, answer: GateAnswer) -> StepRow:
    """Return the gate that an answer is about.

    Args:
        gates: The gates of a job or a batch.
        name: Name of the job or the batch, for messages.
        answer: The answer.

    Raises:
        NoGate: None waits, several wait and none is named, or it shows another value by now.
    """
    if answer.key:
        chosen = [gate for gate in gates if gate.key == answer.key]
    else:
        chosen = [gate for gate in gates if gate.state == writes.WAITING]
    if not chosen:
        what = quoted(answer.key) if answer.key else "anything"
        raise NoGate(f"{name} does not wait for approval of {what}.{_waiting(gates)}")
    if len(chosen) > 1:
        keys = " and ".join(gate.key for gate in chosen)
        raise NoGate(f"{name} waits for approval of {keys}; name one of them.")
    if answer.fingerprint not in {"", chosen[0].fingerprint}:
        raise NoGate(f"{chosen[0].key} of {name} has changed meanwhile; look at it again.")
    return chosen[0]


def _waiting(gates: Sequence[StepRow]) -> str:
    keys = [gate.key for gate in gates if gate.state == writes.WAITING]
    return f" It waits for {' and '.join(keys)}." if keys else ""


def refuse_unfit(
    connection: sqlite3.Connection,
    recipe: AnyRecipe,
    batch: BatchRow,
    job: JobRow | None,
    gate: StepRow,
    answer: GateAnswer,
) -> None:
    """Refuse an edited value that does not fit the gate, or the job if it is a job's.

    Raises:
        NoGate: It does not.
    """
    asked = decision_for(recipe, gate.key)
    if not answer.edited or not isinstance(asked, Approval):
        return
    if problem := asked.problem(answer.value):
        raise NoGate(f"The edited {gate.key} {problem}. Nothing was approved.")
    if asked.check is None or job is None:
        return
    if problem := asked.check(shape_of(connection, recipe, batch, job), gate.key, answer.value):
        raise NoGate(f"{problem} Nothing was approved.")


def shown_value(gate: StepRow) -> Any:
    """Return the value that a gate shows, as plain data."""
    return json.loads(gate.request)["value"]


def approve(connection: sqlite3.Connection, gate: StepRow, answer: GateAnswer) -> None:
    """Approve what a gate shows, or an edited value, and let its job or batch continue."""
    value = answer.value if answer.edited else shown_value(gate)
    edited = answer.edited and value != shown_value(gate)
    _continue(connection, gate)
    writes.approve_gate(connection, gate, value, edited=edited)


def reject(connection: sqlite3.Connection, gate: StepRow, answer: GateAnswer) -> None:
    """Reject what a gate shows, and let the recipe continue with that."""
    message = f"{gate.key} was rejected" + (f": {answer.reason}" if answer.reason else ".")
    asker = f"batch: safelight retry b{gate.batch_id}"
    if gate.job_id is not None:
        asker = f"job: safelight retry j{gate.job_id}"
    remedy = f"To be asked again, retry the {asker}. Otherwise cancel it."
    _continue(connection, gate)
    writes.reject_gate(connection, gate, ErrorRecord("permanent", "Rejected", message, remedy))


def _continue(connection: sqlite3.Connection, gate: StepRow) -> None:
    if gate.job_id is None:
        resume_finish(connection, gate.batch_id)
    else:
        _requeue(connection, gate.job_id)


def queue_waiting(connection: sqlite3.Connection, batch_id: int) -> int:
    """Queue a slice of the jobs that waited for a gate before the first job; return how many."""
    numbers = jobs_at_gates(connection, batch_id, limit=SLICE)
    jobs = [job for number in numbers if (job := read_job(connection, number)) is not None]
    job_writes.set_state(connection, jobs, "queued", "job.resumed")
    return len(jobs)


def _requeue(connection: sqlite3.Connection, job_id: int) -> None:
    """Queue a job that waits at a gate or has ended; one that waits for something else stays."""
    now = read_job(connection, job_id)
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
        write: AsyncWrite,
        running: RunningJobs,
        catalog: Catalog,
    ) -> None:
        self._reader = reader
        self._write = write
        self._running = running
        self._catalog = catalog

    async def answer(
        self, verb: str, batch: BatchRow, job: JobRow | None, arguments: Mapping[str, Any]
    ) -> str:
        """Answer at a gate of a job or a batch, or at all gates that a batch and its jobs wait at.

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
        if job is None and not self._is_of_batch(batch, answer):
            gates = await self._answer_all(verb, batch, answer)
            return f"{done} {pluralize(gates, 'gate')} of b{batch.id}."
        gate = await self._answer_one(verb, batch, job, answer)
        shown = f"{gate.key} of b{batch.id}"
        if job is not None and gate.job_id is not None:
            shown = f"{gate.key} of j{job.id} ({job.key})"
        if verb == "reject":
            return f"Rejected {shown}; the recipe decides how to continue."
        return f"Approved {'the edited ' if answer.edited else ''}{shown}."

    def _is_of_batch(self, batch: BatchRow, answer: GateAnswer) -> bool:
        """Return True if an answer is about a gate of the batch itself, and no other."""
        gates = waiting_gates_of_batch(self._reader, batch.id)
        if answer.key or answer.edited:
            return any(answer.key in {"", gate.key} for gate in gates)
        return False

    async def _answer_one(
        self, verb: str, batch: BatchRow, job: JobRow | None, answer: GateAnswer
    ) -> StepRow:
        if job is None:
            name, gates = f"b{batch.id}", waiting_gates_of_batch(self._reader, batch.id)
        else:
            name, gates = f"j{job.id} ({job.key})", gates_to_answer(self._reader, job)
        gate = gate_to_answer(gates, name, answer)
        owner = job if gate.job_id is not None else None
        if (recipe := self._recipe(batch)) is not None:
            refuse_unfit(self._reader, recipe, batch, owner, gate, answer)
        if owner is not None:
            await self._running.stop_jobs(owner.batch_id, owner.id, "queued")
        change = reject if verb == "reject" else approve
        await self._write(lambda c: change(c, gate, answer))
        if gate.key.startswith("before/") and owner is None:
            while await self._write(lambda c: queue_waiting(c, batch.id)):
                pass
        return gate

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
        if not answer.key:
            for gate in waiting_gates_of_batch(self._reader, batch.id):
                await self._answer_one(verb, batch, None, replace(answer, key=gate.key))
                gates += 1
        while waiting := jobs_at_gates(self._reader, batch.id, after):
            for job_id in waiting:
                gates += await self._answer_job(verb, batch, job_id, answer)
            after = waiting[-1]
        if not gates:
            of = f" of {quoted(answer.key)}" if answer.key else ""
            raise NoGate(f"No job of b{batch.id} waits for approval{of}.")
        return gates

    async def _answer_job(self, verb: str, batch: BatchRow, job_id: int, answer: GateAnswer) -> int:
        job = read_job(self._reader, job_id)
        if job is None:
            return 0
        keys = [
            gate.key
            for gate in gates_of(self._reader, job_id)
            if gate.state == writes.WAITING and answer.key in {"", gate.key}
        ]
        for key in keys:
            await self._answer_one(verb, batch, job, replace(answer, key=key))
        return len(keys)
