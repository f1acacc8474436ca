"""Lyrics: files with times, plain lines, and words that are heard."""

import itertools
import sys
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from engine.audio.song.form import SongSection
from engine.audio.song.lyrics import LyricsError, SungLine, timed_lines
from engine.audio.song.lyrics_timing import lyrics_of
from engine.audio.song.sung_words import WordsUnavailableError, sung_words
from engine.audio.sound import Sound

LRC = """[ti: Song]
[offset:+500]
[00:12.50]First line
[00:16.00][01:00.00]Twice
[00:20.00]
[00:21.00]<00:21.00>Word <00:21.40>by <00:22.00>word<00:23.00>
"""

SRT = """1
00:00:12,000 --> 00:00:15,500
<i>First</i> line,
in two rows

2
00:00:14,000 --> 00:00:18,000
{\\an8}Second
"""

VTT = """WEBVTT

NOTE nothing

00:01.000 --> 00:04.000 align:start
Word <00:02.000>by <00:03.000>word
"""


def _texts(lines: tuple[SungLine, ...]) -> list[tuple[float, float, str]]:
    return [(line.start, line.end, line.text) for line in lines]


def test_lrc_has_an_offset_repeats_and_times_of_words() -> None:
    lines = timed_lines(LRC, 100)
    assert _texts(lines) == [
        (12.0, 15.5, "First line"),
        (15.5, 19.5, "Twice"),
        (20.5, 22.5, "Word by word"),
        (59.5, 69.5, "Twice"),
    ]
    assert lines[2].words == ((20.5, 20.9, "Word"), (20.9, 21.5, "by"), (21.5, 22.5, "word"))


def test_subrip_and_webvtt_are_read_without_markup() -> None:
    assert _texts(timed_lines(SRT, 100)) == [
        (12.0, 14.0, "First line, in two rows"),
        (14.0, 18.0, "Second"),
    ]
    (line,) = timed_lines(VTT, 100)
    assert (line.start, line.end, line.text) == (1, 4, "Word by word")
    assert line.words == ((1, 2, "Word"), (2, 3, "by"), (3, 3.5, "word"))


def test_lines_after_the_end_are_left_out_and_none_lasts_longer() -> None:
    assert _texts(timed_lines("[00:10]One\n[00:15]Two\n[00:30]Three", 18)) == [
        (10, 15, "One"),
        (15, 18, "Two"),
    ]


def test_hostile_lyrics_are_cleaned_and_bounded() -> None:
    (line,) = timed_lines("[00:01]\x1b[31mRed\u202e <script>x</script>" + "a" * 5000, 100)
    assert "\x1b" not in line.text
    assert "script" not in line.text
    assert len(line.text) == 300
    many = "[00:01]" * 5000 + "x" * 100_000
    assert len(timed_lines(many, 100)) <= 64
    with pytest.raises(LyricsError, match="500000 characters"):
        timed_lines("[00:01]" + "x" * 499_993, 100)
    with pytest.raises(LyricsError, match="no times"):
        timed_lines("only words", 100)


def test_lines_that_are_no_headings_are_lines_however_long() -> None:
    long = "(" + " " * 200_000 + "a"
    assert [line.text for line in lyrics_of(long, 100)] == ["("]
    assert [line.text for line in lyrics_of("(oh yeah)\n[chorus of angels]", 100)] == [
        "(oh yeah)",
        "[chorus of angels]",
    ]
    (line,) = lyrics_of("[ Chorus 2 ]:\nla", 100, SECTIONS)
    assert (line.text, line.start) == ("la", 30)


def _section(function: Any, number: int, start: float, end: float) -> SongSection:
    return SongSection(start, end, f"{function}_{number}", function, None, 0.5)


SECTIONS = (
    _section("intro", 1, 0, 10),
    _section("verse", 1, 10, 30),
    _section("chorus", 1, 30, 50),
    _section("verse", 2, 50, 70),
    _section("chorus", 2, 70, 90),
    _section("outro", 1, 90, 100),
)
BEATS = tuple(np.arange(0.25, 100, 0.5))


def test_plain_lines_are_spread_over_sung_sections_and_start_on_beats() -> None:
    lines = lyrics_of(
        "one one\ntwo two\n\nthree 3\nfour  4\nfive 55\nsix 666\n", 100, SECTIONS, BEATS
    )
    assert len(lines) == 6
    assert lines[0].start == pytest.approx(10.25)
    assert lines[-1].end <= 90.3
    assert all(line.start in BEATS for line in lines)
    assert all(a.end <= b.start + 0.3 and a.start < b.start for a, b in itertools.pairwise(lines))


