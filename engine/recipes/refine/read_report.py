"""Reports and results folders of the recipe `refine`, read from the store for people."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any

from db.clock import seconds_between
from db.queries import jobs as queries
from db.queries.ratings import rating_document
from db.rows import BatchRow, JobRow, StepRow
from engine.contract import GeneratedImage
from engine.contract.decisions import numbered
from engine.contract.outputs import Projection
from engine.recipes.refine.agents.evaluator import EVALUATOR
from engine.recipes.refine.batch_summary import write_batch
from engine.recipes.refine.evaluating import ANSWER, EVALUATE
from engine.recipes.refine.outputs import with_file_names, write_job
from engine.recipes.refine.report import (
    BatchReport,
    CandidateReport,
    EvaluationReport,
    ImageReport,
    IterationReport,
    JobReport,
    JobStatus,
    Totals,
)
from engine.recipes.refine.selection import CandidateSelection
from engine.recipes.refine.taking import SELECT

Steps = dict[str, StepRow]
"""Steps of an iteration, or of one image, by their keys within it."""

ASKED = (ANSWER, f"{EVALUATE}-")
"""Beginnings of the names of steps in which a judge was asked."""


def project(projection: Projection) -> None:
    """Bring a job's folder up to date."""
    if projection.job is None:
        return
    report = job_report(projection.connection, projection.batch, projection.job)
    formats = frozenset(projection.formats)
    write_job(report, projection.folder, projection.artifact, formats, projection.publisher)


def finish(projection: Projection) -> None:
    """Write the batch's summary."""
    batch = projection.batch
    summary = BatchReport(
        id=batch.id,
        name=batch.name,
        recipe=batch.recipe,
        state=_state_at_the_end(batch),
        seed=batch.seed,
        source=batch.source,
        created_at=batch.created_at,
        finished_at=_last_end(projection.connection, batch.id),
    )
    reports = (
        with_file_names(report, projection.artifact)
        for report in _reports(projection.connection, batch)
    )
    write_batch(reports, summary, projection.root / batch.summary)


def _state_at_the_end(batch: BatchRow) -> str:
    if batch.ended < batch.total:
        return batch.state
    if batch.failed:
        return "done_with_failures"
    return "cancelled" if batch.cancelled else "done"


def _last_end(connection: sqlite3.Connection, batch_id: int) -> str | None:
    sql = "SELECT max(finished_at) FROM jobs WHERE batch_id = ?"
    value: str | None = connection.execute(sql, (batch_id,)).fetchone()[0]
    return value


def _reports(connection: sqlite3.Connection, batch: BatchRow) -> Iterator[JobReport]:
    for job in queries.all_jobs(connection, batch.id):
        yield job_report(connection, batch, job)


def job_report(connection: sqlite3.Connection, batch: BatchRow, job: JobRow) -> JobReport:
    """Report of one job."""
    turns = _turns(connection, job.id)
    iterations = tuple(
        report for number in sorted(turns) if (report := _iteration(number, turns[number]))
    )
    error = queries.error(connection, job.error_id) if job.error_id else None
    steps = [step for turn in turns.values() for step in turn.values()]
    entry: dict[str, Any] = json.loads(job.input)
    state: JobStatus = job.state  # type: ignore[assignment]
    return JobReport(
        id=job.id,
        batch_id=batch.id,
        batch_name=batch.name,
        recipe=batch.recipe,
        key=job.key,
        title=entry.get("title") or "",
        input={name: value for name, value in entry.items() if value not in (None, "")},
        state=state,
        error=error.message if error else None,
        best=_best(job, iterations),
        stop=json.loads(job.result).get("stop") if job.result else None,
        output=_below(job.output, batch.outputs),
        totals=Totals(
            cost_microdollars=job.cost,
            seconds=round(sum(_seconds(step) for step in steps), 3),
            calls=sum(step.attempts for step in steps),
            iterations=len(iterations),
        ),
        iterations=iterations,
        rating=rating_document(connection, job.id),
    )


