"""One film read from the store at any moment, whether it is done, running or failed."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import TypeVar

from db.clock import seconds_between
from db.queries import jobs as queries
from db.queries.ratings import rating_document
from db.rows import BatchRow, JobRow, StepRow
from engine.contract import Artifact, GeneratedImage
from engine.contract.backend import Result
from engine.contract.tiers import spent_by_tier
from engine.recipes.common.films import JOIN, RenderedFilm
from engine.recipes.music_video.files import FilmFiles, FilmSheet
from engine.recipes.music_video.grading import GradedImage
from engine.recipes.music_video.images import GENERATE, GRADE
from engine.recipes.music_video.input import MusicVideoInput
from engine.recipes.music_video.loop import ANALYSE, FILES, SHEET, MusicVideo
from engine.recipes.music_video.names import ANALYSIS, FILM, PREVIEW, SONG, file_name
from engine.recipes.music_video.names import SHEET as SHEET_FILE
from engine.recipes.music_video.report import FilmReport, ImageReport
from engine.recipes.music_video.steps import Song
from engine.recipes.music_video.tiers import TIERS

ResultT = TypeVar("ResultT", bound=Result)

_Steps = Mapping[tuple[str, str], StepRow]


def job_report(connection: sqlite3.Connection, batch: BatchRow, job: JobRow) -> FilmReport:
    """Report of one job."""
    entry = MusicVideoInput.model_validate_json(job.input)
    steps = queries.current_steps(connection, job.id)
    error = queries.error(connection, job.error_id) if job.error_id else None
    result = MusicVideo.model_validate_json(job.result) if job.result else None
    song = _result(steps, "", ANALYSE, Song)
    film, preview = (_result(steps, name, JOIN, RenderedFilm) for name in (FILM, PREVIEW))
    return FilmReport(
        key=job.key,
        state=job.state,
        title=entry.title,
        artist=entry.artist,
        seconds=song.seconds if song else None,
        spec=result.spec if result else {},
        images=tuple(_images(steps)),
        fallbacks=result.fallbacks if result else (),
        film=film.video if film else None,
        preview=preview.video if preview else None,
        files=dict(_files(entry, song, steps)),
        error=error.message if error and job.state == "failed" else "",
        batch=batch.name,
        job=job.id,
        cost_microdollars=job.cost,
        spent=spent_by_tier(TIERS, _done(steps)),
        rating=rating_document(connection, job.id),
    )


def _result(steps: _Steps, scope: str, name: str, model: type[ResultT]) -> ResultT | None:
    step = steps.get((scope, name))
    return model.model_validate_json(step.result or "") if step and _is_done(step) else None


def _is_done(step: StepRow) -> bool:
    return step.state == "done" and step.result is not None


def _done(steps: _Steps) -> Iterator[tuple[str, float, int]]:
    """Yield key, seconds and cost of each finished step."""
    for step in steps.values():
        if _is_done(step):
            seconds = seconds_between(step.started_at, step.finished_at) or 0.0
            yield step.key, seconds, step.cost


def _images(steps: _Steps) -> Iterator[ImageReport]:
    """Yield the images that have been graded, in order."""
    for (scope, name), step in sorted(steps.items()):
        if name != GRADE or not _is_done(step):
            continue
        graded = GradedImage.model_validate_json(step.result or "")
        generated = _generator(steps, scope, json.loads(step.request)["image"]["hash"])
        if graded.image is None or generated is None:
            continue
        section, view = (int(part.rpartition("-")[2]) for part in scope.split("/"))
        row, image = generated
        yield ImageReport(
            section=section,
            view=view,
            prompt=json.loads(row.request)["prompt"],
            seed=image.seed,
            image=graded.image,
            backend=row.backend,
            model=row.model,
            palette_before=graded.before,
            palette_after=graded.after,
        )


def _generator(steps: _Steps, scope: str, hash_: str) -> tuple[StepRow, GeneratedImage] | None:
    """Return the step that generated an image of a keyframe, and its result."""
    for (place, name), step in steps.items():
        if name == GENERATE and place.startswith(f"{scope}/") and _is_done(step):
            image = GeneratedImage.model_validate_json(step.result or "")
            if image.image.hash == hash_:
                return step, image
    return None


def _files(
    entry: MusicVideoInput, song: Song | None, steps: _Steps
) -> Iterator[tuple[str, Artifact]]:
    yield file_name(SONG, entry.song), entry.song
    if song is not None:
        yield ANALYSIS, song.analysis
    if files := _result(steps, "", FILES, FilmFiles):
        yield from files.files.items()
    if sheet := _result(steps, "", SHEET, FilmSheet):
        yield file_name(SHEET_FILE, sheet.image), sheet.image
