"""The verdict on a job's best result: the judge's checks, failures first, and its words."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from db.queries.comparing import best_part
from db.queries.inspect import critique_of, step_texts
from db.rows import CritiqueRow
from engine.client.views.checks import MAX_CHECKS, CheckLine, checks_of, document_with
from engine.text.terminal import clean

MAX_WORDS = 4_000
"""Maximum characters of the judge's words."""

MAX_JUDGED = 8
"""Newest steps of a part whose results are searched for a judgement."""

MAX_JUDGEMENT = 200_000
"""Characters of a result that is searched for a judgement."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judge's verdict on the best result of a job; all texts are cleaned.

    Attributes:
        part: Scope of the part that left the result; empty for the job as a whole.
        checks: What the judge looked for, failures first.
        missing: What it missed, if it has no checks.
        words: Its critique, without the reasons that the checks say.
    """

    part: str = ""
    checks: tuple[CheckLine, ...] = ()
    missing: tuple[str, ...] = ()
    words: str = ""


NO_VERDICT = Verdict()


def read_verdict(connection: sqlite3.Connection, job_id: int, file_id: int | None) -> Verdict:
    """Return the verdict on a file of a job; on the job as a whole for None.

    Args:
        connection: A reader.
        job_id: The job.
        file_id: The file, an artifact of the job.
    """
    best = best_part(connection, job_id, file_id)
    part = clean(best.scope, 60)
    critique = critique_of(connection, best.steps)
    if critique is None:
        return Verdict(part, _problems(connection, best.steps))
    checks = checks_of(connection, critique.step_id)
    return _with_checks(critique, part, checks) if checks else _without_checks(critique, part)


def _with_checks(critique: CritiqueRow, part: str, checks: tuple[CheckLine, ...]) -> Verdict:
    description = critique.text.strip().partition("\n")[0]
    return Verdict(part, checks, words=clean(description, MAX_WORDS))


def _without_checks(critique: CritiqueRow, part: str) -> Verdict:
    words = clean(critique.text, MAX_WORDS, keep_newlines=True).strip()
    return Verdict(part, missing=_missing(critique.missing), words=words)


def _problems(connection: sqlite3.Connection, steps: Sequence[int]) -> tuple[CheckLine, ...]:
    """Return the problems in the newest judgement that some steps have left, as failed checks."""
    for step in reversed(steps[-MAX_JUDGED:]):
        _, result = step_texts(connection, step, MAX_JUDGEMENT)
        judgement = document_with(result, "problems").get("judgement")
        problems = judgement.get("problems") if isinstance(judgement, dict) else None
        if isinstance(problems, list):
            known = (one for one in problems[:MAX_CHECKS] if isinstance(one, dict))
            return tuple(
                CheckLine(clean(str(one.get("message", "")), 200), "unmet") for one in known
            )
    return ()


def _missing(text: str) -> tuple[str, ...]:
    """Return what a critique misses, from JSON of the store."""
    try:
        things = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return ()
    known = things[:MAX_CHECKS] if isinstance(things, list) else ()
    return tuple(clean(str(thing), 300) for thing in known)