def test_headings_put_lines_into_their_sections() -> None:
    text = "[Verse 1]\nv1\n\nv1 too\n(Chorus)\nc1\n[Verse 2]\nv2\n[Refrain]\nc2\n"
    lines = lyrics_of(text, 100, SECTIONS, BEATS)
    assert [line.text for line in lines] == ["v1", "v1 too", "c1", "v2", "c2"]
    assert [line.start for line in lines] == pytest.approx([10.25, 18, 30.25, 50.25, 70.25], abs=1)
    assert lines[2].end <= 50.3


def test_headings_without_their_section_take_the_next_one() -> None:
    lines = lyrics_of("[Bridge]\na\n[Chorus]\nb\n[Solo]\nc\n[Chorus]\nd", 100, SECTIONS[1:3])
    assert [line.text for line in lines] == ["a", "b", "c", "d"]
    assert all(a.start <= b.start for a, b in itertools.pairwise(lines))
    assert lyrics_of("a\nb", 10)[1].start == 5


HEARD = (
    (10.0, 10.4, "Hello"),
    (10.5, 10.9, "darkness"),
    (11.0, 11.3, "mine,"),
    (20.0, 20.4, "old"),
    (20.5, 20.8, "friend"),
)


def test_plain_lines_take_the_times_of_words_that_were_heard() -> None:
    lines = lyrics_of("Hello darkness mine\nnot heard here\nmy old friend", 100, words=HEARD)
    assert [line.text for line in lines] == [
        "Hello darkness mine",
        "not heard here",
        "my old friend",
    ]
    assert lines[0].words == ((10, 10.4, "Hello"), (10.5, 10.9, "darkness"), (11, 11.3, "mine"))
    assert 11.3 < lines[1].start < 20
    assert not lines[1].words
    assert [word[2] for word in lines[2].words] == ["my", "old", "friend"]
    assert lines[2].words[1][0] == 20


def test_timed_lines_take_the_words_that_were_heard_in_them() -> None:
    lines = lyrics_of("[00:09.80]Hello, my darkness\n[00:12]Nothing", 100, words=HEARD)
    assert lines[0].words == ((10, 10.4, "Hello,"), (10.4, 10.5, "my"), (10.5, 10.9, "darkness"))
    assert lines[1].words == ()
    heard = lyrics_of("", 100, words=HEARD)
    assert _texts(heard) == [(10, 11.3, "Hello darkness mine,"), (20, 20.8, "old friend")]
    assert lyrics_of("", 100) == ()


class _Whisper:
    """A model with the interface of faster-whisper 1.2."""

    arguments: ClassVar[dict[str, Any]] = {}

    def __init__(self, model: str, **options: Any) -> None:
        if model != "present":
            raise ValueError(model)
        self.arguments.update(options)

    def transcribe(self, samples: Any, **options: Any) -> tuple[Any, Any]:
        self.arguments.update(options, samples=samples)
        words = [
            SimpleNamespace(word=" Hello", start=0.5, end=0.9, probability=0.9),
            SimpleNamespace(word=" noise", start=0.9, end=1.0, probability=0.05),
            SimpleNamespace(word=" you\x1b[0m", start=0.4, end=9.0, probability=0.7),
        ]
        segments = [SimpleNamespace(words=words), SimpleNamespace(words=None)]
        return iter(segments), SimpleNamespace(language="en")


def test_words_are_heard_offline_at_the_rate_of_the_model(monkeypatch: Any) -> None:
    module = ModuleType("faster_whisper")
    module.WhisperModel = _Whisper  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "faster_whisper", module)
    sound = Sound(np.zeros((2, 44_100 * 2), np.float32), 44_100)
    assert sung_words(sound, "present") == ((0.5, 0.9, "Hello"), (0.5, 2.0, "you"))
    assert _Whisper.arguments["local_files_only"]
    assert _Whisper.arguments["word_timestamps"]
    assert _Whisper.arguments["samples"].shape == (32_000,)
    with pytest.raises(WordsUnavailableError, match="weights absent are not on this machine"):
        sung_words(sound, "absent")


def test_a_missing_package_is_a_sentence(monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(WordsUnavailableError, match="faster-whisper is not installed"):
        sung_words(Sound(np.zeros((1, 100), np.float32), 16_000))
