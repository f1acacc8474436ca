"""Reading what files say of a job, whoever wrote them: fields may be missing or of other kinds.

Nothing here fails: a value that cannot be used counts as missing.
"""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, get_args

from engine.capabilities.base import Artifact
from engine.export.report import EvaluationReport, IterationReport, JobReport, JobState, Totals
from engine.imaging.lineage import Lineage
from engine.intake.entries import Refused
from engine.intake.ids import given_id

MAX_DEPTH = 32
"""How deep lists and objects of a document may lie in each other."""

_MAX_SEED = 2**63
_MAX_SECONDS = 1e12
_HALVES = re.compile("[\ud800-\udfff]")
_UNKNOWN = Lineage(prompt="", seed=0, width=1, height=1, backend="", model="")


def read_iteration(
    number: int,
    results: Mapping[str, Any],
    evaluation: Mapping[str, Any],
    artifact: Artifact,
    lineage: Lineage | None,
) -> IterationReport:
    """One iteration of its documents; what they do not say is taken from the picture's lineage.

    Args:
        number: Its number, from the files' names.
        results: Content of its results file, or nothing.
        evaluation: Content of its evaluation file, or nothing.
        artifact: The picture as it was found, with its size in pixels.
        lineage: What the picture says of itself.
    """
    drawn = lineage or _UNKNOWN
    judged = read_evaluation(evaluation or _mapping(results.get("evaluation")))
    score = _score(results.get("score"))
    if score is None and judged is not None:
        score = judged.score
    return IterationReport(
        number=number,
        prompt=_text(results, "prompt", "refined_prompt") or drawn.prompt,
        negative_prompt=_text(results, "negative_prompt") or drawn.negative_prompt,
        seed=_seed(results, lineage),
        backend=_text(results, "backend", "provider") or drawn.backend,
        model=_text(results, "model") or drawn.model,
        width=artifact.width or 1,
        height=artifact.height or 1,
        score=score,
        evaluation=judged,
        started_at=_time(results.get("started_at")),
        finished_at=_time(results.get("finished_at")),
        timings=_numbers(results.get("timings"), 0, _MAX_SECONDS),
        cost_microdollars=_microdollars(results.get("cost_usd")),
        artifact=artifact,
        reference=_hash(results.get("reference")) or _hash(drawn.reference),
    )


def read_evaluation(data: Mapping[str, Any]) -> EvaluationReport | None:
    """A judgement, or None where there is no score from 0 to 100."""
    score = _score(data.get("score"))
    if score is None:
        return None
    return EvaluationReport(
        score=score,
        description=_text(data, "description") or "",
        reasons=_texts(data.get("reasons")),
        missing=_texts(data.get("missing")),
        measurements=_numbers(data.get("measurements")),
        scorer=_text(data, "scorer") or "",
        backend=_text(data, "backend") or "",
        model=_text(data, "model") or "",
    )


def read_job(
    folder_name: str,
    output: str,
    summary: Mapping[str, Any],
    iterations: Sequence[IterationReport],
    key: str | None = None,
) -> JobReport:
    """A job of its summary and its iterations.

    Args:
        folder_name: Its id where no file has one that can be used.
        output: Where it lies, relative to the tree; what a file says of that is never a path here.
        summary: Content of `summary.json`, or nothing.
        iterations: Its iterations in order.
        key: The id that the iterations' files give.
    """
    batch = _mapping(summary.get("batch"))
    return JobReport(
        id=_whole(summary.get("job")),
        batch_id=_whole(batch.get("id")),
        batch_name=_text(batch, "name") or "",
        recipe=_text(summary, "recipe") or "",
        key=read_key(summary) or key or folder_name,
        title=_text(summary, "title") or "",
        input=_mapping(summary.get("input"))
        or {"prompt": iterations[0].prompt if iterations else ""},
        state=_state(summary.get("state")),
        error=_text(summary, "error"),
        best=_best(summary, iterations),
        output=output,
        totals=_totals(_mapping(summary.get("totals")), iterations),
        iterations=tuple(iterations),
    )


def read_key(data: Mapping[str, Any]) -> str | None:
    """The id that a document gives, where it can be one."""
    try:
        return given_id(data.get("id"))
    except ValueError:
        return None


def _best(summary: Mapping[str, Any], iterations: Sequence[IterationReport]) -> int | None:
    named = _whole(_mapping(summary.get("best")).get("iteration"))
    if any(turn.number == named for turn in iterations):
        return named
    scored = [turn for turn in iterations if turn.score is not None]
    # Of equal scores the first, as in the loop.
    return max(scored, key=lambda turn: turn.score or 0.0).number if scored else None


def _totals(data: Mapping[str, Any], iterations: Sequence[IterationReport]) -> Totals:
    if not data:
        return Totals(
            cost_microdollars=sum(turn.cost_microdollars for turn in iterations),
            seconds=math.fsum(second for turn in iterations for second in turn.timings.values()),
            calls=sum(len(turn.timings) for turn in iterations),
            iterations=len(iterations),
        )
    return Totals(
        cost_microdollars=_microdollars(data.get("cost_usd")),
        seconds=min(max(_number(data.get("seconds")) or 0.0, 0.0), _MAX_SECONDS),
        calls=_whole(data.get("calls")) or 0,
        iterations=len(iterations),
    )


def _seed(results: Mapping[str, Any], lineage: Lineage | None) -> int | None:
    seed = _whole(results.get("seed"))
    if seed is None:
        return lineage.seed if lineage else None
    return seed if seed < _MAX_SEED else None


def _state(value: Any) -> JobState:
    # Trees of older scripts hold finished work and do not say so.
    return value if isinstance(value, str) and value in get_args(JobState) else "done"  # type: ignore[return-value]


def _score(value: Any) -> float | None:
    number = _number(value)
    return number if number is not None and 0 <= number <= 100 else None


def _microdollars(value: Any) -> int:
    cost = _number(value)
    return round(cost * 1_000_000) if cost is not None and 0 <= cost < 1e9 else 0


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _whole(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    usable = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MAX_SEED
    return value if usable else None


def _numbers(value: Any, least: float = -math.inf, most: float = math.inf) -> dict[str, float]:
    found = {name: _number(number) for name, number in _mapping(value).items()}
    return {
        name: number
        for name, number in found.items()
        if number is not None and least <= number <= most
    }


def _hash(value: Any) -> str | None:
    return value if isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) else None


def _time(value: Any) -> str | None:
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return str(value)


def _text(data: Mapping[str, Any], *names: str) -> str | None:
    return next((data[name] for name in names if isinstance(data.get(name), str)), None)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def plain(value: Any, depth: int = 0) -> Any:
    """Parsed data as it may be used: without what the parser refused, without its depths.

    Halves of characters (lone surrogates), which cannot be stored, become U+FFFD.
    """
    if isinstance(value, str):
        return _HALVES.sub("\ufffd", value)
    if not isinstance(value, dict | list):
        return value
    if depth >= MAX_DEPTH:
        return None
    if isinstance(value, list):
        return [plain(item, depth + 1) for item in value if not isinstance(item, Refused)]
    return {
        plain(name): plain(item, depth + 1)
        for name, item in value.items()
        if not isinstance(item, Refused)
    }
