"""The datastream of a PNG file: its chunks, their checksums, and the compressed pixels inside.

Layout and rules: PNG specification, third edition, sections 5 (datastream), 8 (interlacing) and
10 (compression), https://www.w3.org/TR/png-3/.
"""

import struct
import zlib
from collections.abc import Iterator

from engine.imaging.errors import ImageError

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Samples of a pixel by colour type."""

_PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
"""Adam7: first column and row of each pass, and the steps to the next ones."""

_PIECE = 1 << 20


def is_png(data: bytes) -> bool:
    """Return whether the bytes start like a PNG file."""
    return data.startswith(SIGNATURE)


def chunks(png: bytes) -> Iterator[tuple[bytes, memoryview, memoryview]]:
    """Yield the type, body and whole of each chunk, up to and including the last one.

    Raises:
        ImageError: The file is not a PNG, is cut short, or begins with another chunk.
    """
    if not is_png(png):
        raise ImageError("this is not a PNG file")
    view, position = memoryview(png), len(SIGNATURE)
    kind = b""
    while kind != b"IEND":
        if position + 12 > len(png):
            raise ImageError("the PNG is cut short")
        length, first = struct.unpack_from(">I4s", png, position)
        end = position + 12 + length
        if end > len(png) or (not kind and first != b"IHDR"):
            raise ImageError("the PNG is cut short or its chunks are out of order")
        kind = first
        yield kind, view[position + 8 : end - 4], view[position:end]
        position = end


def check_stream(png: bytes) -> None:
    """Check every chunk's checksum and inflate the pixels to their end.

    Decoders stop at the last row, and some leave the rest blank if the stream ends early.

    Raises:
        ImageError: A checksum is wrong, or there are fewer pixels than the header says.
    """
    inflating, left = zlib.decompressobj(), 0
    for kind, body, whole in chunks(png):
        if zlib.crc32(whole[4:-4]) != int.from_bytes(whole[-4:], "big"):
            raise ImageError("the PNG is broken: a chunk has a wrong checksum")
        if kind == b"IHDR":
            left = _filtered_size(body)
        elif kind == b"IDAT" and left >= 0 and not inflating.eof:
            left = _inflate(inflating, body, left)
    if left > 0 or (left == 0 and not inflating.eof):
        raise ImageError("the PNG is broken: its pixels end too early")


def _inflate(inflating: "zlib._Decompress", body: memoryview, left: int) -> int:
    """Inflate one chunk's bytes piece by piece.

    Returns:
        Bytes of pixels that are still to come; -1 once there is more than the header asks for.
    """
    rest: bytes | memoryview = body
    try:
        while (rest or left == 0) and not inflating.eof:
            piece = inflating.decompress(rest, _PIECE)
            left -= len(piece)
            if left < 0:
                return -1
            if not piece and not inflating.unconsumed_tail:
                break
            rest = inflating.unconsumed_tail
    except zlib.error as error:
        raise ImageError(f"the PNG is broken: {error}") from error
    return left


def _filtered_size(header: memoryview) -> int:
    """Return the size of the pixels before compression, including one filter byte per row."""
    try:
        width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
        bits = int(depth) * _SAMPLES[colour]
    except (struct.error, KeyError):
        raise ImageError("the PNG is broken: its header cannot be understood") from None
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    return sum(
        -(-(height - top) // down) * (1 + (-(-(width - left) // across) * bits + 7) // 8)
        for left, top, across, down in passes
        if width > left and height > top
    )
