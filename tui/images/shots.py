"""Images of the shots of a stretch of time beside each other, each as wide as it is long."""

import io
from typing import TYPE_CHECKING

from engine.client.views.pixels import ImageTrouble
from tui.images.decode import thumbnail

if TYPE_CHECKING:
    from PIL.Image import Image

    from engine.contract.timeline import Timeline

_PAPER = "#11151C"


def shots_image(timeline: "Timeline", start: float, end: float, size: tuple[int, int]) -> bytes:
    """Return the shots of a stretch as PNG.

    Args:
        timeline: The timeline.
        start: Start of the stretch in seconds.
        end: Its end, after the start.
        size: Width and height in pixels.
    """
    from PIL import Image

    width, height = size
    strip = Image.new("RGB", size, _PAPER)
    for shot in timeline.shots:
        first, last = (round((t - start) / (end - start) * width) for t in (shot.start, shot.end))
        if last <= max(0, first) or first >= width or not shot.image:
            continue
        image = _fitted(shot.image, (min(last - first, 2 * width) - 1, height))
        if image is not None:
            strip.paste(image, (first, 0))
    out = io.BytesIO()
    strip.save(out, "PNG", compress_level=1)
    return out.getvalue()


def _fitted(data: bytes, size: tuple[int, int]) -> "Image | None":
    """Return the middle of an image for an area: as tall, and at most as wide as its shape is."""
    from PIL import Image, ImageOps

    try:
        image = thumbnail(data, (4 * size[1], size[1]))
    except ImageTrouble:
        return None
    width = max(1, min(size[0], image.width))
    return ImageOps.fit(image, (width, size[1]), Image.Resampling.BILINEAR)
