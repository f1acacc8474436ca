"""Read what files say of a job, of any program: fields may be missing or of other kinds.

Nothing here fails: a value that cannot be used counts as missing, and its field as left out (see
`Fields.left_out`).
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, get_args

from pydantic import TypeAdapter, ValidationError

from engine.contract.backend import Artifact
from engine.contract.data import Check
from engine.imaging.lineage import Lineage
from engine.recipes.refine.agents.evaluator import Asking
from engine.recipes.refine.import_fields import Fields, mapping, number, text, texts
from engine.recipes.refine.report import (
    EvaluationReport,
    IterationReport,
    JobReport,
    JobStatus,
    Totals,
)
from engine.recipes.refine.turn import STOPS, Stop
from engine.text.given_ids import given_id
from engine.text.strict.values import RefusedValue

ValidT = TypeVar("ValidT")

MAX_DEPTH = 32
"""Maximum depth of nested lists and objects in a document."""

FORMER_IMAGE = "picture"
"""Key of an image's file name in documents of earlier releases."""

STEP_NAME = re.compile("[a-z][a-z0-9_-]{0,39}")
"""Names of steps that have timings."""

_MAX_SEED = 2**63
_MAX_SECONDS = 1e12
_HALVES = re.compile("[\ud800-\udfff]")
_UNKNOWN = Lineage(prompt="", seed=0, width=1, height=1, backend="", model="")
_ENTRY = ("prompt", "title", "scene", "mood", "negative_prompt")

Document = Mapping[str, Any] | Fields


def read_iteration(
    number: int,
    results: Document,
    evaluation: Document,
    artifact: Artifact,
    lineage: Lineage | None,
) -> IterationReport:
    """One iteration of its documents; what they do not say is taken from the image's lineage.

    Args:
        number: Its number, from the files' names.
        results: Content of its results file, or nothing.
        evaluation: Content of its evaluation file, or nothing.
        artifact: The image as it was found, with its size in pixels.
        lineage: What the image says of itself.
    """
    fields, drawn = Fields.of(results), lineage or _UNKNOWN
    fields.known(
        "version", "id", "prompt_id", "iteration", "size", "artifact", "image", FORMER_IMAGE
    )
    fields.known("image_path", "has_evaluation", "status")
    judged = read_evaluation(evaluation or fields.within("evaluation"))
    score = fields.first(_score, "score")
    if score is None and judged is not None:
        score = judged.score
    return IterationReport(
        number=number,
        prompt=fields.first(text, "prompt", "refined_prompt") or drawn.prompt,
        negative_prompt=fields.first(text, "negative_prompt") or drawn.negative_prompt,
        seed=_seed(fields, lineage),
        backend=fields.first(text, "backend", "provider") or drawn.backend,
        model=fields.first(text, "model") or drawn.model,
        width=artifact.width or 1,
        height=artifact.height or 1,
        score=score,
        evaluation=judged,
        started_at=fields.first(_time, "started_at"),
        finished_at=fields.first(_time, "finished_at", "timestamp"),
        timings=fields.numbers("timings", _seconds),
        cost_microdollars=fields.first(_microdollars, "cost_usd") or 0,
        artifact=artifact,
        reference=fields.first(_hash, "reference") or _hash(drawn.reference),
    )


def read_evaluation(data: Document) -> EvaluationReport | None:
    """A judgement; None if there is neither a score from 0 to 100 nor a word."""
    fields = Fields.of(data).known("version", "id", "iteration", "spread")
    judged = EvaluationReport(
        score=fields.first(_score, "score"),
        description=fields.first(text, "description", "evaluation_text") or "",
        reasons=fields.first(texts, "reasons") or (),
        missing=fields.first(texts, "missing") or (),
        measurements=fields.numbers("measurements", lambda _, value: number(value)),
        scorer=fields.first(text, "scorer") or "",
        backend=fields.first(text, "backend") or "",
        model=fields.first(text, "model") or "",
        checks=fields.first(_checks, "checks") or (),
        certainty=fields.first(_share, "certainty"),
        askings=fields.first(_askings, "askings") or (),
    )
    return judged if judged.score is not None or judged.has_words else None


def _checks(value: Any) -> tuple[Check, ...] | None:
    return _valid(tuple[Check, ...], value)


def _askings(value: Any) -> tuple[Asking, ...] | None:
    return _valid(tuple[Asking, ...], value)


def _valid(kind: type[ValidT], value: Any) -> ValidT | None:
    """A value as plain data of a type; None if it is not."""
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return None


def _stop(value: Any) -> Stop | None:
    return next((stop for stop in STOPS if stop == value), None)


def _share(value: Any) -> float | None:
    share = number(value)
    return share if share is not None and 0 <= share <= 1 else None


def read_entry(results: Document) -> dict[str, Any]:
    """The entry that an older script's results repeat as `prompt_data`; empty if they do not."""
    fields = Fields.of(results).within("prompt_data").known("id")
    entry = {name: fields.first(text, name) for name in _ENTRY}
    return {name: value for name, value in entry.items() if value}


