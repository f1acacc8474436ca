"""Quantisation: melody and chords on a grid of sixteenths that follows the beats.

Bars begin on downbeats. A beat has four sixteenths, in compound metres six.
"""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from engine.audio.features import Chord, Features, Note, Rhythm
from engine.audio.notation.spelling import Signature, chord_symbol, signature

MAX_BARS = 2000
"""Bars of a score at most; what comes later is left out."""

_METRES = {
    "2/4": (2, 4),
    "3/4": (3, 4),
    "4/4": (4, 4),
    "6/8": (6, 8),
    "9/8": (9, 8),
    "12/8": (12, 8),
}
_USUAL_TEMPO = 120.0
_LATEST = 1e6  # seconds; later times, and infinite ones, count as this
_SHORTEST_GAP = 2  # a rest of one sixteenth is part of the note before it


@dataclass(frozen=True, slots=True)
class GridNote:
    """A note on the grid.

    Attributes:
        start: First sixteenth, from 0.
        end: The sixteenth after its last.
        pitch: MIDI number.
    """

    start: int
    end: int
    pitch: int


@dataclass(frozen=True, slots=True)
class GridChord:
    """A chord on the grid, to the next one.

    Attributes:
        start: First sixteenth, from 0.
        label: Root, spelled in the key, and kind.
    """

    start: int
    label: str


@dataclass(frozen=True, slots=True)
class Score:
    """Quantised music.

    Attributes:
        key: The key signature; C major if the key is not known.
        metre: Beats of a bar and their unit, as written: (6, 8).
        bpm: Beats a minute, 20 to 400; a beat has `per_beat` sixteenths.
        per_beat: Sixteenths of a beat: 4, in compound metres 6.
        notes: The melody, in order, not overlapping.
        chords: Chords, in order, each at another sixteenth.
        bars: Number of bars, at least 1.
    """

    key: Signature
    metre: tuple[int, int]
    bpm: int
    per_beat: int
    notes: tuple[GridNote, ...]
    chords: tuple[GridChord, ...]
    bars: int

    @property
    def bar(self) -> int:
        """Sixteenths of a bar."""
        return self.metre[0] * 16 // self.metre[1]

    @property
    def length(self) -> int:
        """Sixteenths of all bars."""
        return self.bars * self.bar


