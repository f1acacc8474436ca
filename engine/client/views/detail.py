"""Details of one part of a job, by kind; cleaned and bounded."""

import contextlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from db.queries import inspect
from db.queries.faces import FileLine
from db.rows import ApiCallRow, ArtifactRow, CritiqueRow, PromptRow, ScoreRow
from engine.client.views.checks import CheckLine, checks_of
from engine.client.views.files import (
    DrawnResult,
    OpenableFile,
    draw_result,
    faces,
    facts_line,
    line_of,
    openable,
)
from engine.client.views.image_scores import ImageScores
from engine.client.views.page import PageSection
from engine.client.views.prompts import prompts_at
from engine.client.views.score_table import ImageScoreTable, sheet_of
from engine.client.views.siblings import StepImages
from engine.client.views.tree import TreeLine
from engine.contract.tracing import TRACE
from engine.text import figures
from engine.text.terminal import clean

LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """An error and its remedy."""

    kind: str
    message: str
    remedy: str
    traceback: str
    at: str


@dataclass(frozen=True, slots=True)
class Timing:
    """Timing and outcome of one step."""

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
    """Details of a node of the tree; missing ones are empty.

    Attributes:
        images: Hashes of its files that are shown; the last is the most important.
        preview: Preview of its image, if there is no image yet.
        before: The previous prompt.
        sheet: Scores of several images.
        drawn: The result of a step as its kind draws it.
        decided: Decisions of an operator for it.
        shown: The file that is shown as its image.
        openable: Its files that can be opened, the one that is shown first.
        page: The page of the job, if its recipe has one and the job itself is selected.
        checks: What the judge of its critique has looked for, failures first.
    """

    node: int
    troubles: tuple[ErrorDetail, ...]
    images: tuple[str, ...]
    preview: bytes
    files: tuple[str, ...]
    before: str
    prompt: str
    note: str
    critique: CritiqueRow | None
    scores: tuple[ScoreRow, ...]
    sheet: ImageScoreTable | None
    timings: tuple[Timing, ...]
    calls: tuple[CallLine, ...]
    request: str
    result: str
    drawn: DrawnResult | None = None
    decided: tuple[str, ...] = ()
    shown: FileLine | None = None
    openable: tuple[OpenableFile, ...] = ()
    page: tuple[PageSection, ...] = ()
    checks: tuple[CheckLine, ...] = ()


@dataclass(frozen=True, slots=True)
class StepOutputs:
    """Results of a job's steps.

    Attributes:
        lines: The steps by their numbers.
        marks: Their scores.
        images: Their images.
        seconds: Working time of each.
        columns: Width of drawings in cells.
    """

    lines: Mapping[int, inspect.StepLine]
    marks: ImageScores
    images: StepImages
    seconds: Mapping[int, float]
    columns: int = 60

    @property
    def names(self) -> dict[str, str]:
        """Return the outermost scope of each file, by its hash."""
        names: dict[str, str] = {}
        for step, hash_ in self.images.first.items():
            if step in self.lines:
                scope = self.lines[step].scope.partition("/")[0]
                names.setdefault(hash_, clean(scope, 20).replace("-", " "))
        return names


def read_detail(
    connection: sqlite3.Connection, job_id: int, node: TreeLine, left: StepOutputs
) -> Detail:
    """Return the details of a node.

    Args:
        connection: A reader.
        job_id: The job.
        node: The node.
        left: Results of all of the job's steps.
    """
    steps, lines, marks, images = node.steps, left.lines, left.marks, left.images
    artifacts = inspect.artifacts_of(connection, steps)
    painted = _painted([line_of(artifact) for artifact in artifacts], marks)
    before, prompt = prompts_at(connection, job_id, node, lines)
    request, result = inspect.step_texts(connection, node.id) if node.id > 0 else ("", "")
    scores = inspect.scores_of(connection, steps)
    sheet = sheet_of(scores, images.first, lines, marks) if node.id else None
    of_all = () if sheet and node.id < 0 else _newest(scores)
    critique = inspect.critique_of(connection, steps)
    return Detail(
        node=node.id,
        troubles=_troubles(connection, job_id, node.id, steps),
        images=tuple(file.hash for file in painted),
        preview=next((images.previews[s] for s in steps if s in images.previews), b""),
        files=tuple(_file(artifact) for artifact in artifacts),
        before=_shown(before.text) if before else "",
        prompt=_shown(prompt.text) if prompt else "",
        note=_note(prompt) if prompt else "",
        critique=_clean_critique(critique),
        checks=checks_of(connection, critique.step_id) if critique else (),
        scores=tuple(_clean_score(score) for score in of_all),
        sheet=sheet,
        timings=tuple(_timing(lines[step], left) for step in steps[-100:] if step in lines),
        calls=tuple(_call(call) for call in inspect.calls_of(connection, steps)),
        request=_pretty(request),
        result=_pretty(result),
        drawn=_drawn(connection, node, left),
        shown=painted[-1] if painted else None,
        openable=_openable(artifacts, painted[-1].hash if painted else "", lines),
    )


