"""Parts of a job that can be the input of another: a file, or a text, with its prompt."""

import json
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from db.queries import inspect
from db.queries import jobs as queries
from db.rows import ArtifactRow, JobRow, StepRow
from engine.contract.recipe import Headline
from engine.contract.tracing import TRACE
from engine.text.errors import UserError
from engine.text.terminal import quoted

_HASH = re.compile("[0-9a-f]{8,64}")
_MINOR = {"trace", "file", "text", "data"}
"""Kinds of files that are sent only if there is nothing better."""

_TEXTS = ("prompt", "visual_prompt", "text", "brief")
"""Fields of a result or a request that hold its text."""

_NAMED_PARTS = 12


class UnknownPart(UserError):
    """A job has no part of that name; the message lists its parts."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a job.

    Attributes:
        step: The step that produced it; None if the job as a whole did.
        artifact: Its file; None if it is a text.
        text: The prompt that it was generated from, or the text itself; empty if there is none.
    """

    step: StepRow | None
    artifact: ArtifactRow | None
    text: str


def find_part(connection: sqlite3.Connection, job: JobRow, name: str, headline: Headline) -> Part:
    """Return a part of a job by its name.

    Args:
        connection: A connection to the store.
        job: The job.
        name: A scope (`iteration-2`), a step (`iteration-2/generate`), the first eight or more
            digits of a file's hash, or empty for the best output of the job.
        headline: The score that decides which is best.

    Raises:
        UnknownPart: The job has no such part, or nothing in it can be sent.
    """
    steps = [
        step
        for step in queries.steps(connection, job.id)
        if step.superseded_at is None and step.state == "done"
    ]
    files = _files_of(connection, job, steps)
    if not name:
        return _best(connection, job, steps, files, headline)
    if _HASH.fullmatch(name) and (found := [file for file in files if file.hash.startswith(name)]):
        return _part_of(steps, found[-1:])
    chosen = [step for step in steps if name in (step.key, step.key.partition("@")[0])] or [
        step for step in steps if f"{step.scope}/".startswith(f"{name}/")
    ]
    if not chosen:
        raise UnknownPart(
            f"Job {quoted(job.key)} has no {quoted(name)} that is done.",
            remedy=(
                f"It has: {_listed(steps)}; a file by eight or more digits of its hash."
                if steps
                else "None of its steps is done yet."
            ),
        )
    ids = {step.id for step in chosen}
    return _part_of(chosen, [file for file in files if file.step_id in ids])


def _files_of(
    connection: sqlite3.Connection, job: JobRow, steps: Sequence[StepRow]
) -> list[ArtifactRow]:
    """Return the files of current steps, oldest first, without traces."""
    ids = {step.id for step in steps}
    files = queries.artifacts(connection, job.id)
    return [file for file in files if file.role != TRACE and file.step_id in ids]


def _best(
    connection: sqlite3.Connection,
    job: JobRow,
    steps: Sequence[StepRow],
    files: Sequence[ArtifactRow],
    headline: Headline,
) -> Part:
    glance = inspect.glance(
        connection, job.id, headline.metric, higher_is_better=headline.higher_is_better
    )
    best = [file for file in files if glance and file.id == glance.artifact]
    if not best and not steps:
        raise UnknownPart(f"Job {quoted(job.key)} has finished no step yet: nothing can be sent.")
    return _part_of(steps, best or files)


def _part_of(steps: Sequence[StepRow], files: Sequence[ArtifactRow]) -> Part:
    """Return the newest file of the preferred kinds, else the newest text."""
    major = [file for file in files if file.kind not in _MINOR] or list(files)
    if major:
        artifact = major[-1]
        step = next((step for step in steps if step.id == artifact.step_id), None)
        return Part(step, artifact, _text_in(step.request) if step else "")
    for step in reversed(steps):
        if text := _text_in(step.result or "null"):
            return Part(step, None, text)
    last = steps[-1].key
    raise UnknownPart(f"{quoted(last)} has neither a file nor a text to send.")


def _text_in(document: str) -> str:
    """Return the text of a stored request or result; empty if it has none."""
    data: Any = json.loads(document)
    if isinstance(data, str):
        return data
    if not isinstance(data, dict):
        return ""
    return next((data[name] for name in _TEXTS if isinstance(data.get(name), str)), "")


def _listed(steps: Sequence[StepRow]) -> str:
    names = list(dict.fromkeys(step.scope or step.key for step in steps))
    more = f" and {len(names) - _NAMED_PARTS} more" if len(names) > _NAMED_PARTS else ""
    return ", ".join(quoted(name) for name in names[:_NAMED_PARTS]) + more
