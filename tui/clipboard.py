"""The clipboard of the operator's terminal: OSC 52, tmux, and a word if neither can be trusted."""

import os
import shutil
import subprocess
from collections.abc import Mapping

MAX_OSC = 74_000
"""Maximum bytes that terminals take by OSC 52, before base64."""

TMUX_SECONDS = 2
"""Maximum wait for tmux, in seconds."""

_WITHOUT = ("linux", "dumb", "vt100", "vt220", "vt320", "xterm-mono")
"""Values of `TERM` of terminals that have no clipboard."""


def copy_to_tmux(text: str) -> bool:
    """Copy a text to tmux's buffer and through it to the terminal; return whether tmux took it."""
    tmux = shutil.which("tmux")
    if tmux is None:
        return False
    try:
        done = subprocess.run(  # noqa: S603 - a program found on the path, fixed arguments
            [tmux, "load-buffer", "-w", "-"], input=text.encode("utf-8", "replace"), check=False,
            capture_output=True, timeout=TMUX_SECONDS,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def doubt(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return the reason why a copied text may not have arrived; empty if it should have.

    OSC 52 has no answer: only known terminals are doubted.

    Args:
        text: The text.
        environment: The environment of the process.
    """
    if "TMUX" in environment:
        return "" if shutil.which("tmux") else "tmux is not on the path"
    if "STY" in environment:
        return "GNU screen does not pass it on"
    if environment.get("TERM", "") in _WITHOUT:
        return f"TERM={environment['TERM']} has no clipboard"
    if "VTE_VERSION" in environment:
        return "terminals of GNOME do not take it"
    if environment.get("TERM_PROGRAM") == "Apple_Terminal":
        return "Terminal.app does not take it"
    if len(text.encode("utf-8", "replace")) > MAX_OSC:
        return "it is longer than most terminals take"
    return ""
