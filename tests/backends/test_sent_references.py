"""Reference images as providers get them: a type that all take, and bytes that are of it."""

import io

import pytest
from PIL import Image

from engine.backends.common.references import read_reference
from engine.contract import Permanent
from engine.imaging.decode import describe
from engine.testing.context import MemoryContext
from tests.support.providers.images import image


@pytest.mark.parametrize(
    ("kind", "sent_as"),
    [("AVIF", "image/jpeg"), ("GIF", "image/png"), ("TIFF", "image/png"), ("BMP", "image/png")],
)
async def test_what_providers_do_not_take_is_converted(kind, sent_as):
    context = MemoryContext()
    stored = image(kind)
    artifact = context.give(stored, f"image/{kind.lower()}")
    sent = await read_reference(context, artifact)
    assert sent.media_type == sent_as
    assert describe(sent.data) == (sent_as, 32, 24)
    assert context.files == {artifact.hash: stored}


async def test_the_type_that_is_sent_is_that_of_the_bytes_whatever_was_stored():
    context = MemoryContext()
    data = image("JPEG")
    sent = await read_reference(context, context.give(data, "image/png"))
    assert sent == (data, "image/jpeg")


async def test_an_image_on_its_side_is_sent_upright():
    exif = Image.Exif()
    exif[0x0112] = 8
    out = io.BytesIO()
    Image.new("RGB", (30, 10)).save(out, "JPEG", exif=exif)
    context = MemoryContext()
    sent = await read_reference(context, context.give(out.getvalue(), "image/jpeg"))
    assert describe(sent.data) == ("image/jpeg", 10, 30)


async def test_what_cannot_be_read_is_not_sent():
    context = MemoryContext()
    with pytest.raises(Permanent, match="cannot be sent: this is not an image"):
        await read_reference(context, context.give(b"<html>"))
