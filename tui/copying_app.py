"""Base of the dashboard that copies texts, and says if a copy may not have arrived."""

import os
from functools import partial

from textual import work

from engine.text.terminal import clean
from tui.styled_app import StyledApp

DOUBT_SECONDS = 10.0
"""Seconds in which `v` shows a text whose copy was doubtful."""


class CopyingApp(StyledApp):
    """An app whose copies reach the terminal's clipboard, and tmux's inside tmux."""

    _uncopied = ""

    def copy_to_clipboard(self, text: str) -> None:
        """Copy text; say so, or why it is doubtful.

        Args:
            text: The text, cleaned.
        """
        super().copy_to_clipboard(text)
        if "TMUX" in os.environ:
            self._copy_to_tmux(text)
        else:
            self._say_copied(text, tmux=True)

    @work(thread=True, group="copy", exit_on_error=False)
    def _copy_to_tmux(self, text: str) -> None:
        """Copy text to tmux, which may take seconds to answer."""
        from tui.clipboard import copy_to_tmux

        self.call_from_thread(partial(self._say_copied, text, tmux=copy_to_tmux(text)))

    def _say_copied(self, text: str, *, tmux: bool) -> None:
        from tui.clipboard import doubt

        reason = doubt(text) or ("" if tmux else "tmux refused it")
        if text and reason:
            words = f"Perhaps not copied: {reason}. v shows the text, to be selected by mouse."
            self._uncopied = text
            self.set_timer(DOUBT_SECONDS, self.take_uncopied)
            self.notify(words, severity="warning", markup=False, timeout=DOUBT_SECONDS)
        elif text:
            self.notify(f"Copied {clean(text, 60)}.", markup=False)

    def take_uncopied(self) -> str:
        """Return the text whose copy was doubtful, once; empty if there is none."""
        text, self._uncopied = self._uncopied, ""
        return text
