"""PNG files as bytes: images of any common format to PNG, and text chunks without re-encoding.

Layout and chunk rules: PNG specification, third edition, sections 5 (datastream) and 11.3.3
(textual information), https://www.w3.org/TR/png-3/.
"""

import io
import re
import struct
import zlib
from collections.abc import Mapping

from PIL import Image

from engine.imaging.decode import check, load, opened, upright
from engine.imaging.png_stream import SIGNATURE, chunks, is_png
from engine.imaging.srgb import to_srgb

MAX_TEXT_BYTES = 4 * 1024 * 1024
"""Longest text of one chunk that is read, in bytes after decompression."""

MAX_TEXT_CHUNKS = 64
"""Maximum number of text chunks of one file that are read."""

_TEXT_TYPES = (b"tEXt", b"zTXt", b"iTXt")
_PNG_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
_KEYWORD = re.compile(r"[!-~\xa1-\xff]+(?: [!-~\xa1-\xff]+)*")


def to_png(data: bytes) -> bytes:
    """Return the same image as a PNG file.

    A PNG is checked to its end and returned unchanged. Anything else is decoded (the first frame
    of an animation), rotated as its EXIF orientation says, and written with its colour profile and
    without its other metadata.

    Raises:
        ImageError: It is not a whole image of an accepted format, or it is too large.
    """
    if is_png(data):
        check(data)
        return data
    with opened(data) as image:
        load(image)
        return _encode(image)


def insert_text(png: bytes, texts: Mapping[str, str]) -> bytes:
    """Insert text chunks right after the header, in the given order; pixels are not re-encoded.

    Text that fits Latin-1 becomes `tEXt`, other text becomes uncompressed `iTXt`. Chunks that
    already have one of these keywords are dropped, so the same call twice gives the same bytes.

    Args:
        png: A PNG file.
        texts: Text by keyword; a keyword is 1 to 79 printable Latin-1 characters.

    Raises:
        ImageError: The file is not a PNG or is cut short.
        ValueError: A keyword is not valid, or a text holds a NUL character.
    """
    added = b"".join(_text_chunk(keyword, text) for keyword, text in texts.items())
    names = {keyword.encode("latin-1") for keyword in texts}
    parts: list[bytes | memoryview] = [SIGNATURE]
    for kind, body, whole in chunks(png):
        if kind in _TEXT_TYPES and bytes(body[:80]).split(b"\0", 1)[0] in names:
            continue
        parts.append(whole)
        if kind == b"IHDR":
            parts.append(added)
    return b"".join(parts)


def read_text(png: bytes) -> dict[str, str]:
    """Return the text chunks of a PNG file by keyword; the last chunk of a keyword counts.

    Chunks that cannot be decoded, and those beyond `MAX_TEXT_BYTES` or `MAX_TEXT_CHUNKS`, are
    left out.

    Raises:
        ImageError: The file is not a PNG or is cut short.
    """
    texts: dict[str, str] = {}
    seen = 0
    for kind, body, _ in chunks(png):
        if kind not in _TEXT_TYPES:
            continue
        seen += 1
        if seen > MAX_TEXT_CHUNKS:
            break
        entry = _decode_text(kind, bytes(body[: MAX_TEXT_BYTES + 1024]))
        if entry is not None:
            texts[entry[0]] = entry[1]
    return texts


def _encode(image: Image.Image) -> bytes:
    profile = image.info.get("icc_profile")
    pixels = image
    if image.mode not in _PNG_MODES:
        pixels, profile = to_srgb(image), None
    buffer = io.BytesIO()
    upright(image, pixels).save(buffer, "PNG", icc_profile=profile)
    return buffer.getvalue()


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
    """Return at most one byte more than the longest text that is kept."""
    return zlib.decompressobj().decompress(data, MAX_TEXT_BYTES + 1)
