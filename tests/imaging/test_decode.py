"""One way to decode an image: what every reader of it sees, and what is refused."""

import ast
import io
import random
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms, ImageFile

from engine.backends.builtin.painter.reference import _pixels
from engine.backends.common.inline_images import MAX_SIDE, fitted
from engine.backends.common.previews import fit_preview
from engine.imaging.decode import FORMATS, check, decoded, describe
from engine.imaging.errors import ImageError, UnknownFormatError
from engine.imaging.measure.image import measure
from engine.imaging.png import to_png
from engine.imaging.png_stream import SIGNATURE
from engine.imaging.sending import sendable
from engine.imaging.sheet import contact_sheet
from engine.kinds.checked.images import check_image
from engine.models.diffusion.sizes import opened
from engine.models.scorers.images import ImageBatch
from tests.support.pixels import pixel
from tui.images.decode import thumbnail

ROOT = Path(__file__).resolve().parents[2]
SIDE = 48
"""Of the images here: the left half is red, the rest blue, the lower right quarter green."""


EXACT: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 98, "subsampling": 0},
    "AVIF": {"quality": 100, "subsampling": "4:4:4"},
    "WEBP": {"lossless": True},
}


def drawn() -> Image.Image:
    image = Image.new("RGB", (SIDE, SIDE), (20, 40, 220))
    image.paste((220, 30, 20), (0, 0, SIDE // 2, SIDE))
    image.paste((20, 200, 40), (SIDE // 2, SIDE // 2, SIDE, SIDE))
    return image


def file(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def stored_turned(kind: str) -> bytes:
    """The image lying on its side, with the note that says so."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise
    return file(
        drawn().transpose(Image.Transpose.ROTATE_90), kind, exif=exif, **EXACT.get(kind, {})
    )


def of_two_images() -> bytes:
    """An MPO, as phones and cameras write it."""
    other = Image.new("RGB", (SIDE, SIDE), (0, 0, 0))
    return file(drawn(), "MPO", save_all=True, append_images=[other], quality=98, subsampling=0)


def clear_palette() -> bytes:
    image = Image.new("P", (SIDE, SIDE), 0)
    image.putpalette([255, 0, 255, 220, 30, 20, 20, 40, 220, 20, 200, 40])
    image.paste(1, (0, 0, SIDE // 2, SIDE))
    image.paste(2, (SIDE // 2, 0, SIDE, SIDE // 2))
    image.paste(3, (SIDE // 2, SIDE // 2, SIDE, SIDE))
    image.paste(0, (0, 0, 2, 2))
    return file(image, transparency=0)


SAME = {
    **{f"turned-{kind}": stored_turned(kind) for kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF")},
    "mpo": of_two_images(),
    "cmyk": file(drawn().convert("CMYK"), "JPEG", quality=98),
    "cmyk-tiff": file(drawn().convert("CMYK"), "TIFF"),
    "gif": file(drawn(), "GIF"),
    "bmp": file(drawn(), "BMP"),
    "tiff": file(drawn(), "TIFF"),
    "avif": file(drawn(), "AVIF", quality=100, subsampling="4:4:4"),
    "palette": clear_palette(),
    "alpha": file(drawn().convert("RGBA")),
}
PLACES = {(10, 10): (220, 30, 20), (38, 10): (20, 40, 220), (38, 38): (20, 200, 40)}


def looks_right(image: Image.Image, scale: float = 1) -> None:
    assert image.mode == "RGB"
    for (x, y), colour in PLACES.items():
        found = image.getpixel((int(x * scale), int(y * scale)))
        assert found == pytest.approx(colour, abs=14), (x, y)


@pytest.mark.parametrize("name", SAME)
def test_every_reader_sees_the_same_image(name):
    data = SAME[name]
    looks_right(decoded(data))
    looks_right(opened(data))
    looks_right(ImageBatch([data]).images[0])
    looks_right(thumbnail(data, (SIDE * 2, SIDE * 2)), 2)
    for sent in (sendable(data), fitted(data)):
        assert sent.media_type == describe(sent.data)[0]
        assert sent.media_type in ("image/png", "image/jpeg", "image/webp")
        with Image.open(io.BytesIO(sent.data)) as image:  # by a program that heeds nothing
            looks_right(image.convert("RGB"))
    looks_right(decoded(to_png(data)))
    whole = measure(file(drawn())).numbers()
    assert measure(data).numbers() == pytest.approx(whole, abs=0.05, rel=0.1)
    wanted = _pixels(file(drawn()))
    assert abs(_pixels(data) - wanted).mean() < 0.03
    with Image.open(io.BytesIO(contact_sheet([data]))) as sheet:
        looks_right(sheet.crop((12, 12, 12 + SIDE, 12 + SIDE)))


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("I;16", "PNG"), ("I;16", "TIFF"), ("I;16B", "TIFF"), ("I", "TIFF"), ("L", "PNG")],
)
def test_greys_of_sixteen_bits_are_scaled(mode, kind):
    grey = Image.new(mode, (SIDE, SIDE), 128 if mode == "L" else 128 * 257)
    assert decoded(file(grey, kind)).getpixel((5, 5)) == (128, 128, 128)
    assert measure(file(grey, kind)).lightness == pytest.approx(0.6, abs=0.01)


def test_fractions_are_black_to_white():
    grey = Image.new("F", (8, 8), 0.5)
    assert decoded(file(grey, "TIFF")).getpixel((1, 1)) == (128, 128, 128)


def test_what_is_transparent_is_white_for_all():
    data = file(Image.new("RGBA", (SIDE, SIDE), (0, 0, 0, 0)))
    for image in (
        decoded(data),
        opened(data),
        ImageBatch([data]).images[0],
        thumbnail(data, (9, 9)),
    ):
        assert image.getpixel((3, 3)) == (255, 255, 255)
    assert measure(data).lightness > 0.99
    assert decoded(clear_palette()).getpixel((0, 0)) == (255, 255, 255)
    half = file(Image.new("LA", (4, 4), (0, 128)))
    assert decoded(half).getpixel((0, 0)) == pytest.approx((127, 127, 127), abs=1)


def test_colours_are_those_that_the_profile_describes():
    """A profile with red and green swapped stands for any that is not sRGB."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = (
        srgb.replace(b"\0s\0R\0G\0B", b"\0t\0e\0s\0t")
        .replace(b"rXYZ", b"\0tmp")
        .replace(b"gXYZ", b"rXYZ")
    )
    swapped = swapped.replace(b"\0tmp", b"gXYZ")
    image = Image.new("RGB", (8, 8), (200, 0, 0))
    red, green, _ = pixel(decoded(file(image, icc_profile=swapped)))
    assert green > 150 > 50 > red
    clear = image.convert("RGBA")
    assert pixel(decoded(file(clear, icc_profile=swapped)))[1] > 150
    assert decoded(file(image, icc_profile=srgb)).getpixel((0, 0)) == (200, 0, 0)
    assert decoded(file(image, icc_profile=b"nonsense")).getpixel((0, 0)) == (200, 0, 0)
    assert sendable(file(image, icc_profile=srgb)).data == file(image, icc_profile=srgb)
    assert sendable(file(image, icc_profile=swapped)).data != file(image, icc_profile=swapped)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_plain_image_is_sent_as_it_is(kind):
    data = file(drawn(), kind)
    assert sendable(data).data is data
    assert fitted(data).data is data


def test_a_critic_is_sent_no_more_than_it_looks_at():
    data = file(Image.new("RGB", (MAX_SIDE + 8, 40), (9, 9, 9)))
    assert describe(fitted(data).data) == ("image/jpeg", MAX_SIDE, 40)


def test_an_image_of_several_is_taken_in_as_the_jpeg_that_it_is():
    data = of_two_images()
    assert describe(data) == ("image/jpeg", SIDE, SIDE)
    taken = check_image(data)
    assert (taken.media_type, taken.data) == ("image/jpeg", data)
    assert fit_preview(data) == data


def test_broken_metadata_spoils_no_image():
    data = file(drawn(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + bytes(range(90)))
    looks_right(decoded(data))


# -- whole or not --------------------------------------------------------------------------------


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of(stream: bytes, side: int = 64, piece: int = 0) -> bytes:
    """A PNG around a stream of pixels, every checksum right."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    cuts = range(0, len(stream), piece or max(1, len(stream)))
    pixels = b"".join(chunk(b"IDAT", stream[at : at + (piece or len(stream))]) for at in cuts)
    return SIGNATURE + header + pixels + chunk(b"IEND", b"")


SOURCE = random.Random(4)
ROWS = b"".join(b"\0" + SOURCE.randbytes(3 * 64) for _ in range(64))
BROKEN = {
    "no pixels": b"",
    "half of the rows": zlib.compress(ROWS[: len(ROWS) // 2]),
    "one byte short": zlib.compress(ROWS[:-1]),
    "cut stream": zlib.compress(ROWS)[:6000],
    "cut checksum": zlib.compress(ROWS)[:-2],
    "wrong checksum": zlib.compress(ROWS)[:-4] + b"\0\0\0\0",
    "noise": zlib.compress(ROWS)[:500] + SOURCE.randbytes(200),
    "no such filter": zlib.compress(b"\x09" + ROWS[1:]),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("piece", [0, 1000])
def test_pixels_that_do_not_decode_to_their_end_are_refused(name, piece):
    data = png_of(BROKEN[name], piece=piece)
    with pytest.raises(ImageError):
        check(data)
    with pytest.raises(ValueError, match="damaged image"):
        check_image(data)


@pytest.mark.parametrize("piece", [0, 1, 7, 1000])
def test_pixels_that_do_are_taken(piece):
    check(png_of(zlib.compress(ROWS), piece=piece))
    check(png_of(zlib.compress(ROWS + b"more"), piece=piece))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (13, 200), (300, 7)])
def test_every_kind_of_png_is_taken(mode, size):
    check(file(Image.new(mode, size)))
    if mode == "P":
        check(file(Image.new(mode, size), bits=1))


def test_an_interlaced_png_is_checked_pass_by_pass():
    passes = ((1, 1), (1, 1), (1, 1), (3, 1), (2, 2), (5, 1))  # 5 x 3 pixels; the third has none
    rows = b"".join(down * (b"\0" + bytes(across)) for across, down in passes if across)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 5, 3, 8, 0, 0, 0, 1))
    for pixels, whole in ((rows, True), (rows[:-1], False)):
        data = SIGNATURE + header + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")
        if whole:
            check(data)
        else:
            with pytest.raises(ImageError):
                check(data)


@pytest.mark.parametrize("kind", [*FORMATS])
def test_half_a_file_is_refused_whatever_others_told_the_decoder(kind, monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    data = file(Image.effect_noise((200, 200), 90).convert("RGB"), kind)
    check(data)
    with pytest.raises(ImageError):
        check(data[: len(data) // 2])
    with pytest.raises(ImageError):
        decoded(data[: len(data) // 2])


def test_checking_encodes_nothing(monkeypatch):
    data = file(drawn(), "JPEG")
    monkeypatch.setattr(Image.Image, "save", lambda *_args, **_options: pytest.fail("encoded"))
    check(data)


def test_what_is_no_image_is_told_apart_from_a_broken_one():
    for data in (b"", b"<html>", b"%!PS-Adobe-3.0 EPSF-3.0\n"):
        with pytest.raises(UnknownFormatError):
            decoded(data)


def test_nothing_else_opens_an_image():
    """Neither Pillow's `open` nor its switch for broken files is used outside of the one module."""
    found = []
    for folder in ("engine", "tui", "db", "themes"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "Image" not in (text := path.read_text()) and "LOAD_TRUNC" not in text:
                continue
            nodes = ast.walk(ast.parse(text))
            found += [path.relative_to(ROOT).as_posix()] if any(map(_opens, nodes)) else []
    assert found == ["engine/imaging/decode.py"]


def _opens(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        names = {alias.name for alias in node.names}
        renamed = any(alias.asname for alias in node.names)
        return (node.module == "PIL.Image" and "open" in names) or (
            node.module == "PIL" and (renamed or "ImageFile" in names)
        )
    if not isinstance(node, ast.Attribute):
        return False
    owner = node.value.id if isinstance(node.value, ast.Name) else getattr(node.value, "attr", "")
    return (owner == "Image" and node.attr == "open") or node.attr == "LOAD_TRUNCATED_IMAGES"
