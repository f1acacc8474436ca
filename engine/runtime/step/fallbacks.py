"""Fallbacks: further requests and backends for a step that has failed permanently.

A batch may name several backends for a capability, in order. A step that its first backend
refuses for good is asked again with a simplified prompt, then of the next backend, and so on. Each
way is a step of its own (`generate`, `generate@simplified`, `generate@comfyui`), with its own row,
cost and error, so what has failed is not asked again on resume, and what has answered holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar, cast

from db.writes.events import record_event
from engine.contract import Backend, Blocked, Call, Permanent, Request, Result, StepError
from engine.contract.recipe_input import RecipeInput
from engine.runtime.step.fingerprint import fingerprint
from engine.runtime.step.job_state import JobState, StepRecord
from engine.runtime.step.outcome import StepFailed
from engine.runtime.step.runner import StepRunner

ResultT = TypeVar("ResultT", bound=Result)

_OF_THE_BACKEND = ("key", "quota", "weights", "backend")
"""Reasons that block one backend and not the next; a budget or a full disk blocks all."""


@dataclass(frozen=True, slots=True)
class Candidate(Generic[ResultT]):
    """One way to obtain a step's result.

    Attributes:
        name: The step's name, with what tells it from the first way.
        call: The call and its backend.
        words: Description of the way.
    """

    name: str
    call: Call[ResultT]
    words: str

    def known(self, run: JobState, path: str) -> "StepRecord | None":
        """Return its recorded step; None if it was never begun."""
        print_ = fingerprint(cast("Call[Result]", self.call), run.batch.identity(self.call.backend))
        return run.records.get((key_of(path, self.name), print_))


def key_of(path: str, name: str) -> str:
    """Return a step's key within its job."""
    return f"{path}/{name}" if path else name


def candidates(run: JobState, name: str, call: Call[ResultT]) -> list[Candidate[ResultT]]:
    """All ways to a step's result, in order: each backend, as asked and then simplified."""
    listed: list[Candidate[ResultT]] = []
    for backend in (call.backend, *run.batch.fallbacks_of(call.backend)):
        first = backend is call.backend
        asked = call
        if not first:
            asked = _asked_of(backend, call)
        simple = _simplified(run, asked)
        step_name = name if first else f"{name}@{backend.info.name}"
        listed.append(Candidate(step_name, asked, f"of {backend.info.name}"))
        if simple is not None:
            shorter = f"{name}@simplified" if first else f"{step_name}-simplified"
            words = f"of {backend.info.name} with {_words_of(call)}"
            listed.append(Candidate(shorter, replace(asked, request=simple), words))
    return listed


def _asked_of(backend: Backend, call: Call[ResultT]) -> Call[ResultT]:
    """Return a call to a fallback, without what it does not take."""
    simpler = call.simpler and call.simpler.suited_to(backend.info)
    request = call.request.suited_to(backend.info)
    return replace(call, backend=backend, request=request, simpler=simpler)


def _words_of(call: Call[Any]) -> str:
    return "the prompt as it was at first" if call.simpler is None else "a simpler prompt"


def _simplified(run: JobState, asked: Call[Any]) -> Request | None:
    if asked.simpler is not None:
        return asked.simpler
    if run.row_id is None:
        return None
    entry: RecipeInput = run.parsed_input()
    prompt, negative_prompt = entry.starting_prompt()
    if not (prompt or negative_prompt):
        return None
    return asked.request.simplified(prompt, negative_prompt)


async def step_with_fallbacks(
    runner: StepRunner, run: JobState, path: str, name: str, call: Call[ResultT], iteration: int
) -> ResultT:
    """Return the result of a call by the first way that succeeds.

    Raises:
        Permanent: No way succeeds; the last one's error.
        Blocked: A backend is blocked, and no other is to be asked then.
    """
    left = candidates(run, name, call)
    while True:
        candidate = left.pop(0)
        if _is_passed_by(run, path, candidate, left):
            run.used.add(key_of(path, candidate.name))
            continue
        try:
            return await runner.step(run, path, candidate.name, candidate.call, iteration=iteration)
        except (Permanent, Blocked) as error:
            left = _left_after(error, candidate, left, runner)
            if not left:
                raise
            await _note(runner, run, path, candidate, left[0], error)


def _is_passed_by(
    run: JobState, path: str, candidate: Candidate[Any], later: Sequence[Candidate[Any]]
) -> bool:
    """Return whether a candidate that is open again has a later one's answer."""
    known = candidate.known(run, path)
    if known is None or known.state != "open":
        return False
    answers = (other.known(run, path) for other in later)
    return any(answer is not None and answer.state == "done" for answer in answers)


def _left_after(
    error: StepError,
    candidate: Candidate[ResultT],
    left: list[Candidate[ResultT]],
    runner: StepRunner,
) -> list[Candidate[ResultT]]:
    """The ways that may be gone after an error."""
    others = [other for other in left if other.call.backend is not candidate.call.backend]
    if isinstance(error, StepFailed) and error.keeps_call:
        return others  # its call has been paid for, and a retry goes back to it
    if not isinstance(error, Blocked):
        return left
    if not runner.fallback_when_blocked or error.reason not in _OF_THE_BACKEND:
        return []
    return others


async def _note(
    runner: StepRunner,
    run: JobState,
    path: str,
    candidate: Candidate[Any],
    other: Candidate[Any],
    error: StepError,
) -> None:
    """Keeps why another way is gone, the first time that it is."""
    if other.known(run, path) is not None:
        return
    key, then, job = key_of(path, candidate.name), key_of(path, other.name), run.job
    await runner.write(
        lambda c: record_event(
            c,
            "step.fallback",
            batch_id=job.batch_id,
            job_id=run.row_id,
            level="warning",
            message=f"{key}: {error.message} Asked {other.words} instead.",
            data={"from": key, "to": then, "reason": error.message},
        )
    )
