"""Lyrics as subtitle files: SubRip, and WebVTT with the times of words."""

import re
from collections.abc import Sequence

from engine.text.terminal import clean
from engine.video.plan import LyricLine

_ARROW = re.compile("-{2,}>")


def write_srt(lyrics: Sequence[LyricLine]) -> str:
    """Return lyrics as SubRip (`.srt`); empty for none.

    Args:
        lyrics: Lines in order; those without text are left out.
    """
    blocks = [
        f"{number}\n{_time(line.start, ',')} --> {_time(_end(line), ',')}\n{_plain(line.text)}\n"
        for number, line in enumerate(_shown(lyrics), 1)
    ]
    return "\n".join(blocks)


def write_webvtt(lyrics: Sequence[LyricLine]) -> str:
    """Return lyrics as WebVTT (`.vtt`); words with times have them, for karaoke.

    Args:
        lyrics: Lines in order; those without text are left out.
    """
    blocks = [
        f"{_time(line.start, '.')} --> {_time(_end(line), '.')}\n{_karaoke(line)}\n"
        for line in _shown(lyrics)
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def _shown(lyrics: Sequence[LyricLine]) -> list[LyricLine]:
    return [line for line in lyrics if _plain(line.text)]


def _end(line: LyricLine) -> float:
    return max(line.end, line.start + 0.001)


def _karaoke(line: LyricLine) -> str:
    """Return a line in which each word that starts within it has its time."""
    if not line.words:
        return _escaped(line.text)
    parts = []
    last = line.start
    for start, _, text in line.words:
        is_later = last < start < line.end
        parts.append((f"<{_time(start, '.')}>" if is_later else "") + _escaped(text))
        last = max(last, start)
    return " ".join(parts)


def _plain(text: str) -> str:
    return _ARROW.sub("→", clean(text, None))


def _escaped(text: str) -> str:
    return _plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _time(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"
