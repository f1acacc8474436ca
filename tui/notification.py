"""Notifications of the terminal itself, beside the bell: OSC 9 and OSC 777.

A terminal that does not know a sequence may print it, so it is sent only to those known to take it,
and never through tmux or screen.
"""

from collections.abc import Mapping

from engine.text.terminal import clean

CHOICE_VARIABLE = "SAFELIGHT_NOTIFICATIONS"
"""Environment variable that overrides the detection: `auto`, `osc9`, `osc777` or `off`."""

MAX_TEXT = 200

_OSC_9 = {"iTerm.app", "WezTerm", "ghostty"}
_OSC_9_TERMS = ("xterm-kitty", "xterm-ghostty", "wezterm")
_OSC_777_TERMS = ("foot", "rxvt-unicode")


def protocol_of(environment: Mapping[str, str]) -> str:
    """Return the sequence that the terminal takes: `osc9`, `osc777` or `off`."""
    choice = environment.get(CHOICE_VARIABLE, "auto").lower()
    if choice in {"osc9", "osc777", "off"}:
        return choice
    term = environment.get("TERM", "")
    if environment.get("TMUX") or environment.get("STY") or term.startswith(("tmux", "screen")):
        return "off"
    if environment.get("TERM_PROGRAM") in _OSC_9 or term.startswith(_OSC_9_TERMS):
        return "osc9"
    return "osc777" if term.startswith(_OSC_777_TERMS) else "off"


def notification(text: str, environment: Mapping[str, str]) -> str:
    """Return the sequence that shows a text as a notification; empty if none is known."""
    words = clean(text, MAX_TEXT).replace(";", ",")
    protocol = protocol_of(environment)
    if protocol == "osc9":
        # A number and a semicolon at the beginning would be another command of ConEmu's.
        return f"\x1b]9;Safelight: {words}\x1b\\"
    return f"\x1b]777;notify;Safelight;{words}\x1b\\" if protocol == "osc777" else ""
