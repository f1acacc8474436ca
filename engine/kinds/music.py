"""Musical features as lines of text: figures with their confidence, and lanes over time."""

from collections.abc import Iterator, Sequence

from engine.audio.features import PITCH_CLASSES, Chord, Features, Melody, Note, Section
from engine.audio.notation.spelling import chord_symbol, key_name, signature
from engine.contract.bars import across
from engine.contract.kinds import Line, Span
from engine.contract.rows import LABEL, axis, row, wrapped
from engine.text import quantities
from engine.text.terminal import clean

MAX_SYSTEMS = 8
"""Lines over which a timeline is spread, at most."""

_BAR = 6
_NAME = 9
_ROLL_ROWS = 6
_CELLS_OF_A_LABEL = 5
_CELLS_OF_A_MARK = 14
_NO_CHORD = "N"


def music_lines(features: Features, columns: int) -> list[Line]:
    """Return the features of a sound as lines, the most important first.

    Args:
        features: The features.
        columns: Width in cells.
    """
    return [
        *_key(features),
        *_rhythm(features),
        *_mood(features),
        *_level(features),
        *_timbre(features),
        *_times(features, max(20, columns - LABEL)),
        *_absent(features, columns),
    ]


def _sure(confidence: float) -> tuple[Span, Span]:
    """A bar for a confidence of 0 to 1, and the number."""
    return Span(across(confidence, _BAR), "accent"), Span(f" {confidence:.2f}")


def _name(text: str) -> Span:
    return Span(f"{_short(text, _NAME):<{_NAME}} ", "strong")


def _short(text: str, most: int = 24) -> str:
    return clean(text, most)


def _key(features: Features) -> Iterator[Line]:
    if (key := features.key) is None:
        return
    other = f" or {_short(key_name(key.runner_up))} {key.runner_up_confidence:.2f}"
    name = _name(key_name(key.name))
    yield row("key", name, *_sure(key.confidence), Span(other, "muted"))


def _rhythm(features: Features) -> Iterator[Line]:
    if (rhythm := features.rhythm) is None:
        return
    tempo = rhythm.tempo
    name = _name(f"{tempo.bpm:.0f} bpm")
    other = f" or {tempo.half:.0f} or {tempo.double:.0f}"
    yield row("tempo", name, *_sure(tempo.confidence), Span(other, "muted"))
    name = _name(rhythm.metre)
    beats = f" {len(rhythm.beats)} beats"
    yield row("metre", name, *_sure(rhythm.metre_confidence), Span(beats, "muted"))


def _mood(features: Features) -> Iterator[Line]:
    if (mood := features.mood) is None:
        return
    yield row("mood", Span(_short(mood.label), "strong"))
    yield row("", *axis("valence", mood.valence))
    yield row("", *axis("arousal", mood.arousal))


def _level(features: Features) -> Iterator[Line]:
    if (level := features.dynamics) is None:
        return
    loud = f"{level.rms_db:.1f} dBFS RMS" if level.lufs is None else f"{level.lufs:.1f} LUFS"
    yield row("loudness", Span(loud, "strong"), Span(f", {level.trend}"))
    yield row("", Span(f"peak {level.peak_db:.1f} dBFS, range {level.range_db:.1f} dB", "muted"))


def _timbre(features: Features) -> Iterator[Line]:
    if (timbre := features.timbre) is None:
        return
    percussive = min(1.0, max(0.0, timbre.percussive))
    yield row("timbre", Span("bright     ", "muted"), *_sure(timbre.brightness))
    yield row("", Span("percussive ", "muted"), *_sure(percussive))
    bands = list(timbre.bands.items())[:8]
    width = max((len(_short(name)) for name, _ in bands), default=0)
    for number, (name, share) in enumerate(bands):
        bar = Span(across(share, 2 * _BAR), "accent")
        text = Span(f"{_short(name):>{width}} ", "muted")
        yield row("" if number else "bands", text, bar, Span(f" {share:.0%}"))


def _times(features: Features, room: int) -> Iterator[Line]:
    seconds = features.seconds
    if seconds <= 0:
        return
    yield ruler(seconds, room)
    if features.sections:
        sections = [one for one in features.sections if one.start < seconds]
        yield from lanes("sections", sections, seconds, room)
    if features.chords:
        chords = [chord for chord in _spelled(features) if chord.start < seconds]
        yield from lanes("chords", chords, seconds, room)
    if features.melody:
        yield from _melody(features.melody, seconds, room)


