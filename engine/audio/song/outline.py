"""Outline of a song, small enough to be drawn at once: figures, sections, and energy over time."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from engine.audio.features import Measured
from engine.audio.mood import mood_label

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.audio.song.analysis import SongAnalysis

COLUMNS = 480
"""Number of levels over the length of a song."""

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]
Times = Annotated[tuple[Seconds, ...], Field(max_length=20_000)]
Word = Annotated[str, Field(max_length=60)]


class OutlineSection(Measured):
    """A section of a song.

    Attributes:
        start: Time at which it starts.
        end: Time at which it ends.
        label: Its name, for example `chorus_2`.
        repeat_of: Index of the first section that sounds like it, or None.
        energy: Mean energy, 0 to 1.
        mood: Word for its mood.
    """

    start: Seconds
    end: Seconds
    label: Annotated[str, Field(max_length=200)]
    repeat_of: Annotated[int, Field(ge=0)] | None
    energy: Share
    mood: Word


class SongOutline(Measured):
    """Outline of a song; times are seconds from its start.

    Attributes:
        seconds: Length.
        bpm: Beats a minute, or None without a pulse.
        metre: Metre, for example `4/4`; empty without a pulse.
        key: Tonic and mode, or empty.
        mood: Word for the mood of the whole.
        sections: Sections in order.
        energy: Energy over time, 0 to 1, at equal distances.
        bass: Level from 20 to 250 Hz in the same way.
        downbeats: Times of the first beats of bars.
        beats: Times of all beats; empty in outlines of earlier versions.
        shifts: Times of marked changes of mood.
        climax: Time of most energy.
    """

    seconds: Annotated[float, Field(gt=0)]
    bpm: Annotated[float, Field(gt=0)] | None
    metre: Word
    key: Word
    mood: Word
    sections: Annotated[tuple[OutlineSection, ...], Field(min_length=1, max_length=2000)]
    energy: Annotated[tuple[Share, ...], Field(min_length=1, max_length=10_000)]
    bass: Annotated[tuple[Share, ...], Field(min_length=1, max_length=10_000)]
    downbeats: Times
    shifts: Times
    climax: Seconds
    beats: Times = ()


def outline_of(analysis: "SongAnalysis") -> SongOutline:
    """Return the outline of an analysed song."""
    rhythm, curves = analysis.rhythm, analysis.curves
    return SongOutline(
        seconds=analysis.seconds,
        bpm=rhythm.tempo.bpm if rhythm else None,
        metre=rhythm.metre if rhythm else "",
        key=analysis.key.name if analysis.key else "",
        mood=_mood(analysis, 0.0, analysis.seconds),
        sections=tuple(
            OutlineSection(
                start=section.start,
                end=section.end,
                label=section.name[:200],
                repeat_of=section.repeat_of,
                energy=min(1.0, max(0.0, section.energy)),
                mood=_mood(analysis, section.start, section.end),
            )
            for section in analysis.sections
        ),
        energy=_columns(curves.energy),
        bass=_columns(curves.bands["bass"]),
        downbeats=rhythm.downbeats if rhythm else (),
        beats=rhythm.beats if rhythm else (),
        shifts=tuple(max(0.0, shift.time) for shift in analysis.shifts),
        climax=max(0.0, analysis.climax.time),
    )


def _mood(analysis: "SongAnalysis", start: float, end: float) -> str:
    """Return the word for the mean mood of a part."""
    moods = [point.mood for point in analysis.moods if start <= point.time < end]
    if not moods:
        return analysis.moods[-1].mood.label if analysis.moods else "neutral"
    count = len(moods)
    valence, arousal = (sum(mood.valence for mood in moods), sum(mood.arousal for mood in moods))
    return mood_label(valence / count, arousal / count)


def _columns(values: "NDArray[np.floating]") -> tuple[float, ...]:
    """Return the means of up to 480 equal parts of a curve."""
    import numpy as np

    count = min(COLUMNS, len(values))
    starts = np.arange(count) * len(values) // count
    lengths = np.diff(starts, append=len(values))
    means = np.add.reduceat(values.astype(np.float64), starts) / lengths
    return tuple(round(float(mean), 3) for mean in means.clip(0, 1))
