import io
import struct
import zlib

import pytest
from PIL import Image

from engine.imaging import png as pngs
from engine.imaging.decode import describe
from engine.imaging.errors import ImageError
from engine.imaging.png_stream import SIGNATURE, is_png
from tests.support.pixels import pixel


def decode(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def after_header(png: bytes, extra: bytes) -> bytes:
    return png[:33] + extra + png[33:]


def test_a_png_passes_unchanged(png):
    assert is_png(png)
    assert pngs.to_png(png) is png
    assert describe(png) == ("image/png", 12, 8)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "WEBP"])
def test_other_formats_become_the_same_pixels_as_png(image, encoded, kind):
    data = encoded(kind, lossless=True) if kind == "WEBP" else encoded(kind)
    converted = pngs.to_png(data)
    assert is_png(converted)
    assert decode(converted).convert("RGB").tobytes() == image.tobytes()
    assert pngs.to_png(data) == converted


def test_exif_orientation_is_applied_and_metadata_left_behind(image, encoded):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter clockwise to be shown
    exif[0x010E] = "where I live"
    converted = pngs.to_png(encoded("JPEG", exif=exif, quality=95))
    decoded = decode(converted)
    assert decoded.size == (8, 12)
    assert b"where I live" not in converted
    red, _, blue = pixel(decoded.convert("RGB"), (7, 0))
    assert blue > red  # the blue corner, top left before, is top right now


def test_cmyk_becomes_rgb_and_alpha_is_kept(image, encoded):
    cmyk = io.BytesIO()
    image.convert("CMYK").save(cmyk, "JPEG")
    assert decode(pngs.to_png(cmyk.getvalue())).mode == "RGB"
    clear = io.BytesIO()
    Image.new("RGBA", (4, 4), (1, 2, 3, 77)).save(clear, "WEBP", lossless=True)
    assert decode(pngs.to_png(clear.getvalue())).getpixel((0, 0)) == (1, 2, 3, 77)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not an image",
        b"<html><body>504</body></html>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        SIGNATURE,
        SIGNATURE + b"\0" * 40,
    ],
)
def test_what_is_no_image_is_refused(data):
    with pytest.raises(ImageError):
        pngs.to_png(data)


def test_cut_or_damaged_files_are_refused(png, encoded):
    damaged = bytearray(png)
    damaged[45] ^= 0xFF
    for broken in (png[:-20], bytes(damaged), encoded("JPEG")[:60]):
        with pytest.raises(ImageError):
            pngs.to_png(broken)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [8193, 12_000, 60_000])
def test_a_bomb_is_refused_from_its_header(png, side):
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    bomb = SIGNATURE + chunk(b"IHDR", header) + png[33:]
    with pytest.raises(ImageError, match=r"^the image is too large: .*\d pixels$"):
        pngs.to_png(bomb)


def test_text_goes_in_and_comes_out_and_pixels_stay(png, image):
    texts = {"Plain": "caf\xe9, line\nline", "Wide": "\u706f \U0001f3ee"}
    marked = pngs.insert_text(png, texts)
    assert pngs.read_text(marked) == texts
    decoded = decode(marked)
    assert decoded.text == texts  # type: ignore[attr-defined]
    assert decoded.tobytes() == image.tobytes()
    assert marked.endswith(png[33:])
    Image.open(io.BytesIO(marked)).verify()
    assert pngs.to_png(marked) is marked
    assert b"tEXtPlain" in marked
    assert b"iTXtWide" in marked


def test_a_chunk_of_the_same_name_is_replaced_and_others_stay(png):
    first = pngs.insert_text(png, {"a": "1", "b": "2"})
    second = pngs.insert_text(first, {"a": "\u0416"})
    assert pngs.read_text(second) == {"a": "\u0416", "b": "2"}
    assert pngs.insert_text(second, {"a": "\u0416"}) == second


def test_a_compressed_chunk_of_the_same_name_is_replaced(png):
    old = after_header(png, chunk(b"zTXt", b"a\0\0" + zlib.compress(b"old")))
    assert pngs.read_text(old) == {"a": "old"}
    assert pngs.insert_text(old, {"a": "new"}) == pngs.insert_text(png, {"a": "new"})


@pytest.mark.parametrize("keyword", ["", "k" * 80, " a", "a ", "a  b", "a\0b", "\u706f", "a\nb"])
def test_bad_keywords_are_refused(png, keyword):
    with pytest.raises(ValueError, match="keyword"):
        pngs.insert_text(png, {keyword: "x"})


def test_nul_in_text_is_refused(png):
    with pytest.raises(ValueError, match="NUL"):
        pngs.insert_text(png, {"a": "x\0y"})


def test_text_of_a_file_that_is_not_whole_is_refused(png):
    for broken in (b"", b"GIF89a", png[:-5], png[:20]):
        with pytest.raises(ImageError):
            pngs.read_text(broken)
        with pytest.raises(ImageError):
            pngs.insert_text(broken, {"a": "b"})


def test_text_bombs_and_broken_text_are_left_out(png):
    bomb = zlib.compress(b"a" * (pngs.MAX_TEXT_BYTES + 1))
    extra = (
        chunk(b"zTXt", b"bomb\0\0" + bomb)
        + chunk(b"iTXt", b"bomb2\0\1\0\0\0" + bomb)
        + chunk(b"iTXt", b"bad\0\0\0\0\0\xff\xfe")
        + chunk(b"iTXt", b"short\0\0")
        + chunk(b"tEXt", b"no separator")
        + chunk(b"zTXt", b"noise\0\0noise")
        + chunk(b"tEXt", b"good\0yes")
        + chunk(b"iTXt", b"packed\0\1\0en\0\0" + zlib.compress("\u706f".encode()))
    )
    assert pngs.read_text(after_header(png, extra)) == {"good": "yes", "packed": "\u706f"}


def test_the_number_of_text_chunks_is_bounded(png):
    many = b"".join(chunk(b"tEXt", b"k%d\0v" % number) for number in range(1000))
    assert len(pngs.read_text(after_header(png, many))) == pngs.MAX_TEXT_CHUNKS
