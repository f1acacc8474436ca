"""Signed images: found by structure in every format, and never by letters."""

import io

import pytest
from PIL import Image

from engine.imaging.decode import check
from engine.imaging.png import insert_text
from engine.imaging.signed import is_signed
from tests.support.signed import MANIFEST, app11, box, sign

FORMATS = ["PNG", "JPEG", "WEBP", "GIF", "AVIF"]


def drawn(kind: str, **options) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((60, 40), 60).convert("RGB").save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("kind", FORMATS)
def test_a_manifest_is_found_and_the_image_stays_one(kind):
    plain = drawn(kind)
    assert not is_signed(plain)
    assert is_signed(sign(plain))
    check(sign(plain))


def test_a_manifest_in_a_tiff_is_a_tag():
    assert is_signed(drawn("TIFF", tiffinfo={0xCD41: MANIFEST}))
    assert not is_signed(drawn("TIFF"))


def test_a_manifest_may_stand_behind_the_pixels():
    signed, plain = sign(drawn("PNG")), drawn("PNG")
    chunk = signed[33 : 33 + 12 + len(MANIFEST)]
    assert is_signed(plain[:-12] + chunk + plain[-12:])


def test_letters_alone_are_no_manifest():
    words = "caBX jumb jumd c2pa C2PA C2PA_GIF"
    assert not is_signed(insert_text(drawn("PNG"), {"parameters": words}))
    assert not is_signed(drawn("JPEG", comment=words.encode()))
    assert not is_signed(drawn("GIF", comment=words.encode()))
    other = MANIFEST.replace(b"c2pa", b"json")
    jpeg = drawn("JPEG")
    assert not is_signed(jpeg[:2] + app11(other) + jpeg[2:])
    assert not is_signed(drawn("AVIF") + box(bytes(16) + MANIFEST))


@pytest.mark.parametrize("kind", FORMATS)
def test_no_bytes_stop_the_looking(kind):
    data = sign(drawn(kind))
    for end in range(0, len(data), 7):
        is_signed(data[:end])
    for place in range(min(len(data), 900)):
        is_signed(data[:place] + b"\xff" + data[place + 1 :])
        is_signed(data[:place] + b"\0" + data[place + 1 :])
    assert not is_signed(b"")
