"""Frames of clips at any time, decoded as they are needed."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Frame = NDArray[np.uint8]

Clip = bytes | Path | BinaryIO
"""A file that PyAV can decode: its bytes, its place, or a seekable stream."""

MAX_SIDE = 8192
"""Maximum side of a clip in pixels."""


class ClipError(ValueError):
    """A clip that cannot be decoded; the message ends a sentence."""


class ClipFrames:
    """Frames of one clip, as large as the film; the middle is kept if the shape differs."""

    def __init__(self, clip: Clip, film: tuple[int, int]) -> None:
        import av

        source = io.BytesIO(clip) if isinstance(clip, bytes) else clip
        try:
            self._container: Any = av.open(source if hasattr(source, "read") else str(source))
            self._stream: Any = self._container.streams.video[0]
        except (av.error.FFmpegError, IndexError, OSError) as error:
            raise ClipError(f"cannot be read as a video: {error}") from None
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
    pixels = frame.to_ndarray(format="bgra")
    if scale != 1:
        how: Any = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        pixels = cv2.resize(pixels, (width, height), interpolation=how)
    left, top = (width - film[0]) // 2, (height - film[1]) // 2
    cut = pixels[top : top + film[1], left : left + film[0]]
    return np.ascontiguousarray(cut, np.uint8)
