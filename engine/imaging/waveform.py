"""Waveforms as images."""

import io
from collections.abc import Sequence

_GROUND, _INK = (24, 24, 24), (224, 112, 64)


def waveform_image(levels: Sequence[float], side: int) -> bytes:
    """Return a waveform as a PNG, half as high as wide.

    Args:
        levels: Peaks of stretches of the sound, 0 to 1.
        side: Width in pixels.
    """
    from PIL import Image, ImageDraw

    height = side // 2
    image = Image.new("RGB", (side, height), _GROUND)
    pen = ImageDraw.Draw(image)
    for column in range(side):
        reach = max(1, round(levels[column * len(levels) // side] * (height // 2 - 1)))
        pen.line((column, height // 2 - reach, column, height // 2 + reach), fill=_INK)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
