"""Encoding of the frames of a segment, as a file that starts with a key frame."""

import io
import os
from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from engine.video.plan import FilmPlan
from engine.video.quality import ENCODINGS, Encoding, Quality
from engine.video.render import FilmRenderer
from engine.video.sources import Clips

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.video.sources import Images

BT709, LIMITED = 1, 1
"""Numbers of BT.709 (matrix, primaries, transfer) and of the limited range in FFmpeg."""


def render_segment(
    plan: FilmPlan,
    images: "Images",
    clips: Clips,
    first: int,
    last: int,
    quality: Quality = "final",
) -> bytes:
    """Render and encode some frames of a film.

    The bytes are the same in any process of the same machine, however many there are.

    Args:
        plan: The film, or an excerpt of it.
        images: Images by the index that shots name them with: BGRA pixels, or bytes of files.
        clips: Clips by the index that shots name them with.
        first: The first frame.
        last: The last frame.
        quality: Name of the encoding.

    Returns:
        A file of video without sound, whose first frame is a key frame.

    Raises:
        PlanError: An image or a clip is missing.
        ClipError: A clip cannot be decoded.
    """
    renderer = FilmRenderer(plan, images, clips)
    try:
        frames = (renderer.planes(frame) for frame in range(first, last + 1))
        return encode(frames, (plan.width, plan.height), plan.rate, ENCODINGS[quality])
    finally:
        renderer.close()


def encode(
    frames: "Iterable[NDArray[np.uint8]]",
    size: tuple[int, int],
    rate: Fraction,
    encoding: Encoding,
) -> bytes:
    """Encode frames in one thread.

    Args:
        frames: I420 planes (BT.709, limited range) of shape (1.5 * height, width).
        size: Width and height.
        rate: Frames per second.
        encoding: The way to encode.
    """
    import av

    target = io.BytesIO()
    with av.open(target, "w", format=encoding.container) as container:
        stream = video_stream(container, size, rate, encoding)
        for number, planes in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.colorspace, frame.color_range = BT709, LIMITED
            if encoding.pixels != "yuv420p":
                frame = frame.reformat(format=encoding.pixels, threads=1)
            frame.pts = number
            frame.time_base = 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return target.getvalue()


def video_stream(container: Any, size: tuple[int, int], rate: Fraction, encoding: Encoding) -> Any:
    """Add a stream of video, encoded in one thread and tagged BT.709.

    With several threads, the settings that x264 writes into its stream would name their number.
    """
    options = dict(encoding.options)
    if encoding.codec == "libx264":
        options["x264-params"] = _x264_params()
    os.environ.setdefault("SVT_LOG", "1")  # SVT-AV1 writes its settings to the terminal otherwise
    stream = container.add_stream(encoding.codec, rate=rate, options=options)
    stream.width, stream.height = size
    stream.pix_fmt = encoding.pixels
    context = stream.codec_context
    context.thread_count = 1
    context.thread_type = "FRAME"
    context.time_base = 1 / rate
    context.color_range = LIMITED
    context.colorspace = context.color_primaries = context.color_trc = BT709
    return stream


def _x264_params() -> str:
    """Return parameters of x264 that FFmpeg has no option for.

    Chroma is at the centre of each square of pixels. With AVX-512 the x264 of 2025 (core 165) does
    not repeat itself: its macroblock tree differs from run to run, so AVX2 is its limit.
    """
    from llvmlite.binding import get_host_cpu_features

    has_avx512 = get_host_cpu_features().get("avx512f", False)
    return "chromaloc=1:asm=avx2,fma3,bmi2,lzcnt" if has_avx512 else "chromaloc=1"