def _openable(
    artifacts: Sequence[ArtifactRow], shown: str, lines: Mapping[int, inspect.StepLine]
) -> tuple[OpenableFile, ...]:
    """Return files to open, each once: the one that is shown, then the newest, traces last."""
    newest = {artifact.hash: artifact for artifact in artifacts[::-1]}
    order = sorted(newest.values(), key=lambda a: (a.hash != shown, a.role == TRACE))
    keys: dict[int | None, str] = {None: "", **{step: line.key for step, line in lines.items()}}
    return tuple(openable(a.role, line_of(a), keys.get(a.step_id, "")) for a in order)


def _painted(files: Sequence[FileLine], marks: ImageScores) -> list[FileLine]:
    """Return files to show, each once; one that was selected out of several comes last."""
    known = faces()
    once = {file.hash: file for file in files if file.kind not in known.hidden}
    return sorted(
        once.values(), key=lambda f: (f.kind not in known.supporting, f.hash in marks.taken)
    )


def _drawn(connection: sqlite3.Connection, node: TreeLine, left: StepOutputs) -> DrawnResult | None:
    step = left.lines.get(node.id)
    return draw_result(connection, step, left.names, left.columns) if step else None


def _newest(scores: Sequence[ScoreRow]) -> list[ScoreRow]:
    """Return scores that are not about a single image; of two for the same, the newer one."""
    return list({score.metric: score for score in scores if score.image is None}.values())


def _file(artifact: ArtifactRow) -> str:
    kind = f"{clean(artifact.role, 40)}  {clean(artifact.media_type, 60)}"
    facts = facts_line(line_of(artifact))
    return f"{kind}  {figures.size(artifact.size)}" + (f"  {facts}" if facts else "")


def _shown(text: str) -> str:
    return clean(text, LONGEST, keep_newlines=True)


def _note(prompt: PromptRow) -> str:
    words = [clean(prompt.author, 60), clean(prompt.reason, 500)]
    note = ": ".join(word for word in words if word)
    negative = clean(prompt.negative, 500)
    return f"{note}\nnegative: {negative}" if negative else note


def _troubles(
    connection: sqlite3.Connection, job_id: int, node: int, steps: Sequence[int]
) -> tuple[ErrorDetail, ...]:
    return tuple(
        ErrorDetail(
            kind=clean(error.kind, 20),
            message=clean(error.message, 4000, keep_newlines=True),
            remedy=clean(error.remedy, 1000),
            traceback=clean(error.traceback, 4000, keep_newlines=True),
            at=figures.clock(error.created_at),
        )
        for error in inspect.errors_of(connection, job_id, steps, own=node == 0)[::-1]
    )


def _clean_critique(critique: CritiqueRow | None) -> CritiqueRow | None:
    if critique is None:
        return None
    return replace(
        critique,
        text=_shown(critique.text),
        missing=json.dumps(_clean_data(critique.missing, list)),
        measurements=json.dumps(_clean_data(critique.measurements, dict)),
    )


def _clean_data(text: str, kind: type) -> object:
    """Parse JSON and clean its texts; another type than `kind` becomes an empty one."""
    try:
        data = json.loads(text)
    except ValueError:
        return kind()
    if not isinstance(data, kind):
        return kind()
    if isinstance(data, dict):
        return {clean(str(k), 60): clean(v) if isinstance(v, str) else v for k, v in data.items()}
    return [clean(value) if isinstance(value, str) else value for value in data]  # type: ignore[attr-defined]


def _clean_score(score: ScoreRow) -> ScoreRow:
    return replace(score, metric=clean(score.metric, 60), scorer=clean(score.scorer, 60))


def _timing(step: inspect.StepLine, left: StepOutputs) -> Timing:
    return Timing(
        name=clean(step.key, 60),
        state=step.state,
        by=" ".join(dict.fromkeys([clean(step.backend, 40), clean(step.model, 60)])),
        attempts=step.attempts,
        time=figures.duration(left.seconds.get(step.id) if step.finished_at else None),
        cost=step.cost,
    )


def _call(call: ApiCallRow) -> CallLine:
    outcome = f"attempt {call.attempt}"
    if call.wait_seconds:
        outcome += f", waited {figures.duration(call.wait_seconds)}"
    if call.cost:
        outcome += f", {figures.money(call.cost)}"
    if call.error:
        outcome += f": {clean(call.error, 300)}"
    text = f"{clean(call.purpose, 40)}  {clean(call.backend, 40)}  {outcome}"
    return CallLine(figures.clock(call.started_at), clean(call.status, 20), text)


def _pretty(text: str) -> str:
    """Format JSON on several lines; text that was cut stays as it is."""
    with contextlib.suppress(ValueError):
        text = json.dumps(json.loads(text), indent=1, ensure_ascii=False)
    return clean(text, 6000, keep_newlines=True)
