"""Features as ABC text, version 2.1 of the standard (abcnotation.com/wiki/abc:standard:v2.1)."""

import re
from collections.abc import Iterator
from itertools import pairwise

from engine.audio.features import Features
from engine.audio.notation.quantise import Score, score_of
from engine.audio.notation.spelling import Bar
from engine.text.terminal import clean

MAX_TITLE = 120
"""Characters of a title, at most."""

_BARS_IN_A_LINE = 4
_LENGTHS = (24, 16, 12, 8, 6, 4, 3, 2, 1)  # that one note can have, in sixteenths
_ENTITY = re.compile(r"&(?=#?\w{1,10};)")
_FONT = re.compile(r"\$(?=[0-9])")


def to_abc(features: Features, title: str) -> str:
    """Return a tune: melody and chord symbols; without a melody chords over rests.

    Args:
        features: Features of a sound. Without melody and chords the tune is a bar of rest.
        title: Any text.

    Returns:
        One tune without blank lines, ended by a newline.
    """
    return abc_of(score_of(features), title)


def abc_of(score: Score, title: str, number: int = 1) -> str:
    """Return a score as a tune with the reference number `number`."""
    unit = "3/8" if score.per_beat == 6 else "1/4"
    header = [
        f"X:{number}",
        f"T:{_title(title)}",
        f"M:{score.metre[0]}/{score.metre[1]}",
        "L:1/16",
        f"Q:{unit}={score.bpm}",
        f"K:{score.key.name}",
    ]
    bars = list(_bars(score))
    lines = ["|".join(bars[i : i + _BARS_IN_A_LINE]) for i in range(0, len(bars), _BARS_IN_A_LINE)]
    return "\n".join(header) + "\n" + "|\n".join(lines) + "|]\n"


def _title(title: str) -> str:
    """Return a title on one line, its comments, codes and fonts escaped."""
    text = clean(title, MAX_TITLE).replace("\\", "\\\\").replace("%", "\\%")
    return _FONT.sub("$$", _ENTITY.sub(r"\\&", text)) or "Untitled"


def _bars(score: Score) -> Iterator[str]:
    parts: list[list[tuple[int, int, int | None, bool]]] = [[] for _ in range(score.bars)]
    for start, end, pitch in _events(score):
        for at, length in _pieces(start, end, score):
            tied = pitch is not None and at + length < end
            parts[at // score.bar].append((at, length, pitch, tied))
    chords = {chord.start: chord.label for chord in score.chords}
    for pieces in parts:
        yield _bar(pieces, chords, score)


def _events(score: Score) -> Iterator[tuple[int, int, int | None]]:
    """Yield start, end and pitch of notes, and of the rests between them (None)."""
    at = 0
    for note in score.notes:
        if note.start > at:
            yield at, note.start, None
        yield note.start, note.end, note.pitch
        at = note.end
    if at < score.length:
        yield at, score.length, None


def _pieces(start: int, end: int, score: Score) -> Iterator[tuple[int, int]]:
    """Yield start and length of written notes: split at bar lines and at chords."""
    cuts = {chord.start for chord in score.chords if start < chord.start < end}
    first = start - start % score.bar + score.bar
    edges = sorted({start, end, *cuts, *range(first, end, score.bar)})
    for at, after in pairwise(edges):
        yield from _lengths(at, after - at, score.per_beat)


def _lengths(at: int, length: int, per_beat: int) -> Iterator[tuple[int, int]]:
    """Yield starts and lengths that can be written, together of a given length."""
    while length:
        room = _room(at, length, per_beat)
        piece = next(one for one in _LENGTHS if one <= room)
        yield at, piece
        at, length = at + piece, length - piece


def _room(at: int, length: int, per_beat: int) -> int:
    """Return the length that the next written note may have.

    A note that needs several goes to the next beat first. In compound metres a note lasts whole
    beats or stays within one.
    """
    to_beat = -at % per_beat
    if 0 < to_beat < length and (per_beat == 6 or length not in _LENGTHS):
        return to_beat
    return length - length % 6 if per_beat == 6 <= length and not to_beat else length


def _bar(
    pieces: list[tuple[int, int, int | None, bool]], chords: dict[int, str], score: Score
) -> str:
    state, text = Bar(score.key), ""
    for at, length, pitch, tied in pieces:
        gap = " " if text and at % score.bar % score.per_beat == 0 else ""
        symbol = f'"{chords[at]}"' if at in chords else ""
        name = "z" if pitch is None else state.note(pitch)
        text += gap + symbol + name + (str(length) if length > 1 else "") + ("-" if tied else "")
    return text
