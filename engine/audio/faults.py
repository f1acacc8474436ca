"""Faults of a sound, named from its measures."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from engine.audio.measures import SoundMeasures

FaultName = Literal[
    "unusable", "silent", "clipped", "over_full_scale", "clicks", "offset",
    "silent_channel", "inverted", "out_of_phase", "late_start", "early_end",
]  # fmt: skip

LARGEST_OFFSET = 0.02
"""Mean of a channel from which on an offset is reported, 1 for full scale."""

OFFSET_SECONDS = 0.1
"""Length of a sound under which a low tone looks like an offset."""

LATE_SECONDS = 0.5
"""Silence before a sound from which on it starts late."""

EARLY_SHARE, EARLY_SECONDS = 0.2, 0.5
"""Silence after a sound, as a share of its length and in seconds, from which on it ends early."""

HIGHEST_PEAK_DB = 0.0
"""Peak between samples in dBTP above which a converter clips."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a sound.

    Attributes:
        name: Its name.
        message: The fault in a sentence.
        is_severe: True if the sound is of no use with it.
    """

    name: FaultName
    message: str
    is_severe: bool = False


def faults_of(measures: SoundMeasures) -> tuple[Fault, ...]:
    """Return the faults of a sound, the worst first."""
    return tuple(sorted(_faults(measures), key=lambda fault: not fault.is_severe))


def _faults(measures: SoundMeasures) -> Iterator[Fault]:
    if measures.peak is None:
        reason = measures.undefined["peak"]
        yield Fault("unusable", f"The sound cannot be used: {reason}.", is_severe=True)
        return
    yield from _of_samples(measures)
    if measures.sound_end is None:
        yield Fault("silent", "The sound is silent.", is_severe=True)
        return
    yield from _of_channels(measures)
    yield from _of_times(measures)


def _of_samples(measures: SoundMeasures) -> Iterator[Fault]:
    if measures.clipping:
        share = f"{100 * measures.clipping:.2g} %"
        yield Fault("clipped", f"The sound is clipped at {share} of its samples.")
    elif measures.true_peak_db is not None and measures.true_peak_db > HIGHEST_PEAK_DB:
        yield Fault(
            "over_full_scale", f"Its peak between samples is {measures.true_peak_db:+.1f} dBTP."
        )
    if measures.clicks:
        count, first = len(measures.clicks), measures.clicks[0]
        noun = "click" if count == 1 else "clicks"
        yield Fault("clicks", f"The sound has {count} {noun}, the first at {first:.2f} s.")
    offset = abs(measures.dc or 0.0) if measures.seconds >= OFFSET_SECONDS else 0.0
    if offset > LARGEST_OFFSET:
        yield Fault("offset", f"The sound has an offset of {measures.dc:.2g} of full scale.")


def _of_channels(measures: SoundMeasures) -> Iterator[Fault]:
    if measures.phase is None:
        if measures.channels == 2:
            yield Fault("silent_channel", "One of the two channels is silent.")
    elif measures.phase.status == "severe_phase_issue":
        yield Fault("inverted", measures.phase.message)
    elif measures.phase.status == "mild_phase_issue":
        yield Fault("out_of_phase", measures.phase.message)


def _of_times(measures: SoundMeasures) -> Iterator[Fault]:
    start, end, sound_end = measures.silence_start, measures.silence_end, measures.sound_end
    if start is not None and start >= LATE_SECONDS:
        yield Fault("late_start", f"The sound starts with {start:.1f} s of silence.")
    if end is None or sound_end is None:
        return
    if end >= EARLY_SECONDS and end >= EARLY_SHARE * measures.seconds:
        yield Fault(
            "early_end", f"The sound ends at {sound_end:.1f} s of {measures.seconds:.1f} s."
        )
