"""One sound effect read from the store at any moment, whether it is done, running or failed."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from db.clock import seconds_between
from db.queries import jobs as queries
from db.queries.batches import batch_of
from db.queries.ratings import rating_document
from db.rows import BatchRow, JobRow, StepRow
from engine.contract.audio import GeneratedAudio
from engine.recipes.sound_effect.finishing import FinishedTake
from engine.recipes.sound_effect.input import SoundEffectInput
from engine.recipes.sound_effect.loop import SoundEffect
from engine.recipes.sound_effect.models import file_name
from engine.recipes.sound_effect.placing import PLACE, LaidSteps, PlaceRequest
from engine.recipes.sound_effect.report import PlacedReport, SoundReport, TakeReport
from engine.recipes.sound_effect.settings import SoundEffectSettings
from engine.recipes.sound_effect.steps import MeasuredTake
from engine.recipes.sound_effect.takes import FINISH, GENERATE, MEASURE

T = TypeVar("T")


def job_report(connection: sqlite3.Connection, batch: BatchRow, job: JobRow) -> SoundReport:
    """Report of one job."""
    entry = SoundEffectInput.model_validate_json(job.input)
    batch = batch_of(connection, batch, job.variant)
    settings = SoundEffectSettings.model_validate_json(batch.settings)
    error = queries.error(connection, job.error_id) if job.error_id else None
    result = SoundEffect.model_validate_json(job.result) if job.result else None
    steps = queries.current_steps(connection, job.id)
    takes = sorted(_takes(steps), key=lambda take: take.number)
    return SoundReport(
        key=job.key,
        state=job.state,
        prompt=entry.prompt,
        target_seconds=entry.audio_length or settings.audio_length,
        takes=tuple(takes),
        kept=result.take.number if result else None,
        reason=result.reason if result else "",
        error=error.message if error and job.state == "failed" else "",
        batch=batch.name,
        job=job.id,
        is_loop=settings.loop,
        settings=_of_takes(settings),
        checkpoint=file_name(settings.checkpoint),
        config=file_name(settings.config),
        cost_microdollars=job.cost,
        placed=_placed(steps),
        rating=rating_document(connection, job.id),
    )


def _placed(steps: Mapping[tuple[str, str], StepRow]) -> PlacedReport | None:
    step = steps.get(("", PLACE))
    if step is None or step.state != "done":
        return None
    return PlacedReport(
        request=PlaceRequest.model_validate_json(step.request),
        laid=LaidSteps.model_validate_json(step.result or ""),
        finished_at=step.finished_at or "",
    )


def _of_takes(settings: SoundEffectSettings) -> dict[str, Any]:
    names = {"loop", "fade", "target_lufs", "audio_format"}
    loras = [file_name(source) for source in settings.loras]
    return {**settings.model_dump(mode="json", include=names), "loras": loras}


def _takes(steps: Mapping[tuple[str, str], StepRow]) -> Iterator[TakeReport]:
    """Yield the takes of a job that have been generated and measured."""
    for (scope, name), step in steps.items():
        measured = steps.get((scope, MEASURE))
        is_whole = measured is not None and step.state == measured.state == "done"
        if name == GENERATE and measured is not None and is_whole:
            yield _take(scope, step, measured, steps.get((scope, FINISH)))


def _take(scope: str, step: StepRow, measured: StepRow, finish: StepRow | None) -> TakeReport:
    iteration, number = (int(part.rpartition("-")[2]) for part in scope.split("/"))
    audio = GeneratedAudio.model_validate_json(step.result or "")
    done = FinishedTake.model_validate_json(finish.result or "") if finish else None
    take = MeasuredTake.model_validate_json(measured.result or "")
    request = json.loads(step.request)
    start = request.get("init_audio")
    return TakeReport(
        number=number,
        iteration=iteration,
        prompt=request["prompt"],
        negative_prompt=request.get("negative_prompt") or "",
        seed=audio.seed,
        generated=audio.audio,
        audio=done.audio if done else audio.audio,
        asked_seconds=request["seconds"],
        backend=step.backend,
        model=step.model,
        seconds=seconds_between(step.started_at, step.finished_at) or 0.0,
        finished_at=step.finished_at or "",
        device=audio.device,
        cfg_scale=_used(audio, audio.guidance, request.get("guidance")),
        steps=_used(audio, audio.steps, request.get("steps")),
        sampler=request.get("sampler"),
        init_audio=start["hash"] if start else None,
        init_noise=request.get("init_noise") if start else None,
        measures=take.measures,
        judgement=take.judgement,
    )


def _used(audio: GeneratedAudio, used: T | None, asked: T | None) -> T | None:
    """Return a value that a take was generated with: models of this machine report theirs."""
    return used if audio.device or used is not None else asked
