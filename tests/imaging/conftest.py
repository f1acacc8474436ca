import io

import pytest
from PIL import Image


def encode(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def image() -> Image.Image:
    decoded = Image.new("RGB", (12, 8), (200, 30, 20))
    decoded.paste((20, 60, 220), (0, 0, 4, 4))
    return decoded


@pytest.fixture
def png(image) -> bytes:
    return encode(image, "PNG")


@pytest.fixture
def encoded(image):
    return lambda kind, **options: encode(image, kind, **options)
