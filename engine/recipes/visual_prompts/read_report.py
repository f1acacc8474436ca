"""One sample read from the store at any moment, whether it is done, running or failed."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from db.clock import seconds_between
from db.queries import jobs as queries
from db.queries.batches import batch_of
from db.queries.ratings import rating_document
from db.rows import BatchRow, JobRow, StepRow
from engine.audio.features import Features
from engine.audio.legacy import eight_keys
from engine.contract import GeneratedImage, ScoreTable
from engine.recipes.visual_prompts.agents.writer import VisualPrompt
from engine.recipes.visual_prompts.images import IMAGE, SCORE
from engine.recipes.visual_prompts.input import VisualPromptsInput
from engine.recipes.visual_prompts.loop import ANALYSE, CREATIVITY
from engine.recipes.visual_prompts.report import (
    ImageReport,
    PromptReport,
    SampleFiles,
    SampleReport,
)
from engine.recipes.visual_prompts.settings import VisualPromptsSettings
from engine.recipes.visual_prompts.steps import Analysis, SampleCreativity
from engine.recipes.visual_prompts.writing import MEND, reported, step_of


def job_report(connection: sqlite3.Connection, batch: BatchRow, job: JobRow) -> SampleReport:
    """Report of one job."""
    reader = _ReportReader(connection, batch, job)
    error = queries.error(connection, job.error_id) if job.error_id else None
    failed = error.message if error and job.state == "failed" else ""
    analysis, entry = reader.analysis(), reader.entry
    path = PurePath(job.output)
    return SampleReport(
        key=job.key,
        state=job.state,
        index=job.position - 1 if entry.index is None else entry.index,
        metadata=entry.metadata,
        features=features_document(analysis.features) if analysis else {},
        abc=analysis.abc if analysis else "",
        prompts=tuple(reader.prompts()),
        images=tuple(reader.images()),
        creativity=reader.creativity(),
        files=_files(analysis) if analysis else SampleFiles(),
        warnings=(*entry.notes, *(analysis.features.warnings if analysis else ())),
        error=failed,
        batch=batch.name,
        job=job.id,
        output=(
            path.relative_to(batch.outputs) if path.is_relative_to(batch.outputs) else path
        ).as_posix(),
        finished_at=reader.last_end() or job.finished_at,
        seconds=round(sum(map(_seconds, reader.steps.values())), 3),
        cost_microdollars=job.cost,
        rating=rating_document(connection, job.id),
    )


def features_document(features: Features) -> dict[str, Any]:
    """Return the eight keys that readers of older exports know, and all features beside them."""
    keys = eight_keys(features)
    keys["tempo"] = round(keys["tempo"], 2)
    return {**keys, "measured": features.model_dump(mode="json")}


def _files(analysis: Analysis) -> SampleFiles:
    return SampleFiles(
        notation=analysis.notation, midi=analysis.midi, staff=analysis.staff, mel=analysis.mel
    )


class _ReportReader:
    """Reads the current steps of one job."""

    def __init__(self, connection: sqlite3.Connection, batch: BatchRow, job: JobRow) -> None:
        self.entry = VisualPromptsInput.model_validate_json(job.input)
        batch = batch_of(connection, batch, job.variant)
        self._settings = VisualPromptsSettings.model_validate_json(batch.settings)
        self._errors = {error.id: error.message for error in queries.errors(connection, job.id)}
        self.steps = queries.current_steps(connection, job.id)

    def _result(self, scope: str, name: str) -> str:
        """Return the stored result of a step that is done; empty if it is not."""
        step = self.steps.get((scope, name))
        return (step.result or "") if step and step.state == "done" else ""

    def last_end(self) -> str | None:
        """When the last step ended: known before the job's own end is, and the same after it."""
        return max((s.finished_at for s in self.steps.values() if s.finished_at), default=None)

    def analysis(self) -> Analysis | None:
        """Features and notation, once they are there."""
        found = self._result("", ANALYSE)
        return Analysis.model_validate_json(found) if found else None

    def creativity(self) -> float | None:
        """Mean creativity of the prompts."""
        found = self._result("", CREATIVITY)
        return SampleCreativity.model_validate_json(found).mean if found else None

    def prompts(self) -> Iterator[PromptReport]:
        """Yield the prompts that are written, in order."""
        for planned in self._settings.plan():
            name = step_of(planned.number)
            draft, again = self._result("", name), self._result(name, MEND)
            if not draft:
                return
            yield reported(
                planned,
                VisualPrompt.model_validate_json(draft),
                VisualPrompt.model_validate_json(again) if again else None,
            )

    def images(self) -> Iterator[ImageReport]:
        """Yield the images of the prompts as they are now, and those that failed."""
        for prompt in self.prompts():
            scope = step_of(prompt.number)
            step = self.steps.get((scope, IMAGE))
            if step is None or step.state not in {"done", "failed"}:
                continue
            request = json.loads(step.request)
            if request["prompt"] != prompt.text:  # the prompt has been written again since
                continue
            yield ImageReport(
                number=prompt.number,
                image=GeneratedImage.model_validate_json(step.result).image
                if step.result
                else None,
                seed=request["seed"],
                width=request["width"],
                height=request["height"],
                backend=step.backend,
                model=step.model,
                scores=self._scores(scope),
                error="" if step.result else self._errors.get(step.error_id or 0, ""),
            )

    def _scores(self, scope: str) -> dict[str, float]:
        found = self._result(scope, SCORE)
        if not found:
            return {}
        columns = ScoreTable.model_validate_json(found).columns
        return {one.metric: one.marks[0].value for one in columns if one.marks[0].value is not None}


def _seconds(step: StepRow) -> float:
    return seconds_between(step.started_at, step.finished_at) or 0.0
