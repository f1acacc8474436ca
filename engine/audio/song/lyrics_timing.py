"""Times of lyrics that have none: by the words that were heard, or by the form of the song.

Without words that were heard, lines are spread over the sections that are sung. A heading such as
`[Chorus]` or `[Verse 2]` puts the lines below it into the next section of that function.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from engine.audio.song.form import SongSection
from engine.audio.song.heard_words import aligned, lines_of, with_words
from engine.audio.song.lyrics import (
    MAX_LINES,
    SungLine,
    Word,
    check_size,
    cleaned,
    is_timed,
    timed_lines,
)

SUNG = frozenset({"verse", "chorus", "bridge"})
"""Functions of sections in which lines without a heading are sung."""

_HEADING = re.compile(r"[\[(] ?([A-Za-z -]{2,30}?)[ _:-]{0,3}\d{0,2} ?[\])] ?:?")
_FUNCTIONS = {
    "verse": "verse",
    "chorus": "chorus",
    "refrain": "chorus",
    "hook": "chorus",
    "bridge": "bridge",
    "middle": "bridge",
    "pre-chorus": "bridge",
    "intro": "intro",
    "outro": "outro",
    "coda": "outro",
    "instrumental": "inst",
    "solo": "inst",
}
_LEAD_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class _Stanza:
    """Lines that belong together.

    Attributes:
        function: Function of the section that its heading names, or empty.
        lines: Its lines.
    """

    function: str
    lines: list[str] = field(default_factory=list)


def lyrics_of(
    text: str,
    seconds: float,
    sections: Sequence[SongSection] = (),
    beats: Sequence[float] = (),
    words: Sequence[Word] = (),
) -> tuple[SungLine, ...]:
    """Return lyrics with times, of any format.

    Args:
        text: LRC, SubRip, WebVTT or plain lines; empty for those of the words that were heard.
        seconds: Length of the song.
        sections: Sections of the song, for lines without times.
        beats: Times of its beats, on which such lines start.
        words: Words that were heard, in order.

    Raises:
        LyricsError: They are too long.
    """
    check_size(text)
    if is_timed(text):
        return tuple(with_words(line, words) for line in timed_lines(text, seconds))
    stanzas = _stanzas(text)
    if not stanzas:
        return lines_of(words, seconds)
    if words:
        return aligned([line for stanza in stanzas for line in stanza.lines], words, seconds)
    return _spread(stanzas, sections, beats, seconds)


def _stanzas(text: str) -> list[_Stanza]:
    """Return the stanzas of plain lyrics: they end at empty lines and at headings."""
    stanzas = [_Stanza("")]
    for raw in text.lstrip("\ufeff").splitlines()[: 2 * MAX_LINES]:
        line = cleaned(raw)
        heading = _HEADING.fullmatch(line)
        function = _FUNCTIONS.get(heading[1].strip().lower(), "") if heading else ""
        if function:
            stanzas.append(_Stanza(function))
        elif line:
            stanzas[-1].lines.append(line)
        elif stanzas[-1].lines:
            stanzas.append(_Stanza(""))
    return [stanza for stanza in stanzas if stanza.lines or stanza.function]


def _spread(
    stanzas: Sequence[_Stanza],
    sections: Sequence[SongSection],
    beats: Sequence[float],
    seconds: float,
) -> tuple[SungLine, ...]:
    """Return lines spread over the sections that their headings name, or over all that are sung."""
    lines: list[SungLine] = []
    for part, (start, end) in _places(stanzas, sections, seconds):
        weights = [len(line) + 8 for line in part]
        at, step = start, (end - start) / max(1, sum(weights))
        for line, weight in zip(part, weights, strict=True):
            lines.append(SungLine(at, at + weight * step, line))
            at += weight * step
    starts = [_on_beat(line.start, beats) for line in lines]
    bounds = [*starts, seconds]
    return tuple(
        SungLine(round(start, 3), round(min(max(line.end, start), following), 3), line.text)
        for line, start, following in zip(lines, starts, bounds[1:], strict=True)
        if start < min(max(line.end, start), following)
    )


def _places(
    stanzas: Sequence[_Stanza], sections: Sequence[SongSection], seconds: float
) -> Iterable[tuple[list[str], tuple[float, float]]]:
    """Yield the lines of each part of the song, and its start and end."""
    named = any(stanza.function for stanza in stanzas)
    if named and sections:
        return _places_by_heading(stanzas, sections)
    lines = [line for stanza in stanzas for line in stanza.lines]
    spans = [(s.start, s.end) for s in sections if s.function in SUNG] or [(0.0, seconds)]
    return _places_by_length(lines, spans)


def _places_by_heading(
    stanzas: Sequence[_Stanza], sections: Sequence[SongSection]
) -> list[tuple[list[str], tuple[float, float]]]:
    """Put each heading's stanzas into the next section of its function, or the next at all."""
    groups: list[_Stanza] = []
    for stanza in stanzas:
        if stanza.function or not groups:
            groups.append(_Stanza(stanza.function, list(stanza.lines)))
        else:
            groups[-1].lines.extend(stanza.lines)
    places: list[tuple[list[str], tuple[float, float]]] = []
    index, final = 0, len(sections) - 1
    for number, group in enumerate(groups):
        latest = max(index, len(sections) - (len(groups) - number))
        fitting = [
            k
            for k in range(index, min(latest, final) + 1)
            if sections[k].function == group.function
        ]
        at = fitting[0] if fitting else min(index, final)
        places.append((group.lines, (sections[at].start, sections[at].end)))
        index = at + 1
    return _shared_out(places)


def _shared_out(
    places: list[tuple[list[str], tuple[float, float]]],
) -> list[tuple[list[str], tuple[float, float]]]:
    """Join the lines of parts that came to the same section."""
    joined: dict[tuple[float, float], list[str]] = {}
    for lines, span in places:
        joined.setdefault(span, []).extend(lines)
    return [(lines, span) for span, lines in sorted(joined.items()) if lines]


def _places_by_length(
    lines: Sequence[str], spans: Sequence[tuple[float, float]]
) -> list[tuple[list[str], tuple[float, float]]]:
    """Give each part of the song as many lines as its share of the time."""
    total = sum(end - start for start, end in spans)
    edges, passed = [0], 0.0
    for start, end in spans:
        passed += end - start
        edges.append(round(len(lines) * passed / total) if total else len(lines))
    parts = [list(lines[first:last]) for first, last in pairwise(edges)]
    return [(part, span) for part, span in zip(parts, spans, strict=True) if part]


def _on_beat(time: float, beats: Sequence[float]) -> float:
    """Return the nearest beat within 0.3 s, or the time."""
    beat = min(beats, key=lambda beat: (abs(beat - time), -beat), default=time)
    return beat if abs(beat - time) <= _LEAD_SECONDS else time
