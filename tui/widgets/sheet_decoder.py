"""Drawing of the images of a sheet in a thread, only those that are visible."""

import threading
import time
from collections import deque
from collections.abc import Callable

from textual.widget import Widget

from engine.client.views.pixels import ImageTrouble
from tui.widgets.rendering import THUMBNAILS, ImageKey, RenderedImage, Source, render_source

MAX_FAILED = 2_000
"""Maximum number of images that are remembered as damaged."""

SHOW_SECONDS = 0.1
"""Time after which images that are ready are shown, together, in seconds."""


class SheetDecoder:
    """Images that a sheet waits for.

    Args:
        sheet: The sheet.
        show: Shows the images that are in the cache.
    """

    def __init__(self, sheet: Widget, show: Callable[[], None]) -> None:
        self._sheet = sheet
        self._show = show
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Source, ImageKey]] = deque()
        self._known: set[ImageKey] = set()
        self._failed: dict[ImageKey, None] = {}
        self._runs = False

    def failed(self, key: ImageKey) -> bool:
        """Return True if an image cannot be drawn."""
        return key in self._failed

    def add(self, source: Source, key: ImageKey) -> None:
        """Have an image drawn, unless it waits already. Called by the event loop."""
        with self._lock:
            if key in self._known:
                return
            self._known.add(key)
            self._waiting.append((source, key))
            starts, self._runs = not self._runs, True
        if starts:
            self._sheet.call_later(self._start)

    def clear(self) -> None:
        """Draw none of those that wait: the sheet shows others, and adds what is still visible."""
        with self._lock:
            self._known.difference_update(key for _, key in self._waiting)
            self._waiting.clear()

    def _start(self) -> None:
        self._sheet.run_worker(self._draw, thread=True, group="sheet", exit_on_error=False)

    def _draw(self) -> None:
        """Draw what waits; in a thread."""
        ready: list[tuple[ImageKey, RenderedImage | None, int]] = []
        posted = time.monotonic()
        while (task := self._next()) is not None:
            ready.append((task[1], *_drawing(*task)))
            if time.monotonic() - posted > SHOW_SECONDS:
                self._sheet.call_later(self._take, ready)
                ready, posted = [], time.monotonic()
        self._sheet.call_later(self._take, ready)

    def _next(self) -> tuple[Source, ImageKey] | None:
        with self._lock:
            if self._waiting and self._sheet.is_attached:
                return self._waiting.popleft()
            self._runs = False
            return None

    def _take(self, ready: list[tuple[ImageKey, RenderedImage | None, int]]) -> None:
        for key, image, weight in ready:
            with self._lock:
                self._known.discard(key)
            if image is None:
                self._failed[key] = None
            else:
                THUMBNAILS.put(key, image, weight)
        while len(self._failed) > MAX_FAILED:
            del self._failed[next(iter(self._failed))]
        self._show()


def _drawing(source: Source, key: ImageKey) -> tuple[RenderedImage | None, int]:
    """Return a drawing and its weight; None for a file that cannot be shown."""
    try:
        return render_source(source, key)
    except ImageTrouble:
        return None, 0
    except Exception:  # noqa: BLE001 - a kind of a plugin: its other files are still shown
        return None, 0