def _spelled(features: Features) -> Iterator[Chord]:
    """Yield the chords with their roots as they are written in the key."""
    for chord in features.chords or ():
        label = chord.label
        if features.key is not None:
            written = signature(features.key.tonic, features.key.mode)
            label = chord_symbol(label, written) or label
        yield chord.model_copy(update={"label": label})


def ruler(seconds: float, room: int) -> Line:
    """Return times at equal distances as a line.

    Args:
        seconds: Length of the timeline, above 0.
        room: Its width in cells.
    """
    marks = max(1, room // _CELLS_OF_A_MARK)
    each = room // marks
    times = "".join(f"{_clock(seconds * n * each / room):<{each}}" for n in range(marks))
    return row("time", Span(times, "muted"))


def lanes(
    name: str, stretches: Sequence[Chord | Section], seconds: float, room: int
) -> Iterator[Line]:
    """Yield stretches with labels on a timeline, over as many lines as make the labels readable.

    Args:
        name: Name of the lane.
        stretches: Stretches of time in order.
        seconds: Length of the timeline, above 0.
        room: Its width in cells.
    """
    wanted = -(-len(stretches) * _CELLS_OF_A_LABEL // room)
    systems = min(MAX_SYSTEMS, max(1, wanted))
    each = seconds / systems
    for number in range(systems):
        start, end = number * each, (number + 1) * each
        inside = [one for one in stretches if one.start < end and one.end > start]
        label = _clock(start) if number else name
        yield row(label, *_lane(inside, start, end, room))


def _clock(seconds: float) -> str:
    return quantities.length(seconds).partition(".")[0]


def _lane(
    stretches: Sequence[Chord | Section], start: float, end: float, room: int
) -> Iterator[Span]:
    done = 0
    for number, one in enumerate(stretches):
        first = max(done, round((one.start - start) / (end - start) * room))
        last = min(room, round((one.end - start) / (end - start) * room))
        if last <= first:
            continue
        yield Span(" " * (first - done))
        label = "–" if one.label == _NO_CHORD else _short(one.label, last - first)
        width = last - first
        fitted = f"▏{label}"[:width] if width > 1 else "▏"
        yield Span(f"{fitted:<{width}}", "" if number % 2 else "accent")
        done = last


def _melody(melody: Melody, seconds: float, room: int) -> Iterator[Line]:
    """Notes as a roll of half rows, the highest on top, and what is said of them below."""
    low, high = melody.lowest, max(melody.lowest, melody.highest)
    rows = max(1, min(_ROLL_ROWS, -(-(high - low + 1) // 2)))
    grid = [[False] * room for _ in range(2 * rows)]
    for note in melody.notes:
        _draw(note, grid, (low, high), seconds)
    for number in range(rows):
        pairs = zip(grid[2 * number], grid[2 * number + 1], strict=True)
        name = "" if number else "melody"
        yield row(name, Span("".join(_half(upper, lower) for upper, lower in pairs), "accent"))
    span = f"{pitch_name(low)} to {pitch_name(high)}"
    facts = f"{melody.contour}, {span}, {melody.density:.1f} notes/s"
    yield row("", Span(facts, "muted"))


def _draw(note: Note, grid: list[list[bool]], pitches: tuple[int, int], seconds: float) -> None:
    low, high = pitches
    room, half_rows = len(grid[0]), len(grid)
    if not low <= note.pitch <= high or note.start >= seconds:
        return
    half_row = round((high - note.pitch) / max(1, high - low) * (half_rows - 1))
    first = int(note.start / seconds * room)
    last = max(first + 1, min(room, round(note.end / seconds * room)))
    for column in range(first, min(last, room)):
        grid[half_row][column] = True


def _half(upper: bool, lower: bool) -> str:
    return "█" if upper and lower else "▀" if upper else "▄" if lower else " "


def pitch_name(pitch: int) -> str:
    """Return the name of a MIDI number, for example `C4` for 60."""
    return f"{PITCH_CLASSES[pitch % 12]}{pitch // 12 - 1}"


def _absent(features: Features, columns: int) -> Iterator[Line]:
    """Why features are missing, and faults that were heard."""
    reasons = [f"{name}: {reason}" for name, reason in list(features.undefined.items())[:12]]
    yield from wrapped("undefined", reasons, columns, "muted")
    yield from wrapped("heard", features.warnings[:12], columns, "bad")
