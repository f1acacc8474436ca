"""Contact sheet of a film: a frame of each shot."""

import io
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.video.clips import ClipFrames
from engine.video.opened import Video
from engine.video.plan import FilmPlan, Shot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_FRAMES = 48
"""Frames of a sheet; of longer films, neighbouring shots share one."""

WIDTH = 384
"""Width of a frame on a sheet in pixels, or its height if that is longer."""


def film_sheet(film: Video, plan: FilmPlan, labels: Sequence[str] = ()) -> bytes:
    """Return a sheet with the middle of each shot, its time, and its section below it.

    Args:
        film: The rendered film.
        plan: Its plan.
        labels: Names of the sections, by their index.

    Returns:
        A PNG file.

    Raises:
        ClipError: The film cannot be decoded.
    """
    from engine.imaging.sheet import contact_sheet

    shots = sheet_shots(plan.shots)
    frames = ClipFrames(film, _fitted(plan.width, plan.height))
    try:
        images = [_png(frames.at((shot.start + shot.end) / 2)) for shot in shots]
    finally:
        frames.close()
    captions = [
        (f"{_clock(shot.start)}  {labels[shot.section] if shot.section < len(labels) else ''}",)
        for shot in shots
    ]
    return contact_sheet(images, captions)


def sheet_shots(shots: Sequence[Shot], most: int = MAX_FRAMES) -> list[Shot]:
    """Return the shots of a sheet: of each group of neighbours that which was shown least so far.

    Images take turns, so every second shot would show one of two and never the other.

    Args:
        shots: All shots of a film.
        most: Maximum number of shots on the sheet.
    """
    count = min(len(shots), most)
    shown: Counter[object] = Counter()
    chosen = []
    for group in range(count):
        low, high = (len(shots) * edge // count for edge in (group, group + 1))
        shot = min(shots[low:high], key=lambda one: shown[_view(one)])
        shown[_view(shot)] += 1
        chosen.append(shot)
    return chosen


def _view(shot: Shot) -> tuple[object, ...]:
    """Return the image, the clip or the visual of a shot, to tell it from others."""
    return shot.source, shot.image, shot.clip, shot.visual, shot.palette


def _fitted(width: int, height: int) -> tuple[int, int]:
    scale = WIDTH / max(width, height)
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _png(frame: "NDArray[np.uint8]") -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(frame[..., 2::-1]).save(stream, "PNG", compress_level=1)
    return stream.getvalue()
