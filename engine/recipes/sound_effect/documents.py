"""The names of a sound's files, and the document beside it."""

import re
import unicodedata
from datetime import datetime
from typing import Any

from engine.audio.bwf import Origin
from engine.audio.lineage import SoundLineage
from engine.kinds.file_names import suffix_of
from engine.recipes.common.documents import VERSION
from engine.recipes.sound_effect.models import MODELS
from engine.recipes.sound_effect.report import PlacedReport, SoundReport, TakeReport
from engine.text.amounts import dollars
from engine.text.folder_names import claim

MAX_CHARACTERS, MAX_BYTES = 100, 180
"""Length of the prompt in a name, at most."""

_ANY_TIME, _ANY_STAMP = "2000-01-01T00:00:00", "20000101_000000"


def stem_of(prompt: str, finished_at: str) -> str:
    """Return the name of a sound without its suffix: `20241108_152030_heavy_boots_on_marble`.

    Letters and digits of any script, `-` and `_` are kept; spaces and anything else become `_`.

    Args:
        prompt: Its prompt.
        finished_at: Time at which it was there, ISO 8601.
    """
    text = unicodedata.normalize("NFC", prompt).lower()[:MAX_CHARACTERS]
    plain = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in text)
    cut = plain.encode()[:MAX_BYTES].decode(errors="ignore")
    moment = datetime.fromisoformat(finished_at).strftime("%Y%m%d_%H%M%S")
    return f"{moment}_{cut}" if cut else moment


def former_names(report: SoundReport) -> re.Pattern[str]:
    """Return the names that files of a sound have had at any time, and no others.

    A take that was generated again has another time and number, but the same prompt.
    """
    words = stem_of(report.prompt, _ANY_TIME).removeprefix(_ANY_STAMP)
    suffixes = {".wav", ".json"}  # of steps on events, and of documents
    suffixes |= {suffix_of(take.audio.kind, take.audio.media_type) for take in report.takes}
    endings = "|".join(map(re.escape, sorted(suffixes)))
    numbered = "(?:-[0-9]+|-stereo|-binaural)?"
    return re.compile(rf"[0-9]{{8}}_[0-9]{{6}}{re.escape(words)}{numbered}(?:{endings})")


def file_names(report: SoundReport) -> dict[str, TakeReport]:
    """Return the takes by the names of their files, the one that is kept first.

    Takes whose names are the same are numbered: `-2`, `-3`.
    """
    names: dict[str, TakeReport] = {}
    for take in sorted(report.takes, key=lambda one: (one.number != report.kept, one.number)):
        suffix = suffix_of(take.audio.kind, take.audio.media_type)
        taken = {name.removesuffix(suffix) for name in names}
        stem = claim(stem_of(report.prompt, take.finished_at), taken.__contains__)
        names[f"{stem}{suffix}"] = take
    return names


def sidecar(report: SoundReport, take: TakeReport, path: str) -> dict[str, Any]:
    """Return the document of a take: the keys that readers of such files know, then ours.

    Seconds have two decimals, amplitudes six, decibels two. A value that a sound does not have,
    such as the level of silence, is None, with the reason in `undefined`.

    Args:
        report: Its sound effect.
        take: The take.
        path: Name of its file.
    """
    measures = take.measures
    frames = round(measures.seconds * measures.sample_rate)
    return {
        "prompt": take.prompt,
        "checkpoint": _of_files(report.checkpoint, take) or take.model,
        "config": _of_files(report.config, take) or take.backend,
        "output_path": path,
        "timestamp": take.finished_at,
        "generation_time_seconds": round(take.seconds, 2),
        "generation_time_minutes": round(take.seconds / 60, 2),
        "sample_rate": measures.sample_rate,
        "audio_shape": [measures.channels, frames],
        "channels": measures.channels,
        "num_samples": frames,
        "target_duration_seconds": report.target_seconds,
        "actual_duration_seconds": round(measures.seconds, 2),
        "max_amplitude": _rounded(measures.peak, 6),
        "rms": _rounded(measures.rms, 6),
        "peak_db": _rounded(measures.peak_db, 2),
        "rms_db": _rounded(measures.rms_db, 2),
        "phase_info": _phase(take),
        "cfg_scale": take.cfg_scale,
        "diffusion_steps": take.steps,
        "device": take.device or take.backend,
        "success": True,
        **_ours(report, take),
    }


def _of_files(name: str, take: TakeReport) -> str:
    """Return a file that the settings name if the take is by a backend that used it."""
    return name if take.backend in MODELS["checkpoint"] else ""


