"""Frames at a play head, read in a thread one at a time: always the newest that is wanted."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from tui.images.cache import LruCache
from tui.images.shots import shots_image

if TYPE_CHECKING:
    from textual.screen import Screen

    from engine.contract.timeline import Timeline
    from tui.widgets.image import ImageView
    from tui.widgets.timeline_lanes import Stretch

CACHE_BYTES = 24 * 2**20
"""Memory of the frames that are kept, as files."""

SHOT_ROWS = 6
"""Height of the images of shots in rows, as in the style sheet of the timeline."""

Source = Callable[[float], bytes | None]


class FrameReader:
    """Reads frames for a screen, never on its event loop.

    Args:
        screen: The screen, whose workers read.
        put: Receives each frame on the event loop; None if there is none.
    """

    def __init__(self, screen: "Screen[int | None]", put: Callable[[bytes | None], None]) -> None:
        self._screen = screen
        self._put = put
        self._cache: LruCache[bytes] = LruCache(CACHE_BYTES)
        self._wanted: tuple[Source, float, str] | None = None
        self._newest: tuple[str, float] | None = None
        self._busy = False
        self._shots: tuple[object, ...] = ()

    def ask(self, source: Source, seconds: float, film: str) -> None:
        """Read the frame at a time; one that is asked for later replaces it if it has to wait.

        Args:
            source: Reads a frame of the film.
            seconds: The time.
            film: Hash of the film.
        """
        self._wanted, self._newest = None, (film, round(seconds, 3))
        if (frame := self._cache.get(self._newest)) is not None:
            self._put(frame)
            return
        self._wanted = source, seconds, film
        self._next()

    def _next(self) -> None:
        if self._busy or self._wanted is None:
            return
        (source, seconds, film), self._wanted, self._busy = self._wanted, None, True
        work = partial(self._read, source, seconds, film)
        self._screen.run_worker(work, thread=True, group="frame", exit_on_error=False)

    def _read(self, source: Source, seconds: float, film: str) -> None:
        frame = None
        try:
            frame = source(seconds)
        finally:
            self._screen.app.call_from_thread(self._ready, (film, round(seconds, 3)), frame)

    def _ready(self, key: tuple[str, float], frame: bytes | None) -> None:
        self._busy = False
        if frame:
            self._cache.put(key, frame, len(frame))
        if self._screen.is_attached:
            if key == self._newest or (frame and self._wanted is not None):
                self._put(frame)
            self._next()

    def draw_shots(self, timeline: "Timeline", near: "Stretch", view: "ImageView") -> None:
        """Draw the images of the shots of a stretch beside each other."""
        wanted = id(timeline), near
        if wanted == self._shots:
            return
        self._shots = wanted
        width, height = view.cell
        size = near.columns * width, SHOT_ROWS * height

        def work() -> None:
            image = shots_image(timeline, near.start, near.end, size)
            self._screen.app.call_from_thread(put, image)

        def put(image: bytes) -> None:
            if self._shots == wanted and view.is_attached:
                view.show_preview(image)

        self._screen.run_worker(
            work, thread=True, group="shots", exclusive=True, exit_on_error=False
        )
