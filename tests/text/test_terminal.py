import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text.terminal import clean, has_hidden, quoted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b2Jgone", "gone"),
        ("\x1bcreset", "reset"),
        ("a\u202eb\u2066c", "abc"),
        ("one\r\ntwo\tthree\u2028four", "one two three four"),
        ("half \ud800", "half \ufffd"),
        ("\ufeffmark\U000e0041", "mark"),
        ("[bold]markup[/bold] stays", "[bold]markup[/bold] stays"),
        ("👩‍🎨 naïve 灯台", "👩‍🎨 naïve 灯台"),
    ],
)
def test_text_is_cleaned(text, shown):
    assert clean(text) == shown


def test_newlines_can_be_kept():
    assert clean("a\r\n  b\x07\n", keep_newlines=True) == "a\n  b\n"


def test_long_text_ends_in_an_ellipsis():
    assert clean("x" * 500, 10) == "x" * 9 + "…"
    assert clean("x" * 500, None) == "x" * 500
    assert quoted("x" * 500, 5) == "'xxxx…'"


@given(st.text(st.characters(exclude_categories=())), st.integers(1, 30))
def test_nothing_that_acts_on_a_terminal_comes_through(text, limit):
    shown = clean(text, limit)
    assert len(shown) <= limit
    assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in shown)
    assert not has_hidden(shown)
    shown.encode()


@pytest.mark.parametrize("text", ["\x1b" * 200_000, "\x90" * 200_000, "\x1b[" + "0" * 200_000])
def test_hostile_lengths_are_survived(text):
    assert not has_hidden(clean(text, None))
