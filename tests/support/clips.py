"""Clips whose frames have one colour."""

import tempfile
from functools import cache
from pathlib import Path


@cache
def clip(
    seconds: float,
    size: tuple[int, int] = (128, 72),
    colour: tuple[int, int, int] = (20, 200, 40),
    *,
    rate: int = 8,
    suffix: str = "mp4",
) -> bytes:
    """Return a clip, as MP4 with its index in front, or as WebM."""
    import av
    import numpy as np

    options = {"movflags": "faststart"} if suffix == "mp4" else {}
    with (
        tempfile.NamedTemporaryFile(suffix=f".{suffix}") as file,
        av.open(file.name, "w", options=options) as container,
    ):
        video = container.add_stream("libx264" if suffix == "mp4" else "libvpx", rate=rate)
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        pixels = np.full((size[1], size[0], 3), colour, np.uint8)
        for _ in range(round(seconds * rate)):
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(video.encode())
        container.close()
        return Path(file.name).read_bytes()
