"""Notifications of the terminal: only where they are known, and never more than a text."""

import pytest

from tui.notification import notification, protocol_of


@pytest.mark.parametrize(
    ("environment", "protocol"),
    [
        ({"TERM": "xterm-256color"}, "off"),
        ({"TERM": "xterm-kitty"}, "osc9"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "osc9"),
        ({"TERM": "foot-extra"}, "osc777"),
        ({"TERM": "rxvt-unicode-256color"}, "osc777"),
        ({"TERM": "tmux-256color", "TERM_PROGRAM": "WezTerm"}, "off"),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/x"}, "off"),
        ({"TERM": "xterm-kitty", "SAFELIGHT_NOTIFICATIONS": "off"}, "off"),
        ({"TERM": "xterm", "SAFELIGHT_NOTIFICATIONS": "osc777"}, "osc777"),
        ({"TERM": "xterm-kitty", "SAFELIGHT_NOTIFICATIONS": "nonsense"}, "osc9"),
    ],
)
def test_the_sequence_is_one_that_the_terminal_knows(environment, protocol) -> None:
    assert protocol_of(environment) == protocol


@pytest.mark.parametrize("term", ["xterm-kitty", "foot"])
def test_a_hostile_name_stays_a_text(term: str) -> None:
    sequence = notification("b1 \x1b]0;owned\x07;a;\x9c \u202e done\n" + "x" * 900, {"TERM": term})
    inner = sequence.removeprefix("\x1b]").removesuffix("\x1b\\")
    assert not {"\x1b", "\x07", "\x9c", "\n", "\u202e"} & set(inner)
    assert inner.count(";") == (1 if term == "xterm-kitty" else 3)
    assert len(inner) < 260


def test_other_terminals_get_nothing() -> None:
    assert notification("b1 done", {"TERM": "linux"}) == ""
