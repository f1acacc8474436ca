"""A job that was read from files, as the steps that the recipe `refine` would have left behind.

The counterpart of `refine_outputs`: `job_report` returns the same report from these steps.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from db.clock import now
from db.writes.batches import NewJob
from db.writes.errors import ErrorRecord
from db.writes.imports import DoneJob, DoneStep
from engine.contract import GeneratedImage
from engine.recipes.refine.agents.evaluator import CheckedEvaluation
from engine.recipes.refine.import_files import STEP_NAME
from engine.recipes.refine.report import EvaluationReport, IterationReport, JobReport
from engine.recipes.refine.turn import RefineTurn, Stop

_ORDER = ("generate", "evaluate", "refine")


def done_job(report: JobReport, key: str, output: str, place: str) -> DoneJob:
    """An ended job of a report.

    Args:
        report: Report that was read from the files; its images are in the store.
        key: Its id in the new batch.
        output: Its folder.
        place: The same folder in the form in which no two jobs may have the same.
    """
    turns = report.iterations
    best = report.best_iteration
    state = _ended(report)
    return DoneJob(
        new=_new_job(report, key, output, place),
        state=state,
        steps=[step for turn in turns for step in _steps(turn)],
        prompts=[
            {"text": turn.prompt, "negative": turn.negative_prompt, "author": "", "reason": ""}
            for turn in turns[1:]
        ],
        result=_result(best, report.stop) if best and state == "done" else None,
        score=best.score if best else None,
        iterations=max((turn.number for turn in turns), default=0),
        cost=report.totals.cost_microdollars,
        error=ErrorRecord("permanent", "Imported", report.error) if report.error else None,
    )


def _ended(report: JobReport) -> str:
    """Return the final state; a job that was cut off is done if it has a judged image."""
    if report.state in {"done", "failed", "cancelled"}:
        return report.state
    return "done" if any(turn.score is not None for turn in report.iterations) else "cancelled"


def _new_job(report: JobReport, key: str, output: str, place: str) -> NewJob:
    entry = {name: value for name, value in report.input.items() if name != "title"}
    if report.title:
        entry["title"] = report.title
    first = next(iter(report.iterations), None)
    seeds = (turn.seed for turn in report.iterations if turn.seed is not None)
    return NewJob(
        key=key,
        input=json.dumps(entry, allow_nan=False),
        seed=next(seeds, 0),
        output=output,
        place=place,
        prompt=first.prompt if first else "",
        negative=first.negative_prompt if first else "",
    )


def _steps(turn: IterationReport) -> Iterator[DoneStep]:
    times = _times(turn)
    judged = _judged(turn)
    for name, (started_at, finished_at) in times.items():
        columns: dict[str, Any] = {"backend": "", "model": "", "request": "{}", "result": "null"}
        if name == "generate":
            columns = _generate(turn)
        elif name == "evaluate" and judged is not None:
            columns = _evaluate(turn, judged)
        yield DoneStep(
            scope=f"iteration-{turn.number}",
            name=name,
            started_at=started_at,
            finished_at=finished_at,
            **columns,
        )


def _generate(turn: IterationReport) -> dict[str, Any]:
    request = {
        "prompt": turn.prompt,
        "negative_prompt": turn.negative_prompt,
        "seed": turn.seed,
        "width": turn.width,
        "height": turn.height,
        "reference": {"hash": turn.reference} if turn.reference else None,
    }
    return {
        "backend": turn.backend,
        "model": turn.model,
        "request": json.dumps(request),
        "kind": GeneratedImage.kind,
        "result": _image(turn).model_dump_json(),
        "cost": turn.cost_microdollars,
        "artifact": {**turn.artifact.model_dump(), "kind": turn.artifact.kind},
    }


def _image(turn: IterationReport) -> GeneratedImage:
    return GeneratedImage(image=turn.artifact, seed=turn.seed)


def _evaluate(turn: IterationReport, judged: EvaluationReport) -> dict[str, Any]:
    scored = _evaluation(judged)
    lines = filter(None, (judged.description, *judged.reasons))
    return {
        "backend": judged.backend,
        "model": judged.model,
        "request": json.dumps({"image": turn.artifact.model_dump()}),
        "result": judged.model_dump_json(exclude={"backend", "model"}),
        "score": scored.scores()[0].model_dump() if scored else None,
        "critique": {
            "text": "\n".join(lines),
            "missing": judged.missing,
            "measurements": judged.measurements,
        },
    }


def _judged(turn: IterationReport) -> EvaluationReport | None:
    """Return the judgement; a bare score has no words."""
    if turn.evaluation is None and turn.score is not None:
        return EvaluationReport(score=turn.score)
    return turn.evaluation


def _evaluation(judged: EvaluationReport | None) -> CheckedEvaluation | None:
    """The judgement as a step's result; None without a score."""
    if judged is None or judged.score is None:
        return None
    return CheckedEvaluation.model_validate(judged.model_dump(exclude={"backend", "model"}))


def _result(turn: IterationReport, stop: Stop | None) -> str:
    evaluation = _evaluation(_judged(turn))
    if evaluation is None:
        return json.dumps({"iteration": turn.number})
    return RefineTurn(
        iteration=turn.number,
        prompt=turn.prompt,
        negative_prompt=turn.negative_prompt,
        image=_image(turn),
        evaluation=evaluation,
        stop=stop,
    ).model_dump_json()


def _times(turn: IterationReport) -> dict[str, tuple[str, str | None]]:
    """When each step began and ended: one after the other, the last with the iteration's end."""
    timings = {name: span for name, span in turn.timings.items() if STEP_NAME.fullmatch(name)}
    judged = ["evaluate"] if _judged(turn) else []
    names = sorted({"generate", *judged, *timings}, key=_rank)
    started, ended = _moment(turn.started_at), _moment(turn.finished_at)
    begin = started or ended or _moment(now()) or datetime.now(UTC)
    times: dict[str, tuple[str, str | None]] = {}
    for name in names:
        end = begin + _span(timings.get(name))
        if name == names[-1] and ended is not None and len(names) > 1:
            begin, end = ended - _span(timings.get(name)), ended
        times[name] = (_stamp(begin), _stamp(end) if name in timings or ended else None)
        begin = end
    return times


def _rank(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)


def _span(seconds: float | None) -> timedelta:
    return min(timedelta(seconds=seconds or 0.0), timedelta(days=3650))


def _moment(text: str | None) -> datetime | None:
    """Time in UTC; one without a zone is taken as UTC, an implausible one as missing."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return moment if 1970 <= moment.year <= 9000 else None


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
