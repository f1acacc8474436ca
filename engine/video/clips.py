"""Frames of clips at any time, decoded as they are needed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from engine.video.opened import Video, open_video

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Frame = NDArray[np.uint8]

MAX_SIDE = 8192
"""Maximum side of a clip in pixels."""

HD_HEIGHT = 720
"""Height from which on a clip without tags is taken for BT.709, as players do."""

_UNKNOWN = 2


class ClipError(ValueError):
    """A clip that cannot be decoded; the message ends a sentence."""


class ClipFrames:
    """Frames of one clip, as large as the film; the middle is kept if the shape differs."""

    def __init__(self, clip: Video, film: tuple[int, int]) -> None:
        try:
            self._container: Any = open_video(clip)
        except ValueError as error:
            raise ClipError(str(error)) from None
        self._stream: Any = self._container.streams.video[0]
        context = self._stream.codec_context
        if context is None or not 0 < max(context.width, context.height) <= MAX_SIDE:
            raise ClipError(f"has no size, or a side of more than {MAX_SIDE} pixels")
        self._stream.codec_context.thread_count = 1
        self._film = film
        self._frames: Iterator[tuple[float, Any]] | None = None
        self._next: tuple[float, Any] | None = None
        self._current: tuple[float, Any] | None = None

    def at(self, seconds: float) -> "Frame":
        """Return the frame that is shown at a time; the first before it, the last after the end."""
        seconds = max(seconds, 0.0) + 1e-6
        if self._current is None or self._current[0] > seconds:
            self._seek(seconds)
        while self._next is not None and self._next[0] <= seconds:
            self._current, self._next = self._next, next(self._frames or iter(()), None)
        if self._current is None:
            raise ClipError("holds no frames")
        return _fitted(self._current[1], self._film)

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _seek(self, seconds: float) -> None:
        """Start at the last key frame before a time."""
        base = self._stream.time_base
        offset = self._stream.start_time or 0
        self._container.seek(max(offset + int(seconds / base), offset), stream=self._stream)
        self._frames = self._decoded()
        self._current = next(self._frames, None)
        self._next = next(self._frames, None)
        if self._current is not None and self._current[0] > seconds and seconds > 1e-6:
            self._rewind()

    def _rewind(self) -> None:
        """Start at the first frame, for files whose index leads past the wanted one."""
        self._container.seek(0)
        self._frames = self._decoded()
        self._current = next(self._frames, None)
        self._next = next(self._frames, None)

    def _decoded(self) -> Iterator[tuple[float, Any]]:
        import av

        start = float((self._stream.start_time or 0) * self._stream.time_base)
        try:
            for frame in self._container.decode(self._stream):
                if max(frame.width, frame.height) > MAX_SIDE:
                    raise ClipError(f"has {frame.width}x{frame.height} pixels; most are {MAX_SIDE}")
                yield float(frame.time or 0.0) - start, frame
        except av.error.FFmpegError:
            return


def _fitted(frame: Any, film: tuple[int, int]) -> "Frame":
    """Return the pixels of a decoded frame in the size of the film."""
    import cv2
    import numpy as np

    scale = max(film[0] / frame.width, film[1] / frame.height)
    width, height = round(frame.width * scale), round(frame.height * scale)
    colours = "ITU709" if frame.colorspace == _UNKNOWN and frame.height >= HD_HEIGHT else None
    pixels = frame.reformat(format="bgra", src_colorspace=colours, threads=1).to_ndarray()
    if scale != 1:
        how: Any = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        pixels = cv2.resize(pixels, (width, height), interpolation=how)
    left, top = (width - film[0]) // 2, (height - film[1]) // 2
    cut = pixels[top : top + film[1], left : left + film[0]]
    return np.ascontiguousarray(cut, np.uint8)