def read_job(
    folder_name: str,
    output: str,
    summary: Document,
    iterations: Sequence[IterationReport],
    key: str | None = None,
    entry: Mapping[str, Any] | None = None,
) -> JobReport:
    """A job of its summary and its iterations.

    Args:
        folder_name: Its id where no file has one that can be used.
        output: Where it lies, relative to the tree; what a file says of that is never a path here.
        summary: Content of `summary.json`, or nothing.
        iterations: Its iterations in order.
        key: The id that the iterations' files give.
        entry: What was queued, as the iterations' files tell it.
    """
    fields = Fields.of(summary)
    fields.known("version", "folder", "iterations", "total_iterations", "last_updated", "rating")
    batch = fields.within("batch")
    entry_fields = fields.first(mapping, "input") or entry or {}
    queued = fields.within("input").known(*(name for name in entry_fields if name != "title"))
    titles = fields.first(text, "title"), queued.first(text, "title"), (entry or {}).get("title")
    return JobReport(
        id=fields.first(_whole, "job"),
        batch_id=batch.first(_whole, "id"),
        batch_name=batch.first(text, "name") or "",
        recipe=fields.first(text, "recipe") or "",
        key=fields.first(read_id, "id", "prompt_id") or key or folder_name,
        title=next((title for title in titles if title), ""),
        input=dict(entry_fields) or {"prompt": iterations[0].prompt if iterations else ""},
        state=fields.first(_state, "state") or "done",  # older scripts do not say so
        error=fields.first(text, "error"),
        best=_best(fields.within("best"), iterations),
        stop=fields.first(_stop, "stop"),
        output=output,
        totals=_totals(fields.within("totals"), iterations),
        iterations=tuple(iterations),
    )


def read_key(data: Document) -> str | None:
    """Id that a document gives, if it is a valid one."""
    fields = Fields.of(data)
    key = fields.first(read_id, "id", "prompt_id")
    return key or fields.within("prompt_data").first(read_id, "id")


def read_id(value: Any) -> str | None:
    """A value as an id, if it can be one."""
    try:
        return given_id(value)
    except ValueError:
        return None


def read_turns(summary: Document) -> dict[int, dict[str, Any]]:
    """Return each iteration's entry in a summary, by number: from a list, or keyed by number."""
    fields = Fields.of(summary)
    listed = fields.first(lambda value: value if isinstance(value, list) else None, "iterations")
    if listed is not None:
        pairs = [(turn.get("iteration"), turn) for turn in listed if isinstance(turn, dict)]
    else:
        pairs = list((fields.first(mapping, "iterations") or {}).items())
    turns = ((_whole(name), turn) for name, turn in pairs if isinstance(turn, dict))
    return {number: turn for number, turn in turns if number}


def _best(fields: Fields, iterations: Sequence[IterationReport]) -> int | None:
    numbers = {turn.number for turn in iterations}
    fields.known("score", "prompt", "image", FORMER_IMAGE)
    named = fields.first(lambda value: chosen if (chosen := _whole(value)) in numbers else None,
                       "iteration")  # fmt: skip
    if named is not None:
        return named
    scored = [turn for turn in iterations if turn.score is not None]
    # Of equal scores the first, as in the loop.
    return max(scored, key=lambda turn: turn.score or 0.0).number if scored else None


def _totals(fields: Fields, iterations: Sequence[IterationReport]) -> Totals:
    if not fields:
        return Totals(
            cost_microdollars=sum(turn.cost_microdollars for turn in iterations),
            seconds=math.fsum(second for turn in iterations for second in turn.timings.values()),
            calls=sum(len(turn.timings) for turn in iterations),
            iterations=len(iterations),
        )
    fields.known("iterations")
    return Totals(
        cost_microdollars=fields.first(_microdollars, "cost_usd") or 0,
        seconds=min(max(fields.first(number, "seconds") or 0.0, 0.0), _MAX_SECONDS),
        calls=fields.first(_whole, "calls") or 0,
        iterations=len(iterations),
    )


def _seed(fields: Fields, lineage: Lineage | None) -> int | None:
    seed = fields.first(_whole, "seed")
    if seed is None:
        return lineage.seed if lineage else None
    return seed


def _state(value: Any) -> JobStatus | None:
    return value if isinstance(value, str) and value in get_args(JobStatus) else None  # type: ignore[return-value]


def _score(value: Any) -> float | None:
    score = number(value)
    return score if score is not None and 0 <= score <= 100 else None


def _microdollars(value: Any) -> int | None:
    cost = number(value)
    return round(cost * 1_000_000) if cost is not None and 0 <= cost < 1e9 else None


def _whole(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    usable = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MAX_SEED
    return value if usable else None


def _seconds(name: str, value: Any) -> float | None:
    seconds = number(value)
    usable = seconds is not None and 0 <= seconds <= _MAX_SECONDS and STEP_NAME.fullmatch(name)
    return seconds if usable else None


def _hash(value: Any) -> str | None:
    return value if isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) else None


def _time(value: Any) -> str | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return str(value) if 1970 <= moment.year <= 9000 else None


def refused(value: Any) -> Iterator[RefusedValue]:
    """Return the parser's objection to a document, however deeply nested."""
    if isinstance(value, RefusedValue):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from refused(item)


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
        return [plain(item, depth + 1) for item in value if not isinstance(item, RefusedValue)]
    return {
        plain(name): plain(item, depth + 1)
        for name, item in value.items()
        if not isinstance(item, RefusedValue)
    }
