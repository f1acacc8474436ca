"""Lines of lyrics at the times of the words that were heard in a song."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from engine.audio.song.lyrics import LONGEST_LINE, SungLine, Word, cleaned

_LETTERS = re.compile(r"[^\w]+")
_REACH = 1.5
_PAUSE = 0.75
_LINE_WORDS = 10
_MAX_MATCHED = 4000


def with_words(line: SungLine, words: Sequence[Word]) -> SungLine:
    """Return a line with the times of the words that were heard in it.

    Args:
        line: A line with times.
        words: Words that were heard, in order.
    """
    if line.words or not words:
        return line
    near = [word for word in words if line.start - _REACH <= word[0] < line.end + _REACH]
    times = _matched([line.text.split()], near)[0]
    if not times:
        return line
    inside = tuple(
        (max(line.start, min(a, line.end)), max(line.start, min(b, line.end)), word)
        for a, b, word in times
    )
    return SungLine(line.start, line.end, line.text, inside)


def aligned(lines: Sequence[str], words: Sequence[Word], seconds: float) -> tuple[SungLine, ...]:
    """Return lines at the times of their words; lines that were not heard are between others.

    Args:
        lines: Lines without times.
        words: Words that were heard, in order.
        seconds: Length of the song.
    """
    matched = _matched([line.split() for line in lines], words)
    known = [k for k, times in enumerate(matched) if times]
    if not known:
        return ()
    starts: list[float] = []
    for k in range(len(lines)):
        if matched[k]:
            starts.append(max(matched[k][0][0], starts[-1] if starts else 0.0))
            continue
        before = max((j for j in known if j < k), default=None)
        after = min((j for j in known if j > k), default=None)
        starts.append(_between(k, before, after, matched, seconds))
    bounds = [*starts[1:], seconds]
    read = []
    for k, (line, start, following) in enumerate(zip(lines, starts, bounds, strict=True)):
        sung = matched[k][-1][1] if matched[k] else start + LONGEST_LINE
        end = min(max(sung, start), following)
        if end > start:
            read.append(SungLine(round(start, 3), round(end, 3), line, tuple(matched[k])))
    return tuple(read)


def _between(
    index: int,
    before: int | None,
    after: int | None,
    matched: Sequence[Sequence[Word]],
    seconds: float,
) -> float:
    """Return the start of a line that was not heard, at equal steps from its neighbours."""
    left, right = (-1 if before is None else before), (len(matched) if after is None else after)
    first = matched[before][-1][1] if before is not None else 0.0
    last = matched[after][0][0] if after is not None else seconds
    return first + max(0.0, last - first) * (index - left) / (right - left)


def _matched(lines: Sequence[Sequence[str]], words: Sequence[Word]) -> list[list[Word]]:
    """Return the words of each line with their times; those that were not heard share the gaps."""
    flat = [_key(word) for line in lines for word in line][:_MAX_MATCHED]
    heard = [_key(word) for _, _, word in words][:_MAX_MATCHED]
    matcher = SequenceMatcher(None, flat, heard, autojunk=False)
    times: dict[int, tuple[float, float]] = {}
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            start, end, _ = words[block.b + step]
            times[block.a + step] = (start, end)
    matched, first = [], 0
    for line in lines:
        places = range(first, first + len(line))
        first += len(line)
        if any(place in times for place in places):
            matched.append(_filled([times.get(place) for place in places], line))
        else:
            matched.append([])
    return matched


def _filled(times: Sequence[tuple[float, float] | None], line: Sequence[str]) -> list[Word]:
    """Return the words of a line, those without times between or beside the others."""
    known = [k for k, time in enumerate(times) if time]
    read: list[Word] = []
    for k, word in enumerate(line):
        time = times[k]
        if time is None:
            before = max((j for j in known if j < k), default=None)
            after = min((j for j in known if j > k), default=None)
            left = _time(times, before, 1, _time(times, after, 0, 0.0))
            right = max(left, _time(times, after, 0, left))
            count = (after if after is not None else k + 1) - (before if before is not None else -1)
            step = (right - left) / max(1, count - 1)
            place = k - (before if before is not None else -1)
            time = (left + step * (place - 1), left + step * place)
        read.append((round(time[0], 3), round(max(time), 3), word))
    return read


def _time(
    times: Sequence[tuple[float, float] | None], index: int | None, side: int, default: float
) -> float:
    time = None if index is None else times[index]
    return default if time is None else time[side]


def _key(word: str) -> str:
    return _LETTERS.sub("", word.casefold())


def lines_of(words: Sequence[Word], seconds: float) -> tuple[SungLine, ...]:
    """Return the words that were heard as lines: a pause or ten words end one.

    Args:
        words: Words that were heard, in order.
        seconds: Length of the song.
    """
    groups: list[list[Word]] = []
    for word in words:
        is_new = (
            not groups or word[0] - groups[-1][-1][1] > _PAUSE or len(groups[-1]) >= _LINE_WORDS
        )
        groups.append([word]) if is_new else groups[-1].append(word)
    return tuple(
        SungLine(
            group[0][0],
            min(group[-1][1], seconds),
            cleaned(" ".join(w for _, _, w in group)),
            tuple(group),
        )
        for group in groups
        if group[0][0] < min(group[-1][1], seconds)
    )
