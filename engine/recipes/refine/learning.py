"""Evidence of rewritten prompts: phrases that were added, and by how much the score rose.

Each iteration is compared with the best one before it. A phrase that its prompt has and that one's
has not was tried once; it has the whole gain of the iteration, whatever else was changed with it.
So one comparison proves little, and only phrases that never helped in several are used.
"""

import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from db.queries import jobs as queries
from db.rows import JobRow, StepRow
from engine.contract.learning import Evidence, Learner
from engine.recipes.refine.input import RefineInput
from engine.text.terminal import clean

MOST_TERMS = 30
"""Maximum number of terms that the refiner is offered."""

MAX_TERM = 120
"""Length from which a phrase is too long to be a term, in characters."""

NEGATIVE = "no "
"""Beginning of a term that was added to a negative prompt."""

_MAX_PER_JOB = 200
_SCOPE = re.compile(r"iteration-(\d{1,4})(?:/|$)")
_BREAKS = re.compile(r"[,;!?()]+|\.(?=\s|$)")
_WEIGHT = re.compile(r":\s*\d+(?:\.\d+)?\s*(?=\))")
"""Weight of a phrase: `(sharp edges:1.2)` is about sharp edges."""


class _Try(NamedTuple):
    """An image of an iteration, with its score."""

    score: float
    prompt: str
    negative: str
    model: str


def read_job(connection: sqlite3.Connection, job: JobRow) -> Iterator[Evidence]:
    """Yield what the rewrites of a finished job have shown."""
    entry = RefineInput.model_validate_json(job.input)
    wanted = set(phrases(f"{entry.full_prompt}, {entry.prompt}"))
    kept_out = set(phrases(entry.negative_prompt))
    best: _Try | None = None
    count = 0
    for _, attempt in sorted(_tries(connection, job.id).items()):
        if best is not None and best.model == attempt.model:
            gain = round(attempt.score - best.score, 2)
            for term in _added(best, attempt, wanted, kept_out):
                count += 1
                if count > _MAX_PER_JOB:
                    return
                yield Evidence(attempt.model, term, gain)
        if best is None or attempt.score > best.score:
            best = attempt


def phrases(text: str) -> list[str]:
    """Return the phrases of a prompt in lower case; no headings, none too long or short."""
    lines = (_WEIGHT.sub("", clean(line, 20_000)) for line in text[:20_000].splitlines())
    split = chain.from_iterable(_BREAKS.split(line) for line in lines)
    parts = (" ".join(part.lower().split()) for part in split)
    return [part for part in parts if 1 < len(part) <= MAX_TERM and not part.endswith(":")]


def _added(best: _Try, attempt: _Try, wanted: set[str], kept_out: set[str]) -> Iterator[str]:
    """Yield the phrases that an attempt has beyond the best one before it and the brief."""
    seen = wanted | set(phrases(best.prompt))
    yield from dict.fromkeys(term for term in phrases(attempt.prompt) if term not in seen)
    seen = kept_out | set(phrases(best.negative))
    for term in dict.fromkeys(term for term in phrases(attempt.negative) if term not in seen):
        yield NEGATIVE + term


def _tries(connection: sqlite3.Connection, job_id: int) -> dict[int, _Try]:
    """Return the best image of each iteration, by its number."""
    scores = {row.step_id: row.value for row in queries.scores(connection, job_id)
              if row.metric == "score"}  # fmt: skip
    by_scope: dict[str, list[StepRow]] = defaultdict(list)
    for step in queries.current_steps(connection, job_id).values():
        if step.state == "done":
            by_scope[step.scope].append(step)
    tries: dict[int, _Try] = {}
    for scope, steps in by_scope.items():
        match = _SCOPE.match(scope)
        attempt = _attempt(steps, scores) if match else None
        if match is None or attempt is None:
            continue
        number = int(match[1])
        if number not in tries or tries[number].score < attempt.score:
            tries[number] = attempt
    return tries


def _attempt(steps: Sequence[StepRow], scores: Mapping[int, float]) -> _Try | None:
    """Return the image of a scope; None if it has none, or no score."""
    drawn = [step for step in steps if step.name.partition("@")[0] == "generate"]
    points = [scores[step.id] for step in steps if step.id in scores]
    if not drawn or not points:
        return None
    request = json.loads(drawn[0].request)
    model = f"{drawn[0].backend} {drawn[0].model}"
    return _Try(max(points), request["prompt"], request.get("negative_prompt") or "", model)


LEARNER = Learner(
    capability="image", setting="avoid", switch="learned", most=MOST_TERMS, read=read_job
)
"""Reads rewrites of finished jobs, and offers the refiner what never helped."""