def score_of(features: Features) -> Score:
    """Return the music of a sound on the grid of its beats.

    Without a rhythm the grid is that of 120 beats a minute in 4/4; without a key nothing is in the
    signature.
    """
    known = features.key
    key = signature(known.tonic, known.mode) if known else signature("C", "major")
    grid = _Grid(features.rhythm)
    notes = _notes(features.melody.notes if features.melody else (), grid)
    chords = _chords(features.chords or (), grid, key)
    starts = [note.start for note in notes] + [at for at, label in chords.items() if label]
    first = min(starts, default=0) // grid.bar * grid.bar
    last = max([note.end for note in notes] + list(chords), default=0)
    bars = min(MAX_BARS, max(1, -(-(last - first) // grid.bar)))
    limit = bars * grid.bar
    return Score(
        key,
        grid.metre,
        grid.bpm,
        grid.per_beat,
        _shifted(notes, first, limit),
        _changes({at - first: label for at, label in chords.items()}, limit),
        bars,
    )


def _shifted(notes: Sequence[GridNote], first: int, limit: int) -> tuple[GridNote, ...]:
    moved = ((note.start - first, note.end - first, note.pitch) for note in notes)
    return tuple(GridNote(s, min(e, limit), p) for s, e, p in moved if s < limit)


def _changes(labels: Mapping[int, str], limit: int) -> tuple[GridChord, ...]:
    """Return the chords that differ from the one before; an empty label ends a chord."""
    found, before = [], ""
    for start, label in sorted(labels.items()):
        if label and label != before and 0 <= start < limit:
            found.append(GridChord(start, label))
        before = label
    return tuple(found)


class _Grid:
    """Sixteenths of a rhythm; sixteenth 0 is a downbeat.

    Args:
        rhythm: The rhythm, or None.
    """

    def __init__(self, rhythm: Rhythm | None) -> None:
        bpm = rhythm.tempo.bpm if rhythm else _USUAL_TEMPO
        self.metre = _METRES.get(rhythm.metre if rhythm else "", (4, 4))
        self.bar = self.metre[0] * 16 // self.metre[1]
        self._beats = _ascending(rhythm.beats) if rhythm else []
        per = self._heard_in_a_bar(rhythm)
        # Beats of compound metres may be heard as eighths; a bar has fewer written beats then.
        self._per_heard = self.bar // per
        self.per_beat = 6 if self.metre[1] == 8 else 4
        self.bpm = max(20, min(400, round(bpm * self._per_heard / self.per_beat)))
        self._step = 60.0 / bpm
        self._phase = self._downbeat(rhythm, per)

    def _heard_in_a_bar(self, rhythm: Rhythm | None) -> int:
        if self.metre[1] != 8:
            return self.metre[0]
        counted = Counter(self._between(rhythm)).most_common(1)
        return self.metre[0] if counted and counted[0][0] == self.metre[0] else self.metre[0] // 3

    def _between(self, rhythm: Rhythm | None) -> list[int]:
        places = [self._nearest(time) for time in rhythm.downbeats] if rhythm else []
        return [after - before for before, after in pairwise(places)]

    def _nearest(self, time: float) -> int:
        if not self._beats:
            return 0
        return min(range(len(self._beats)), key=lambda i: abs(self._beats[i] - time))

    def _downbeat(self, rhythm: Rhythm | None, per: int) -> int:
        """Return which beat of every `per` most downbeats fall on."""
        if rhythm is None or not rhythm.downbeats or not self._beats:
            return 0
        phases = Counter(self._nearest(time) % per for time in rhythm.downbeats)
        return phases.most_common(1)[0][0]

    def at(self, time: float) -> float:
        """Return the sixteenth of a time, before rounding."""
        return (self._beat(min(time, _LATEST)) - self._phase) * self._per_heard

    def _beat(self, time: float) -> float:
        """Return the beat of a time: between beats in proportion, outside them at the tempo."""
        beats = self._beats
        if len(beats) < 2:
            return (time - (beats[0] if beats else 0.0)) / self._step
        if time < beats[0]:
            return (time - beats[0]) / (beats[1] - beats[0])
        if time >= beats[-1]:
            return len(beats) - 1 + (time - beats[-1]) / (beats[-1] - beats[-2])
        i = bisect_right(beats, time) - 1
        return i + (time - beats[i]) / (beats[i + 1] - beats[i])


def _ascending(times: Sequence[float]) -> list[float]:
    """Return finite times without those that do not come after the one before, by 10 ms."""
    found: list[float] = []
    for time in times:
        if math.isfinite(time) and (not found or time > found[-1] + 0.01):
            found.append(time)
    return found


def _notes(notes: Sequence[Note], grid: _Grid) -> list[GridNote]:
    """Return notes on the grid: the longest of those that start together, and no short gaps."""
    longest: dict[int, tuple[float, int, int]] = {}
    for note in notes:
        start = round(grid.at(note.start))
        end = max(start + 1, round(grid.at(note.end)))
        entry = (note.end - note.start, end, note.pitch)
        longest[start] = max(longest.get(start, entry), entry)
    starts = sorted(longest)
    found = []
    for start, after in zip_longest(starts, starts[1:]):
        _, end, pitch = longest[start]
        if after is not None and end > after - _SHORTEST_GAP:
            end = after
        found.append(GridNote(start, end, pitch))
    return found


def _chords(chords: Sequence[Chord], grid: _Grid, key: Signature) -> dict[int, str]:
    """Return labels by the sixteenths that they start at, each at the nearest beat.

    The label is empty if no chord, or one of an unknown kind, starts there.
    """
    found: dict[int, str] = {}
    for chord in chords:
        start, end = (
            round(grid.at(time) / grid.per_beat) * grid.per_beat
            for time in (chord.start, chord.end)
        )
        if end > start:
            found[start] = chord_symbol(chord.label, key) or ""
            if found[start]:
                found.setdefault(end, "")
    return found
