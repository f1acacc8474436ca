"""What one part of a job left behind, by kind; cleaned and bounded."""

import contextlib
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from db.clock import seconds_between
from db.queries import inspect
from db.rows import ApiCall, Critique, Prompt, Score
from engine.text import clean
from tui import figures

LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error, and what to do about it."""

    kind: str
    message: str
    remedy: str
    traceback: str
    at: str


@dataclass(frozen=True, slots=True)
class Timing:
    """How one step went."""

    name: str
    state: str
    by: str
    attempts: int
    time: str
    cost: int


@dataclass(frozen=True, slots=True)
class CallLine:
    """One request to a provider."""

    at: str
    status: str
    text: str


@dataclass(frozen=True, slots=True)
class Detail:
    """What a node of the tree left behind; what it has not is empty."""

    node: int
    troubles: tuple[Trouble, ...]
    pictures: tuple[str, ...]
    files: tuple[str, ...]
    before: str
    prompt: str
    note: str
    critique: Critique | None
    scores: tuple[Score, ...]
    timings: tuple[Timing, ...]
    calls: tuple[CallLine, ...]
    request: str
    result: str


def read_detail(
    connection: sqlite3.Connection, job_id: int, node: int, steps: Sequence[int]
) -> Detail:
    """What a node left behind.

    Args:
        connection: A reader.
        job_id: The job.
        node: The node's number: a step's, negative for a scope, 0 for the job.
        steps: The steps that it stands for, oldest first.
    """
    artifacts = inspect.artifacts_of(connection, steps)
    pictures = [a.hash for a in artifacts if a.media_type.startswith("image/")]
    before, prompt = _prompts(inspect.prompts_of(connection, job_id), node, steps)
    request, result = inspect.step_texts(connection, node) if node > 0 else ("", "")
    lines = {line.id: line for line in inspect.step_lines(connection, job_id)}
    return Detail(
        node=node,
        troubles=_troubles(connection, job_id, node, steps),
        pictures=tuple(dict.fromkeys(pictures)),
        files=tuple(
            f"{clean(a.role, 40)}  {clean(a.media_type, 60)}  {figures.size(a.size)}"
            + (f"  {a.width}×{a.height}" if a.width and a.height else "")
            for a in artifacts
        ),
        before=_shown(before.text) if before else "",
        prompt=_shown(prompt.text) if prompt else "",
        note=_note(prompt) if prompt else "",
        critique=_clean_critique(inspect.critique_of(connection, steps)),
        scores=tuple(_clean_score(score) for score in inspect.scores_of(connection, steps)),
        timings=tuple(_timing(lines[step]) for step in steps[-100:] if step in lines),
        calls=tuple(_call(call) for call in inspect.calls_of(connection, steps)),
        request=_pretty(request),
        result=_pretty(result),
    )


def _shown(text: str) -> str:
    return clean(text, LONGEST, keep_newlines=True)


def _prompts(
    prompts: Sequence[Prompt], node: int, steps: Sequence[int]
) -> tuple[Prompt | None, Prompt | None]:
    """The prompt that a node wrote or began with, and the version before it."""
    by_id = {prompt.id: prompt for prompt in prompts}
    if node == 0:
        return (prompts[0], prompts[-1]) if prompts else (None, None)
    own = [p for p in prompts if p.step_id in steps] if node > 0 else []
    begun = [p for p in prompts if steps and (p.step_id is None or p.step_id < steps[0])]
    found = own or begun
    if not found:
        return None, None
    chosen = found[-1]
    return by_id.get(chosen.parent_id or 0), chosen


def _note(prompt: Prompt) -> str:
    words = [clean(prompt.author, 60), clean(prompt.reason, 500)]
    note = ": ".join(word for word in words if word)
    negative = clean(prompt.negative, 500)
    return f"{note}\nkept out: {negative}" if negative else note


def _troubles(
    connection: sqlite3.Connection, job_id: int, node: int, steps: Sequence[int]
) -> tuple[Trouble, ...]:
    return tuple(
        Trouble(
            kind=clean(error.kind, 20),
            message=clean(error.message, 4000, keep_newlines=True),
            remedy=clean(error.remedy, 1000),
            traceback=clean(error.traceback, 4000, keep_newlines=True),
            at=figures.clock(error.created_at),
        )
        for error in inspect.errors_of(connection, job_id, steps, own=node == 0)[::-1]
    )


def _clean_critique(critique: Critique | None) -> Critique | None:
    if critique is None:
        return None
    return replace(
        critique,
        text=_shown(critique.text),
        missing=json.dumps(_clean_data(critique.missing, list)),
        measurements=json.dumps(_clean_data(critique.measurements, dict)),
    )


def _clean_data(text: str, kind: type) -> object:
    """JSON with its texts cleaned; something else than `kind` becomes an empty one."""
    try:
        data = json.loads(text)
    except ValueError:
        return kind()
    if not isinstance(data, kind):
        return kind()
    if isinstance(data, dict):
        return {clean(str(k), 60): clean(v) if isinstance(v, str) else v for k, v in data.items()}
    return [clean(value) if isinstance(value, str) else value for value in data]  # type: ignore[attr-defined]


def _clean_score(score: Score) -> Score:
    return replace(score, metric=clean(score.metric, 60), scorer=clean(score.scorer, 60))


def _timing(step: inspect.StepLine) -> Timing:
    return Timing(
        name=clean(step.key, 60),
        state=step.state,
        by=" ".join(dict.fromkeys([clean(step.backend, 40), clean(step.model, 60)])),
        attempts=step.attempts,
        time=figures.duration(seconds_between(step.started_at, step.finished_at)),
        cost=step.cost,
    )


def _call(call: ApiCall) -> CallLine:
    said = f"attempt {call.attempt}"
    if call.wait_seconds:
        said += f", waited {figures.duration(call.wait_seconds)}"
    if call.cost:
        said += f", {figures.money(call.cost)}"
    if call.error:
        said += f": {clean(call.error, 300)}"
    text = f"{clean(call.purpose, 40)}  {clean(call.backend, 40)}  {said}"
    return CallLine(figures.clock(call.started_at), clean(call.status, 20), text)


def _pretty(text: str) -> str:
    """JSON on several lines; text that is cut, as it is."""
    with contextlib.suppress(ValueError):
        text = json.dumps(json.loads(text), indent=1, ensure_ascii=False)
    return clean(text, 6000, keep_newlines=True)
