"""PNG files as bytes: pictures of any common format to PNG, and text chunks without re-encoding.

Layout and chunk rules: PNG specification, third edition, sections 5 (datastream) and 11.3.3
(textual information), https://www.w3.org/TR/png-3/.
"""

import functools
import io
import re
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping

from PIL import Image, ImageOps, UnidentifiedImageError

SIGNATURE = b"\x89PNG\r\n\x1a\n"

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
"""What is read, by content; none of these starts another program."""

MAX_PIXELS = 8192 * 8192
"""Pictures of more pixels than this are refused before they are decoded."""

MAX_TEXT_BYTES = 4 * 1024 * 1024
"""Longest text of one chunk that is read, in bytes after decompression."""

MAX_TEXT_CHUNKS = 64
"""How many text chunks of one file are read."""

_UNKNOWN = "this is not a picture of a known format"
_TEXT_TYPES = (b"tEXt", b"zTXt", b"iTXt")
_PNG_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
_KEYWORD = re.compile(r"[!-~\xa1-\xff]+(?: [!-~\xa1-\xff]+)*")


class PictureError(ValueError):
    """Bytes that are not a picture, are broken, or are larger than is accepted."""


def is_png(data: bytes) -> bool:
    """Whether the bytes begin as a PNG file does."""
    return data.startswith(SIGNATURE)


def describe(data: bytes) -> tuple[str, int, int]:
    """What a picture is by its content, read from its header alone.

    Returns:
        Media type, width and height in pixels (as stored, before any EXIF orientation).

    Raises:
        PictureError: It is not a picture of an accepted format, or it is too large.
    """
    with _open(data) as image:
        return Image.MIME[image.format or ""], image.width, image.height


def to_png(data: bytes) -> bytes:
    """The same picture as a PNG file.

    A PNG is checked and returned unchanged. Anything else is decoded (the first frame of an
    animation), turned as its EXIF orientation says, and written with its colour profile and
    without its other metadata.

    Raises:
        PictureError: It is not a whole picture of an accepted format, or it is too large.
    """
    with _open(data) as image:
        if image.format == "PNG":
            _check(image)
            return data
        try:
            return _encode(ImageOps.exif_transpose(image))
        except (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error) as error:
            raise PictureError(f"the picture cannot be decoded: {error}") from error


def insert_text(png: bytes, chunks: Mapping[str, str]) -> bytes:
    """Puts text chunks right after the header, in the order given; pixels are not re-encoded.

    Text that fits Latin-1 becomes `tEXt`, other text becomes uncompressed `iTXt`. Chunks that
    already have one of these keywords are dropped, so the same call twice gives the same bytes.

    Args:
        png: A PNG file.
        chunks: Text by keyword; a keyword is 1 to 79 printable Latin-1 characters.

    Raises:
        PictureError: The file is not a PNG or is cut short.
        ValueError: A keyword is not valid, or a text holds a NUL character.
    """
    added = b"".join(_text_chunk(keyword, text) for keyword, text in chunks.items())
    names = {keyword.encode("latin-1") for keyword in chunks}
    parts: list[bytes | memoryview] = [SIGNATURE]
    for kind, body, whole in _chunks(png):
        if kind in _TEXT_TYPES and bytes(body[:80]).split(b"\0", 1)[0] in names:
            continue
        parts.append(whole)
        if kind == b"IHDR":
            parts.append(added)
    return b"".join(parts)


def read_text(png: bytes) -> dict[str, str]:
    """The text chunks of a PNG file by keyword; of chunks with one keyword the last one counts.

    Chunks that cannot be decoded, and those beyond `MAX_TEXT_BYTES` or `MAX_TEXT_CHUNKS`, are
    left out.

    Raises:
        PictureError: The file is not a PNG or is cut short.
    """
    found: dict[str, str] = {}
    seen = 0
    for kind, body, _ in _chunks(png):
        if kind not in _TEXT_TYPES:
            continue
        seen += 1
        if seen > MAX_TEXT_CHUNKS:
            break
        entry = _decode_text(kind, bytes(body[: MAX_TEXT_BYTES + 1024]))
        if entry is not None:
            found[entry[0]] = entry[1]
    return found