def _turns(connection: sqlite3.Connection, job_id: int) -> dict[int, Steps]:
    """Return the steps of each iteration, by their keys within it: `candidate-1/generate`."""
    turns: dict[int, Steps] = defaultdict(dict)
    for step in queries.steps(connection, job_id):
        number = numbered(step.scope, "iteration")
        if step.state == "done" and step.superseded_at is None and number is not None:
            inner = step.scope.partition("/")[2]
            name = step.name.partition("@")[0]  # by whichever way it came
            turns[number][f"{inner}/{name}" if inner else name] = step
    return turns


def _iteration(number: int, steps: Steps) -> IterationReport | None:
    candidates = tuple(one for n in _candidates(steps) if (one := _candidate(n, steps)))
    selection = _selection(steps)
    selected = _selected(candidates, selection)
    image = _image(steps) or selected
    if image is None:
        return None
    ended = [step.finished_at for step in steps.values() if step.finished_at]
    began = [step.started_at for step in steps.values() if step.started_at]
    return IterationReport(
        **_fields(image),
        number=number,
        started_at=min(began, default=None),
        finished_at=max(ended, default=None),
        timings={name: round(_seconds(step), 3) for name, step in steps.items()},
        cost_microdollars=sum(step.cost for step in steps.values()),
        candidate=selected.number if selected else None,
        reason=selection.reason if selection else "",
        candidates=candidates,
    )


def _fields(image: ImageReport) -> dict[str, Any]:
    return {name: getattr(image, name) for name in ImageReport.model_fields}


def _candidates(steps: Steps) -> list[int]:
    """Return the numbers of the candidates, in order."""
    numbers = {numbered(key, "candidate") for key in steps}
    return sorted(number for number in numbers if number is not None)


def _candidate(number: int, steps: Steps) -> CandidateReport | None:
    scope = f"candidate-{number}/"
    inner = {k.removeprefix(scope): step for k, step in steps.items() if k.startswith(scope)}
    image = _image(inner)
    return None if image is None else CandidateReport(**_fields(image), number=number)


def _selection(steps: Steps) -> CandidateSelection | None:
    step = steps.get(SELECT)
    return CandidateSelection.model_validate_json(step.result) if step and step.result else None


def _selected(
    candidates: Sequence[CandidateReport], selection: CandidateSelection | None
) -> CandidateReport | None:
    """Return the selected candidate, the best so far while there is none; None without any."""
    if selection is not None:
        return next((one for one in candidates if one.number == selection.chosen), None)
    return max(candidates, key=lambda one: one.score or 0.0, default=None)


def _image(steps: Steps) -> ImageReport | None:
    """Return an image by its steps; None if it is not generated."""
    generation = steps.get("generate")
    if generation is None or generation.result is None:
        return None
    request = json.loads(generation.request)
    image = GeneratedImage.model_validate_json(generation.result)
    evaluation = _evaluation(steps)
    return ImageReport(
        prompt=request["prompt"],
        negative_prompt=request["negative_prompt"],
        seed=image.seed,
        backend=generation.backend,
        model=generation.model,
        width=image.image.width or request["width"],
        height=image.image.height or request["height"],
        score=evaluation.score if evaluation else None,
        evaluation=evaluation,
        artifact=image.image,
        reference=(request.get("reference") or {}).get("hash"),
    )


def _evaluation(steps: Steps) -> EvaluationReport | None:
    step = steps.get(EVALUATE)
    answer = json.loads(step.result or "null") if step else None
    if step is None or answer is None:  # an imported step of which only the time is known
        return None
    fields = {name: answer[name] for name in EvaluationReport.model_fields if name in answer}
    asked = (steps[key] for key in sorted(steps) if key.startswith(ASKED))
    judge = step if step.operation == EVALUATOR.id else next(asked, step)
    return EvaluationReport.model_validate(
        {**fields, "backend": judge.backend, "model": judge.model}
    )


def _below(folder: str, results: str) -> str:
    """A job's folder for display: relative to the folder of all results."""
    path = PurePath(folder)
    return (path.relative_to(results) if path.is_relative_to(results) else path).as_posix()


def _best(job: JobRow, iterations: tuple[IterationReport, ...]) -> int | None:
    if job.result is not None:
        return int(json.loads(job.result)["iteration"])
    scored = [turn for turn in iterations if turn.score is not None]
    return max(scored, key=lambda turn: turn.score or 0.0).number if scored else None


def _seconds(step: StepRow) -> float:
    return seconds_between(step.started_at, step.finished_at) or 0.0
