"""Gates: a job, or a batch, is parked until an operator answers what its recipe shows.

A gate is a step whose executor is the operator. It is known by its key and the fingerprint of what
is shown: a gate that was answered stays answered, also after a restart, and asks again only if the
recipe shows something else.
"""

from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from db.writes import gates as writes
from db.writes.records import Intent
from engine.contract import Blocked, Permanent, Rejected, Request
from engine.contract.decision_points import Approval, plain
from engine.contract.recipe import decision_for, gate_is_on
from engine.runtime.step.fingerprint import Identity, fingerprint_of
from engine.runtime.step.job_state import JobState, StepRecord
from engine.runtime.step.outcome import StepFailed
from engine.runtime.step.runner import StepRunner
from engine.text.amounts import in_words

T = TypeVar("T")

_OPERATOR = Identity(writes.OPERATOR, "", "1")


class GateRequest(Request):
    """The value that an operator is asked to approve."""

    value: Any


class StepRejected(StepFailed, Rejected):
    """A gate that an operator rejected; its error is in the store."""


async def approved(
    runner: StepRunner, run: JobState, scope: str, name: str, value: T, cost: int | None = 0
) -> T:
    """Return a value once an operator has approved it, perhaps edited; at once if the gate is off.

    Raises:
        Blocked: It waits for an operator; the job, or the batch, is parked.
        Rejected: An operator has rejected it.
    """
    key = f"{scope}/{name}" if scope else name
    gate = decision_for(run.recipe, key)
    if not isinstance(gate, Approval):
        raise TypeError(f"The recipe asks for approval of {key!r} and declares no Approval of it.")
    if not gate_is_on(run.batch.settings, key, gate.group, cost):
        return value
    request = GateRequest(value=plain(value))
    print_ = fingerprint_of(_OPERATOR, writes.OPERATION, request)
    record = await runner.recorded(run, key, print_)
    if record is not None and record.state == "done":
        return cast("T", _answer(gate, key, record))
    if record is not None and record.state == "failed":
        raise _rejection(record)
    await _wait(runner, run, _intent(run, scope, name, key, print_, request), record)
    raise Blocked(
        f"{key} waits for approval{_spends(cost)}.",
        reason="approval",
        remedy=f"Look at it: safelight approve {_name(run)} --print. Then approve or reject it.",
    )


async def _wait(
    runner: StepRunner, run: JobState, intent: Intent, record: StepRecord | None
) -> None:
    if record is None:
        step_id = await runner.write(lambda c: writes.open_gate(c, intent))
        run.know(intent.key, intent.fingerprint, StepRecord(step_id, writes.WAITING))
    elif record.state != writes.WAITING:
        step_id = record.id
        await runner.write(lambda c: writes.wait_again(c, step_id))


def _intent(
    run: JobState, scope: str, name: str, key: str, print_: str, request: GateRequest
) -> Intent:
    return Intent(
        batch_id=run.job.batch_id,
        job_id=run.row_id,
        key=key,
        scope=scope,
        name=name,
        fingerprint=print_,
        operation=writes.OPERATION,
        backend=writes.OPERATOR,
        model="",
        request=request.model_dump_json(),
    )


def _spends(cost: int | None) -> str:
    """Return the cost behind a gate as the end of a sentence."""
    if cost is None:
        return " before a call whose price is not known"
    return f" before about {in_words(cost)} is spent" if cost else ""


def _name(run: JobState) -> str:
    return f"b{run.job.batch_id}" if run.row_id is None else f"j{run.row_id}"


def _answer(gate: Approval, key: str, record: StepRecord) -> Any:
    try:
        stored = TypeAdapter(dict[str, Any]).validate_json(record.result or "{}")
        return TypeAdapter(gate.model).validate_python(stored["value"])
    except (ValidationError, KeyError) as error:
        raise Permanent(
            f"The approved {key} does not fit this version of the recipe.",
            remedy=f"Approve it again: safelight approve JOB {key} --edit FILE.",
        ) from error


def _rejection(record: StepRecord) -> StepRejected:
    kind, message, remedy = record.error or ("permanent", "It was rejected.", "")
    return StepRejected(
        message, remedy=remedy, error_id=record.error_id or 0, error_kind=kind, keeps_call=False
    )
