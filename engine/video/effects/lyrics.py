"""Lyrics over the frames of a film."""

from bisect import bisect_right
from typing import TYPE_CHECKING

from engine.video.cuts import time_of
from engine.video.effects.lettering import Strip, strip_of
from engine.video.effects.noise import smooth
from engine.video.plan import FilmPlan, LyricLine

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Frame = NDArray[np.uint8]

FADE_SECONDS = 0.25
"""Time in which a line appears and disappears."""

_MAX_STRIPS = 4


class Lyrics:
    """Draws the lyrics of a film; the strips of a few lines are kept."""

    def __init__(self, plan: FilmPlan) -> None:
        self._plan = plan
        self._starts = [line.start for line in plan.lyrics]
        self._strips: dict[int, Strip] = {}

    def draw(self, picture: "Frame", frame: int) -> None:
        """Draw the line that is sung in a frame over its pixels, in place."""
        if not self._starts:
            return
        time = time_of(frame, self._plan.rate)
        index = bisect_right(self._starts, time) - 1
        if index < 0 or time >= self._plan.lyrics[index].end:
            return
        self._draw(picture, self._plan.lyrics[index], self._strip(index), time)

    def _draw(self, picture: "Frame", line: LyricLine, strip: Strip, time: float) -> None:
        import numpy as np

        from engine.video.effects.kernels import draw_over

        pixels = self._shown(line, strip, time)
        height = len(pixels)
        middle = round(self._plan.lyrics_style.position * self._plan.height)
        top = min(max(middle - height // 2, 0), self._plan.height - height)
        below = picture[top : top + height].reshape(-1).view(np.uint32)
        draw_over(below, pixels.reshape(-1).view(np.uint32))

    def _shown(self, line: LyricLine, strip: Strip, time: float) -> "Frame":
        """Return the pixels of a line at a time."""
        import cv2
        import numpy as np

        animation = self._plan.lyrics_style.animation
        if animation == "none":
            return strip.plain
        pixels = _sung(line, strip, time) if animation == "karaoke" else strip.plain
        fade = min(FADE_SECONDS, (line.end - line.start) / 3)
        share = min(smooth((time - line.start) / fade), smooth((line.end - time) / fade))
        if share == 1:
            return pixels
        return np.asarray(cv2.convertScaleAbs(pixels, alpha=share), np.uint8)

    def _strip(self, index: int) -> Strip:
        if index not in self._strips:
            film = self._plan.width, self._plan.height
            strip = strip_of(self._plan.lyrics[index], self._plan.lyrics_style, film)
            self._strips[index] = strip
            while len(self._strips) > _MAX_STRIPS:
                del self._strips[next(iter(self._strips))]
        return self._strips[index]


def _sung(line: LyricLine, strip: Strip, time: float) -> "Frame":
    """Return a line whose words have the other colour as far as they have been sung."""
    pixels = strip.plain.copy()
    for word, box in zip(line.words, strip.boxes, strict=False):
        start, end = word[0], max(word[1], word[0] + 1e-3)
        part = min(max((time - start) / (end - start), 0.0), 1.0)
        edge = box.left + round(part * (box.right - box.left))
        pixels[box.top : box.bottom, box.left : edge] = strip.sung[
            box.top : box.bottom, box.left : edge
        ]
    return pixels
