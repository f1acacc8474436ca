"""A screen that is first painted with what it shows, instead of empty and then once more."""

from typing import Any

from textual.screen import Screen

LONGEST_SECONDS = 0.1
"""Seconds after which the screen is painted even if nothing has been read for it."""


class WholeScreen(Screen[Any]):
    """A screen that leaves the terminal as it is until there is something to paint.

    An empty list that is filled a moment later costs half of the time until its first image, and
    flickers.
    """

    _is_blank = True

    def on_mount(self) -> None:
        """Wait no longer than somebody notices."""
        self.set_timer(LONGEST_SECONDS, self.paint)

    def paint(self) -> None:
        """Paint from now on."""
        if self._is_blank:
            self._is_blank = False
            self.refresh()

    def _compositor_refresh(self) -> None:
        if not self._is_blank:
            super()._compositor_refresh()
