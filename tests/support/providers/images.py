"""Images for providers to return, small and each of its own."""

import io

from PIL import Image


def image(kind: str = "PNG", size: tuple[int, int] = (32, 24), tint: int = 90) -> bytes:
    """An image whose pixels differ by position and tint."""
    decoded = Image.new("RGB", size)
    decoded.putdata(
        [(x * 7 % 256, y * 11 % 256, tint % 256) for y in range(size[1]) for x in range(size[0])]
    )
    buffer = io.BytesIO()
    decoded.save(buffer, kind)
    return buffer.getvalue()
