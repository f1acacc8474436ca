"""Lyrics with times: LRC with or without times of words, SubRip and WebVTT.

Lyrics come from anyone: their text is cleaned for terminals, and its amount is bounded.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from engine.text.terminal import clean

MAX_CHARACTERS = 400_000
"""Maximum number of characters of a file of lyrics."""

MAX_LINES = 5000
"""Maximum number of lines of lyrics."""

LONGEST_LINE = 10.0
"""Seconds after which a line is over whose end is not known."""

MAX_WIDTH = 300
"""Maximum number of characters of one line; a longer one is cut."""

Word = tuple[float, float, str]
"""Start and end in seconds, and text of a word."""

_MAX_REPEATS = 64
_MAX_RAW = 16 * MAX_WIDTH
_STAMP = r"(\d{1,3}):(\d{1,2})(?:[.:](\d{1,3}))?"
_LRC_TIMES = re.compile(rf"\s*((?:\[{_STAMP}\]\s*)+)(.*)")
_LRC_TIME = re.compile(rf"\[{_STAMP}\]")
_LRC_WORD = re.compile(rf"<{_STAMP}>")
_LRC_TAG = re.compile(r"\s*\[([A-Za-z#]+)\s*:(.*)\]\s*$")
_CUE = re.compile(
    r"\s*(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})\s*-->\s*"
    r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
)
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]{0,80}>|\{\\[^{}]{0,80}\}")
_CUE_WORD = re.compile(r"<(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})>")


class LyricsError(ValueError):
    """Lyrics that cannot be used; the message ends a sentence."""


@dataclass(frozen=True, slots=True)
class SungLine:
    """A line of lyrics.

    Attributes:
        start: Time at which it starts, in seconds.
        end: Time at which it is over.
        text: The line.
        words: Start, end and text of each word; empty if they are not known.
    """

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()


def is_timed(text: str) -> bool:
    """Return whether lyrics have times: as LRC, SubRip or WebVTT."""
    lines = text[:MAX_CHARACTERS].splitlines()
    return any(_CUE.match(line) or _LRC_TIMES.match(line) for line in lines)


def timed_lines(text: str, seconds: float) -> tuple[SungLine, ...]:
    """Read lyrics with times, in the order in which they are sung.

    Args:
        text: LRC, SubRip or WebVTT.
        seconds: Length of the song; later lines are left out, and none lasts longer.

    Raises:
        LyricsError: They have no times, or are too long.
    """
    check_size(text)
    lines = text.lstrip("\ufeff").splitlines()
    has_cues = any(_CUE.match(line) for line in lines)
    read = list(_cues(lines)) if has_cues else _lrc(lines)
    if not read:
        raise LyricsError("have no times; use LRC, SubRip or WebVTT, or plain lines")
    read.sort(key=lambda line: line.start)
    return tuple(_fitted(read, seconds))


def check_size(text: str) -> None:
    """Refuse lyrics that are too long.

    Raises:
        LyricsError: They have too many characters or lines.
    """
    if len(text) > MAX_CHARACTERS:
        raise LyricsError(f"have {len(text)} characters; use up to {MAX_CHARACTERS}")
    if text.count("\n") > 4 * MAX_LINES:
        raise LyricsError(f"have too many lines; use up to {MAX_LINES}")


def cleaned(text: str) -> str:
    """Return one line of lyrics without markup and control characters."""
    return clean(_MARKUP.sub("", text[:_MAX_RAW]), MAX_WIDTH)


def _fitted(lines: Sequence[SungLine], seconds: float) -> Iterator[SungLine]:
    """Yield lines with text, each over when the next one starts or the song ends."""
    for number, line in enumerate(lines[:MAX_LINES]):
        following = (later.start for later in lines[number + 1 :] if later.start > line.start)
        end = min(line.end, next(following, seconds), seconds)
        if not line.text or line.start >= seconds or end <= line.start:
            continue
        words = tuple((max(a, line.start), min(b, end), w) for a, b, w in line.words if a < end)
        yield replace(line, end=round(end, 3), words=words)


def _lrc(lines: Sequence[str]) -> list[SungLine]:
    """Read LRC: several times a line, an offset in milliseconds, times of words."""
    shift, read = 0.0, []
    for line in lines:
        times = _LRC_TIMES.match(line)
        tag = None if times else _LRC_TAG.match(line)
        if tag and tag[1].lower() == "offset":
            shift = _offset(tag[2])
        if not times:
            continue
        stamps = islice(_LRC_TIME.finditer(times[1]), _MAX_REPEATS)
        text = times[5][:_MAX_RAW]
        read += [_lrc_line(_seconds(*stamp.groups()), text) for stamp in stamps]
    return [_moved(line, -shift) for line in read]


def _offset(text: str) -> float:
    """Return the offset of an LRC file in seconds; positive ones show lines earlier."""
    try:
        return int(text.strip()[:12]) / 1000
    except ValueError:
        return 0.0


def _lrc_line(start: float, text: str) -> SungLine:
    """Read a line; words are between their times `<mm:ss.xx>`."""
    stamps = list(_LRC_WORD.finditer(text))
    plain = cleaned(_LRC_WORD.sub(" ", text))
    if not stamps:
        return SungLine(start, start + LONGEST_LINE, plain)
    times = [_seconds(*stamp.groups()) for stamp in stamps]
    ends = [*(stamp.start() for stamp in stamps[1:]), len(text)]
    texts = [cleaned(text[a.end() : b]) for a, b in zip(stamps, ends, strict=True)]
    lead = cleaned(text[: stamps[0].start()])
    pieces = [(start, lead)] if lead else []
    pieces += list(zip(times, texts, strict=True))
    return SungLine(start, _line_end(pieces), plain, _words(pieces))


def _line_end(pieces: Sequence[tuple[float, str]]) -> float:
    """Return the end of a line: a last time without text is it."""
    last, text = pieces[-1]
    return last + LONGEST_LINE if text else last


def _words(pieces: Sequence[tuple[float, str]]) -> tuple[Word, ...]:
    """Return words that each last to the next, the last one for half a second."""
    ends = [*(start for start, _ in pieces[1:]), pieces[-1][0] + 0.5]
    return tuple(
        (start, max(end, start), text)
        for (start, text), end in zip(pieces, ends, strict=True)
        if text
    )


def _moved(line: SungLine, by: float) -> SungLine:
    words = tuple((max(0.0, a + by), max(0.0, b + by), word) for a, b, word in line.words)
    return SungLine(max(0.0, line.start + by), max(0.0, line.end + by), line.text, words)


def _cues(lines: Sequence[str]) -> Iterator[SungLine]:
    """Yield the cues of SubRip or WebVTT; the lines of a cue are joined."""
    starts = [number for number, line in enumerate(lines) if _CUE.match(line)]
    for number in starts:
        cue = _CUE.match(lines[number])
        text = " ".join(_cue_text(lines, number + 1))
        if cue is None:
            continue
        parts = cue.groups()
        start, end = _clock(*parts[:4]), _clock(*parts[4:])
        yield _with_cue_words(SungLine(start, end, cleaned(_CUE_WORD.sub("", text))), text)


def _cue_text(lines: Sequence[str], first: int) -> Iterator[str]:
    for line in lines[first:]:
        if not line.strip() or _CUE.match(line):
            return
        yield line.strip()


def _with_cue_words(line: SungLine, text: str) -> SungLine:
    """Return a line with the times that WebVTT puts before its words, if it has some."""
    stamps = list(_CUE_WORD.finditer(text))
    if not stamps:
        return line
    pieces = [(line.start, cleaned(text[: stamps[0].start()]))]
    ends = [*(stamp.start() for stamp in stamps[1:]), len(text)]
    for stamp, end in zip(stamps, ends, strict=True):
        pieces.append((_clock(*stamp.groups()), cleaned(text[stamp.end() : end])))
    words = _words([piece for piece in pieces if piece[1]])
    return replace(line, words=tuple((a, min(b, line.end), w) for a, b, w in words))


def _seconds(minutes: str, seconds: str, fraction: str | None) -> float:
    return int(minutes) * 60 + int(seconds) + float(f"0.{fraction or 0}")


def _clock(hours: str | None, minutes: str, seconds: str, fraction: str) -> float:
    return int(hours or 0) * 3600 + _seconds(minutes, seconds, fraction)