def _open(data: bytes) -> Image.Image:
    if not looks_like_picture(data):
        raise PictureError(_UNKNOWN)
    try:
        image = Image.open(io.BytesIO(data), formats=_formats())
    except UnidentifiedImageError:
        raise PictureError(_UNKNOWN) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError(f"the picture is too large: {error}") from error
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error) as error:
        raise PictureError(f"the picture cannot be read: {error}") from error
    if image.width * image.height > MAX_PIXELS:
        image.close()
        size = f"{image.width} x {image.height}"
        raise PictureError(f"the picture is too large: {size} is over {MAX_PIXELS} pixels")
    return image


def looks_like_picture(data: bytes) -> bool:
    """Whether the first bytes are those of a picture: most files that are none end here."""
    head = data[:16]
    for accept in _accepts():  # noqa: SIM110 - asked of every small file
        if accept is None or accept(head):
            return True
    return False


@functools.cache
def _accepts() -> tuple[Callable[[bytes], bool | str] | None, ...]:
    """What each format says of a file's first bytes; None where it says nothing."""
    return tuple(Image.OPEN[name][1] for name in _formats())


@functools.cache
def _formats() -> tuple[str, ...]:
    """The accepted formats that this build of Pillow knows; older ones lack AVIF."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _check(image: Image.Image) -> None:
    try:
        image.verify()
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error) as error:
        raise PictureError(f"the PNG is broken: {error}") from error


def _encode(image: Image.Image) -> bytes:
    profile = image.info.get("icc_profile")
    if image.mode not in _PNG_MODES:
        alpha = image.mode in ("PA", "RGBa", "La")
        # A CMYK or Lab profile does not describe the RGB values that are written.
        profile = profile if image.mode in ("PA", "RGBa", "RGBX") else None
        image = image.convert("RGBA" if alpha else "RGB")
    buffer = io.BytesIO()
    image.save(buffer, "PNG", icc_profile=profile)
    return buffer.getvalue()


def _chunks(png: bytes) -> Iterator[tuple[bytes, memoryview, memoryview]]:
    """Type, body and whole of each chunk, up to and with the last one."""
    if not is_png(png):
        raise PictureError("this is not a PNG file")
    view, position = memoryview(png), len(SIGNATURE)
    kind = b""
    while kind != b"IEND":
        if position + 12 > len(png):
            raise PictureError("the PNG is cut short")
        length, first = struct.unpack_from(">I4s", png, position)
        end = position + 12 + length
        if end > len(png) or (not kind and first != b"IHDR"):
            raise PictureError("the PNG is cut short or its chunks are out of order")
        kind = first
        yield kind, view[position + 8 : end - 4], view[position:end]
        position = end


def _text_chunk(keyword: str, text: str) -> bytes:
    if not 1 <= len(keyword) <= 79 or not _KEYWORD.fullmatch(keyword):
        raise ValueError(f"not a keyword of a PNG text chunk: {keyword!r}")
    if "\0" in text:
        raise ValueError(f"the text of PNG chunk {keyword!r} holds a NUL character")
    name = keyword.encode("latin-1")
    try:
        kind, body = b"tEXt", name + b"\0" + text.encode("latin-1")
    except UnicodeEncodeError:
        # Flags: not compressed; language tag and translated keyword stay empty.
        kind, body = b"iTXt", name + b"\0\0\0\0\0" + text.encode("utf-8")
    checksum = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


def _decode_text(kind: bytes, body: bytes) -> tuple[str, str] | None:
    try:
        name, rest = body.split(b"\0", 1)
        if kind == b"iTXt":
            compressed, rest = rest[0], rest[2:].split(b"\0", 2)[2]
        else:
            compressed, rest = int(kind == b"zTXt"), rest[int(kind == b"zTXt") :]
        raw = _inflate(rest) if compressed else rest
        if len(raw) > MAX_TEXT_BYTES:
            return None
        return name.decode("latin-1"), raw.decode("utf-8" if kind == b"iTXt" else "latin-1")
    except (ValueError, IndexError, zlib.error):
        return None


def _inflate(data: bytes) -> bytes:
    """At most one byte more than the longest text that is kept."""
    return zlib.decompressobj().decompress(data, MAX_TEXT_BYTES + 1)
