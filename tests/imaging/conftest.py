import io

import pytest
from PIL import Image


def encode(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def picture() -> Image.Image:
    image = Image.new("RGB", (12, 8), (200, 30, 20))
    image.paste((20, 60, 220), (0, 0, 4, 4))
    return image


@pytest.fixture
def png(picture) -> bytes:
    return encode(picture, "PNG")


@pytest.fixture
def encoded(picture):
    return lambda kind, **options: encode(picture, kind, **options)
