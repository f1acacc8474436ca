"""Terminals that are known to have more symbols than quadrants, by their environment.

Nothing is asked of the terminal itself. Inside tmux the environment may be that of another
terminal, so tmux is asked for the one that it is shown in.
"""

import re
import subprocess
from collections.abc import Mapping
from typing import cast, get_args

from tui.images.style import Symbols

_SEXTANTS = re.compile(
    r"xterm-kitty|kitty|foot|WezTerm|wezterm|ghostty|xterm-ghostty|contour|iTerm"
)
"""Names of terminals that draw sextants themselves, at their start."""

_TERM_PROGRAMS = {"WezTerm", "ghostty", "contour", "iTerm.app"}
_VTE_WITH_SEXTANTS = 6200
_GHOSTTY_WITH_OCTANTS = (1, 2)
_KITTY_WITH_PLACEHOLDERS = (0, 28)

_CURRENT = "#{client_termname} #{client_termtype}"
_ANSWER_SECONDS = 0.5
_KITTY_SECONDS = 2.0
"""Patience with kitty, which starts Python for its version; one that takes longer gets cells."""


def symbols_of(environment: Mapping[str, str], choice: str = "auto") -> Symbols:
    """Return the symbols that a terminal has.

    Args:
        environment: Its environment.
        choice: The operator's: one of `Symbols`, or anything else to detect them.
    """
    if choice in get_args(Symbols):
        return cast("Symbols", choice)
    term = environment.get("TERM", "")
    if term == "linux":
        return "half"  # the fonts of the console have no others
    if environment.get("TMUX"):
        return "sextants" if _has_sextants_in_tmux() else "quadrants"
    if term.startswith("screen"):
        return "quadrants"
    if _has_octants(environment):
        return "octants"
    return "sextants" if _has_sextants(environment) else "quadrants"


def _has_sextants(environment: Mapping[str, str]) -> bool:
    return (
        _SEXTANTS.match(environment.get("TERM", "")) is not None
        or environment.get("TERM_PROGRAM") in _TERM_PROGRAMS
        or "KITTY_WINDOW_ID" in environment
        or _number(environment.get("VTE_VERSION", "")) >= _VTE_WITH_SEXTANTS
    )


def _has_octants(environment: Mapping[str, str]) -> bool:
    if environment.get("TERM_PROGRAM") != "ghostty":
        return False
    major, _, rest = environment.get("TERM_PROGRAM_VERSION", "").partition(".")
    return (_number(major), _number(rest.partition(".")[0])) >= _GHOSTTY_WITH_OCTANTS


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def lacks_placeholders(environment: Mapping[str, str]) -> bool:
    """Return True in a kitty before 0.28, which shows placeholders of images as signs."""
    if "KITTY_WINDOW_ID" not in environment:
        return False
    try:
        answer = _run(["kitty", "--version"], _KITTY_SECONDS)
    except OSError:
        return False  # it is on another machine, or under another name
    except subprocess.TimeoutExpired:
        return True
    version = re.match(r"kitty (\d{1,4})\.(\d{1,4})", answer)
    return version is not None and (int(version[1]), int(version[2])) < _KITTY_WITH_PLACEHOLDERS


def _answer(command: list[str]) -> str:
    """Return the output of a program; empty if it is missing or slow."""
    try:
        return _run(command, _ANSWER_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _run(command: list[str], seconds: float) -> str:
    return subprocess.run(  # noqa: S603 - our own arguments, no shell
        command,
        capture_output=True,
        timeout=seconds,
        check=False,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
    ).stdout.strip()


def _has_sextants_in_tmux() -> bool:
    """Return True if tmux is shown in a terminal that has sextants."""
    name, _, version = _answer(["tmux", "display-message", "-p", _CURRENT]).partition(" ")
    vte = re.match(r"VTE\((\d{1,8})\)", version)
    return bool(
        _SEXTANTS.match(name)
        or _SEXTANTS.match(version)
        or (vte and int(vte[1]) >= _VTE_WITH_SEXTANTS)
    )