def _ours(report: SoundReport, take: TakeReport) -> dict[str, Any]:
    return {
        "version": VERSION,
        "id": report.key,
        "brief": report.prompt,
        "negative_prompt": take.negative_prompt,
        "seed": take.seed,
        "backend": take.backend,
        "model": take.model,
        "sampler": take.sampler,
        "init_audio": take.init_audio,
        "init_noise": take.init_noise,
        **report.settings,
        "take": take.number,
        "iteration": take.iteration,
        "kept": take.number == report.kept,
        "score": take.judgement.score,
        "aspects": dict(take.judgement.aspects),
        "problems": [problem.message for problem in take.judgement.problems],
        "reason": report.reason,
        "rating": report.rating,
        "takes": [_summary(report, other) for other in report.takes],
        "undefined": dict(take.measures.undefined),
        "measures": take.measures.model_dump(mode="json", exclude={"undefined"}),
    }


def _summary(report: SoundReport, take: TakeReport) -> dict[str, Any]:
    return {
        "take": take.number,
        "iteration": take.iteration,
        "seed": take.seed,
        "prompt": take.prompt,
        "kept": take.number == report.kept,
        "score": take.judgement.score,
        "problems": [problem.message for problem in take.judgement.problems],
    }


def _phase(take: TakeReport) -> dict[str, Any]:
    phase = take.measures.phase
    if phase is None:
        reason = f"The phase is not defined: {take.measures.undefined['phase']}."
        return {"status": None, "correlation": None, "message": reason}
    correlation = round(phase.correlation, 3)
    return {"status": phase.status, "correlation": correlation, "message": phase.message}


def origin_of(report: SoundReport, take: TakeReport) -> Origin:
    """Return the origin and the loudness that the WAV file of a take carries."""
    measures = take.measures
    return Origin(
        lineage=_lineage(take),
        created_at=take.finished_at,
        artifact=take.audio.hash,
        lufs=measures.lufs,
        lra=measures.lra,
        true_peak_db=measures.true_peak_db,
        momentary_max=measures.momentary_max,
        short_term_max=measures.short_term_max,
        is_loop=report.is_loop,
    )


def placed_origin(report: SoundReport, placed: PlacedReport) -> Origin | None:
    """Return the origin of steps on events: that of the take that is kept; None without one."""
    take = report.kept_take
    if take is None:
        return None
    audio = placed.laid.audio
    return Origin(lineage=_lineage(take), created_at=placed.finished_at, artifact=audio.hash)


def _lineage(take: TakeReport) -> SoundLineage:
    return SoundLineage(
        prompt=take.prompt,
        negative_prompt=take.negative_prompt,
        seed=take.seed,
        seconds=take.asked_seconds,
        backend=take.backend,
        model=take.model,
        steps=take.steps,
        guidance=take.cfg_scale,
    )


def job_document(report: SoundReport, file: str | None) -> dict[str, Any]:
    """Return one job as the summary of its batch lists it."""
    take = report.kept_take
    return {
        "id": report.key,
        "job": report.job,
        "state": report.state,
        "error": report.error or None,
        "prompt": report.prompt,
        "file": file,
        "take": report.kept,
        "score": take.judgement.score if take else None,
        "reason": report.reason or None,
        "rating": report.rating,
        "cost_usd": dollars(report.cost_microdollars),
    }


def placed_name(report: SoundReport, placed: PlacedReport) -> str:
    """Return the name of the file of steps on events: `..._marble-stereo.wav`."""
    suffix = suffix_of(placed.laid.audio.kind, placed.laid.audio.media_type)
    return f"{stem_of(report.prompt, placed.finished_at)}-{placed.laid.mode}{suffix}"


def placed_document(report: SoundReport, placed: PlacedReport, path: str) -> dict[str, Any]:
    """Return the document of steps on events.

    Args:
        report: Their sound effect.
        placed: The steps.
        path: Name of their file.
    """
    laid, request = placed.laid, placed.request
    by_hash = {take.generated.hash: take.number for take in report.takes}
    takes = [by_hash.get(sound.hash) for sound in request.sounds]
    return {
        "version": VERSION,
        "id": report.key,
        "prompt": report.prompt,
        "output_path": path,
        "timestamp": placed.finished_at,
        "mode": laid.mode,
        "sample_rate": laid.audio.facts.get("sample_rate"),
        "duration_seconds": round(laid.seconds, 6),
        "field_of_view": request.field_of_view,
        "seed": request.seed,
        "events_sha256": request.events.hash,
        "hrtf_sha256": request.hrtf.hash if request.hrtf else None,
        "notes": list(laid.notes),
        "steps": [{**one.model_dump(mode="json"), "take": takes[one.take]} for one in laid.steps],
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
