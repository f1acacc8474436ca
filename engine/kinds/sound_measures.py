"""Kind `sound-measures`: measures of a sound effect, its faults first."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.audio.faults import faults_of
from engine.audio.measures import SoundMeasures
from engine.contract.bars import across
from engine.contract.kinds import Drawing, Item, Line, Lines, Size, Span, Tone
from engine.contract.rows import meter, row, wrapped
from engine.kinds.figures import FigureKind
from engine.kinds.text import data_of
from engine.text.terminal import clean

MAX_ASPECTS = 12
"""Aspects of a judgement that are drawn."""

_BAR = 8
_STATUS: dict[str, Tone] = {"good": "good", "severe_phase_issue": "bad"}


class SoundMeasuresKind(FigureKind):
    """Measures of a sound, or `{"measures": {...}, "judgement": {"score", "aspects", ...}}`."""

    name = "sound-measures"
    title = "measures"

    def full(self, item: Item, size: Size) -> Drawing | None:
        """Return the faults, the judgement, then what was measured."""
        data = data_of(item)
        if not isinstance(data, Mapping):
            return None
        judgement = data.get("judgement")
        inner = data.get("measures") if isinstance(judgement, Mapping) else data
        measures = SoundMeasures.model_validate(inner)
        lines = [
            *_faults(measures, judgement, size.columns),
            *_judgement(judgement),
            *_levels(measures),
            *_times(measures),
            *_phase(measures),
        ]
        return Lines(tuple(lines))


def _faults(measures: SoundMeasures, judgement: Any, columns: int) -> Iterator[Line]:
    messages = [fault.message for fault in faults_of(measures)]
    if isinstance(judgement, Mapping) and isinstance(judgement.get("problems"), Sequence):
        problems = [one for one in judgement["problems"] if isinstance(one, Mapping)]
        messages = [str(one.get("message", "")) for one in problems]
    if messages:
        yield from wrapped("problems", messages, columns, "bad")
    else:
        yield row("problems", Span("none", "good"))


def _judgement(judgement: Any) -> Iterator[Line]:
    if not isinstance(judgement, Mapping):
        return
    aspects = judgement.get("aspects")
    named = {"score": judgement.get("score"), **(aspects if isinstance(aspects, Mapping) else {})}
    for name, value in list(named.items())[: MAX_ASPECTS + 1]:
        if isinstance(value, int | float) and 0 <= value <= 100:
            bar = Span(f"{across(value / 100, _BAR):<{_BAR}}", "accent")
            yield row(clean(str(name), 9), bar, Span(f" {value:.0f}"))


def _levels(measures: SoundMeasures) -> Iterator[Line]:
    loudest = _beside("loudest 0.4 s", measures.momentary_max, "LUFS")
    yield row("loudness", Span(_level(measures.lufs, "LUFS"), "strong"), loudest)
    rms = _beside("RMS", measures.rms_db, "dBFS")
    yield row("peak", Span(_level(measures.true_peak_db, "dBTP"), "strong"), rms)
    if measures.centroid_hz is not None:
        flatness = f", flatness {measures.flatness:.2f}" if measures.flatness is not None else ""
        centroid = Span(f"{measures.centroid_hz:.0f} Hz", "strong")
        yield row("centroid", centroid, Span(flatness, "muted"))


def _times(measures: SoundMeasures) -> Iterator[Line]:
    if measures.silence_start is None or measures.sound_end is None:
        return
    heard = f"{measures.silence_start:.2f} to {measures.sound_end:.2f} s"
    yield row("sound", Span(heard, "strong"), Span(f" of {measures.seconds:.2f} s", "muted"))
    pace = "no regular pace" if measures.cadence is None else f"{measures.cadence:.0f} a minute"
    yield row("onsets", Span(str(len(measures.onsets or ())), "strong"), Span(f", {pace}", "muted"))


def _phase(measures: SoundMeasures) -> Iterator[Line]:
    phase = measures.phase
    if phase is None:
        yield row("phase", Span(clean(measures.undefined.get("phase", ""), 60), "muted"))
        return
    status = Span(f" {phase.status.replace('_', ' ')}", _STATUS.get(phase.status, "strong"))
    loss = "" if phase.fold_down_db is None else f", {phase.fold_down_db:.1f} dB in mono"
    value = Span(f" {phase.correlation:+.2f}")
    yield row("phase", meter(phase.correlation), value, status, Span(loss, "muted"))


def _level(value: float | None, unit: str) -> str:
    return "none" if value is None else f"{value:.1f} {unit}"


def _beside(name: str, value: float | None, unit: str) -> Span:
    return Span(f", {name} {_level(value, unit)}", "muted")
