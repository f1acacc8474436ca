"""Stills of a video at shares of its length, decoded by PyAV (extra `video`)."""

import io
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from engine.video.clips import MAX_SIDE
from engine.video.opened import Video, open_video

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_DECODED = 600_000_000
"""Pixels that are decoded for one still, at most: some 10 s of Full HD."""

_DARKEST = 10.0
_INSET = 0.12


def decode_stills(video: Video, shares: Sequence[float], side: int) -> list[bytes]:
    """Return stills of a video as PNG; empty if nothing of it can be decoded.

    At the ends, where films fade, a still from further inside stands for one that is black.

    Args:
        video: The file.
        shares: Places as shares of its length, 0 to 1.
        side: Longer side of the stills in pixels, at most.

    Raises:
        ImportError: PyAV is missing.
    """
    import av

    try:
        with closing(open_video(video)) as container:
            container.streams.video[0].thread_count = 1
            images = [_still(container, share, side) for share in shares]
    except (ValueError, av.FFmpegError):
        return []
    return [_png(image) for image in images if image is not None]


def decode_frame(video: Video, seconds: float, side: int) -> bytes | None:
    """Return the frame of a video that is shown at a time, as PNG; None if it cannot be decoded.

    Args:
        video: The file.
        seconds: Time from its start.
        side: Longer side of the frame in pixels, at most.

    Raises:
        ImportError: PyAV is missing.
    """
    import av

    try:
        with closing(open_video(video)) as container:
            stream = container.streams.video[0]
            stream.thread_count = 1
            image = _frame_at(container, int((seconds + 1e-6) / stream.time_base), side)
    except (ValueError, av.FFmpegError):
        return None
    return None if image is None else _png(image)


def _still(container: Any, share: float, side: int) -> "Image | None":
    still = _nearest(container, share, side)
    if still is None or _INSET < share < 1 - _INSET or _light(still) > _DARKEST:
        return still
    inside = _nearest(container, min(max(share, _INSET), 1 - _INSET), side)
    return inside or still


def _light(image: "Image") -> float:
    from PIL import ImageStat

    return float(ImageStat.Stat(image.convert("L")).mean[0])


def _nearest(container: Any, share: float, side: int) -> "Image | None":
    """Return the last frame up to a place, or the last one that is worth its decoding."""
    stream = container.streams.video[0]
    return _frame_at(container, int(share * _ticks(container, stream)), side)


def _frame_at(container: Any, ticks: int, side: int) -> "Image | None":
    """Return the last frame up to a time in units of the time base from the start."""
    stream = container.streams.video[0]
    base, start = float(stream.time_base), stream.start_time or 0
    at = start + ticks
    container.seek(max(at, start), stream=stream)
    latest = None
    for frame in _decoded(container, stream):
        if latest is not None and (frame.time or 0.0) > at * base + 1e-6:
            break
        latest = frame
    return None if latest is None else _fitted(latest, side)


def _ticks(container: Any, stream: Any) -> int:
    """Return the length of a video in units of its time base; 0 if it is not known."""
    if stream.duration:
        return int(stream.duration)
    return int((container.duration or 0) / 1_000_000 / stream.time_base)


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    context = stream.codec_context
    if context is None or not 0 < max(context.width, context.height) <= MAX_SIDE:
        return
    left = MAX_DECODED
    for frame in container.decode(stream):
        left -= frame.width * frame.height
        if max(frame.width, frame.height) > MAX_SIDE:
            return
        yield frame
        if left <= 0:
            return


def _fitted(frame: Any, side: int) -> "Image":
    scale = min(1.0, side / max(frame.width, frame.height))
    width, height = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    image: Image = frame.reformat(width=width, height=height, format="rgb24", threads=1).to_image()
    return image


def _png(image: "Image") -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1)
    return out.getvalue()
