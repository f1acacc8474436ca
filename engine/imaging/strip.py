"""Several images joined side by side."""

import io
from collections.abc import Sequence

MAX_PIXELS = 24_000_000
"""Maximum number of pixels decoded of one image."""

_GAP = 4
_GROUND = (24, 24, 24)


def side_by_side(images: Sequence[bytes], height: int = 240) -> bytes:
    """Return images next to each other, each scaled to a height, as PNG.

    Args:
        images: Encoded images, at least one.
        height: Height in pixels.

    Raises:
        ValueError: One of them is not an image, is damaged or too large.
    """
    from PIL import Image

    from engine.imaging.decode import decoded

    parts = []
    for data in images:
        image = decoded(io.BytesIO(data), near=(height * 4, height), max_pixels=MAX_PIXELS)
        width = max(1, min(height * 4, round(image.width * height / image.height)))
        parts.append(image.resize((width, height), Image.Resampling.BICUBIC))
    whole = sum(part.width for part in parts) + _GAP * (len(parts) - 1)
    strip = Image.new("RGB", (whole, height), _GROUND)
    left = 0
    for part in parts:
        strip.paste(part, (left, 0))
        left += part.width + _GAP
    out = io.BytesIO()
    strip.save(out, "PNG", compress_level=1)
    return out.getvalue()
