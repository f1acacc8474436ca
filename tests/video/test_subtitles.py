"""Lyrics are written as subtitles; their text is never markup or a time."""

from engine.video.plan import LyricLine
from engine.video.subtitles import write_srt, write_webvtt

LINES = (
    LyricLine(1.5, 3.25, "one <b>two</b> & --> 3\n\n00:00:01,000"),
    LyricLine(3.25, 3.25, "three"),
    LyricLine(4, 5, " \x1b[31m"),
    LyricLine(
        3661, 3663.5, "four five six",
        ((3661, 3661.5, "four"), (3661.5, 3662, "five"), (3670, 3671, "six")),
    ),
)  # fmt: skip


def test_subrip_numbers_its_blocks_and_keeps_each_text_in_one_line():
    blocks = write_srt(LINES).split("\n\n")
    assert [block.splitlines() for block in blocks] == [
        ["1", "00:00:01,500 --> 00:00:03,250", "one <b>two</b> & → 3 00:00:01,000"],
        ["2", "00:00:03,250 --> 00:00:03,251", "three"],
        ["3", "01:01:01,000 --> 01:01:03,500", "four five six"],
    ]
    assert write_srt(()) == ""


def test_webvtt_has_the_times_of_words_and_escapes_its_signs():
    head, first, _, last = write_webvtt(LINES).split("\n\n")
    assert head == "WEBVTT"
    assert first.splitlines()[1] == "one &lt;b&gt;two&lt;/b&gt; &amp; → 3 00:00:01,000"
    assert last.splitlines() == [
        "01:01:01.000 --> 01:01:03.500", "four <01:01:01.500>five six",
    ]  # fmt: skip
