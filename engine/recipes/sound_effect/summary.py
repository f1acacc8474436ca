"""Facts about a batch of sound effects that has ended: of one, all; of several, the main ones."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from db.queries import jobs as queries
from db.rows import BatchRow
from engine.contract.outputs import SummaryLine
from engine.recipes.sound_effect.documents import file_names, placed_name, sidecar
from engine.recipes.sound_effect.read_report import job_report
from engine.recipes.sound_effect.report import PlacedReport, SoundReport, TakeReport
from engine.text.plural import pluralize

MAX_FILES = 10
"""Sounds of a batch that are listed with their files."""

_FEW = 5

Document = dict[str, Any]


def summary(
    connection: sqlite3.Connection, batch: BatchRow, _stored: Callable[[str], Path]
) -> Iterator[SummaryLine]:
    """Yield the facts about a batch: each file with its score, or everything about the only one."""
    jobs = queries.all_jobs(connection, batch.id)
    reports = [job_report(connection, batch, job) for job in jobs]
    kept = [(report, take) for report in reports if (take := report.kept_take) is not None]
    if len(reports) == len(kept) == 1:
        yield from _of_one(*kept[0])
    else:
        yield from _of_many(reports, kept)


def _of_one(report: SoundReport, take: TakeReport) -> Iterator[SummaryLine]:
    name = next(iter(file_names(report)))
    document = sidecar(report, take, name)
    yield _line("prompt", take.prompt, document, "prompt")
    yield _line("checkpoint", _model(document, take), document, "checkpoint", "config")
    yield _line("output", name, document, "output_path")
    yield _line("time", _time(document), document, "generation_time_seconds", "device")
    yield _line("sound", _sound(document), document, "sample_rate", "channels", "audio_shape")
    yield _line("level", _level(document), document, "rms", "rms_db", "max_amplitude", "peak_db")
    yield _line("loudness", _loudness(take), document["measures"], "lufs", "true_peak_db")
    yield SummaryLine("phase", _phase(document), document["phase_info"])
    yield _line("settings", _settings(document), document, "cfg_scale", "diffusion_steps", "seed")
    yield _line("score", f"{take.judgement.score:g} of 100. {report.reason}", document, "score")
    if report.placed is not None:
        yield _film(report, report.placed)
    problems = document["problems"]
    if problems:
        yield SummaryLine("problems", " ".join(problems), problems)


def _line(name: str, text: str, document: Document, *keys: str) -> SummaryLine:
    return SummaryLine(name, text, {key: document[key] for key in keys})


def _model(document: Document, take: TakeReport) -> str:
    """Return checkpoint and configuration; the backend too if neither of them says it."""
    text = f"{document['checkpoint']} ({document['config']})"
    return text if document["config"] == take.backend else f"{text}, {take.backend}"


def _time(document: Document) -> str:
    seconds, minutes = document["generation_time_seconds"], document["generation_time_minutes"]
    return f"{seconds:.2f} s ({minutes:.2f} min), {document['device']}"


def _sound(document: Document) -> str:
    lengths = [document["actual_duration_seconds"], document["target_duration_seconds"]]
    actual, target = (f"{seconds:.2f}".rstrip("0").rstrip(".") for seconds in lengths)
    channels = pluralize(document["channels"], "channel")
    shape = f"shape {document['audio_shape']}"
    return f"{document['sample_rate']} Hz, {channels}, {actual} s (target: {target} s), {shape}"


def _level(document: Document) -> str:
    if document["rms"] is None:
        return "not defined"
    values = (("RMS", "rms", "rms_db"), ("peak", "max_amplitude", "peak_db"))
    return ", ".join(
        f"{name} {document[value]:.6f} ({_decibels(document[level])})"
        for name, value, level in values
    )


def _decibels(level: float | None) -> str:
    return "silent" if level is None else f"{level:.2f} dB"


def _loudness(take: TakeReport) -> str:
    measures = take.measures
    if measures.lufs is None:
        return f"not defined: {measures.undefined.get('lufs', 'it was not measured')}"
    peak = measures.true_peak_db
    return f"{measures.lufs:.1f} LUFS" + ("" if peak is None else f", true peak {peak:.1f} dBTP")


def _phase(document: Document) -> str:
    phase = document["phase_info"]
    if phase["status"] is None:
        return str(phase["message"])
    return f"{phase['status']}, correlation {phase['correlation']:.3f}. {phase['message']}"


def _settings(document: Document) -> str:
    values = (("CFG scale", "cfg_scale"), ("steps", "diffusion_steps"), ("seed", "seed"))
    known = [(name, document[key]) for name, key in values if document[key] is not None]
    return ", ".join(f"{name} {value}" for name, value in known) or "the backend's"


def _film(report: SoundReport, placed: PlacedReport) -> SummaryLine:
    name, count = placed_name(report, placed), len(placed.laid.steps)
    data = {"output_path": name, "mode": placed.laid.mode, "steps": count}
    return SummaryLine("film", f"{name}, {pluralize(count, 'step')}", data)


def _of_many(
    reports: Sequence[SoundReport], kept: Sequence[tuple[SoundReport, TakeReport]]
) -> Iterator[SummaryLine]:
    scores = [take.judgement.score for _, take in kept]
    counts = {"sounds": len(reports), "kept": len(kept)}
    spread = f", scores {min(scores):g} to {max(scores):g}" if scores else ""
    text = f"{len(kept)} of {pluralize(len(reports), 'sound')} kept{spread}"
    yield SummaryLine("sounds", text, counts)
    for report, take in kept[:MAX_FILES]:
        name = next(iter(file_names(report)))
        data = {"id": report.key, "file": name, "score": take.judgement.score}
        yield SummaryLine(f"j{report.job}", f"{take.judgement.score:5.1f}  {name}", data)
    if len(kept) > MAX_FILES:
        yield SummaryLine("others", f"{len(kept) - MAX_FILES} more", len(kept) - MAX_FILES)
    faults = Counter(one.name for _, take in kept for one in take.judgement.problems)
    if faults:
        listed = ", ".join(f"{name} ({count})" for name, count in faults.most_common(_FEW))
        yield SummaryLine("problems", listed, dict(faults))
    if errors := [report.error for report in reports if report.error]:
        yield SummaryLine("errors", f"{len(errors)}: {errors[0]}", errors[:_FEW])
