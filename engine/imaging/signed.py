"""Files that carry a C2PA manifest, whose signature covers their bytes: images, films and sounds.

Found by the structure of each format, as "Embedding manifests into various file formats" of the
C2PA Technical Specification 2.2 says, appendix A (https://spec.c2pa.org/), never by looking for
its letters: any prompt may contain those. The validity of a signature is not checked.
"""

import functools
import io
import os
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from engine.imaging.png_stream import SIGNATURE

MAX_PARTS = 200_000
"""Maximum number of chunks, segments, boxes or blocks of a file that are examined."""

_MANIFEST_BOX = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_JUMBF_KIND = b"c2pa"  # the first four bytes of the content type's UUID, ISO/IEC 19566-5
_GIF_NAME = b"C2PA_GIF"
_TIFF_TAG = 0xCD41
_ID3_TYPES = (b"application/c2pa", b"application/x-c2pa-manifest-store")
_MAX_TAG_BYTES = 64 << 20


def is_signed(data: bytes) -> bool:
    """Return whether a file carries a manifest."""
    return _is_signed(io.BytesIO(data))


def is_signed_file(path: Path) -> bool:
    """Return whether a stored file, which never changes, carries a manifest.

    Raises:
        OSError: It cannot be read.
    """
    return _remembered(os.fspath(path))


@functools.lru_cache(maxsize=100_000)
def _remembered(path: str) -> bool:
    with Path(path).open("rb") as stream:
        return _is_signed(stream)


def _is_signed(stream: BinaryIO) -> bool:
    head = stream.read(16)
    for begins, look in _FORMATS:
        if begins(head):
            try:
                return look(stream)
            except (struct.error, ValueError, IndexError, OverflowError):
                return False  # cut short
    return False


def _in_png(stream: BinaryIO) -> bool:
    stream.seek(len(SIGNATURE))
    for _ in range(MAX_PARTS):
        length, kind = struct.unpack(">I4s", stream.read(8))
        if kind in (b"caBX", b"IEND"):
            return bool(kind == b"caBX")
        stream.seek(length + 4, os.SEEK_CUR)
    return False


def _in_jpeg(stream: BinaryIO) -> bool:
    stream.seek(2)
    for _ in range(MAX_PARTS):
        mark, kind = stream.read(2)
        while kind == 0xFF:  # any number of these may precede a marker
            kind = stream.read(1)[0]
        if mark != 0xFF or kind in (0xDA, 0xD9):  # the scan begins, or the image ends
            return False
        (length,) = struct.unpack(">H", stream.read(2))
        end = stream.tell() + length - 2
        if kind == 0xEB and _is_manifest(stream.read(28)):
            return True
        stream.seek(end)
    return False


def _is_manifest(segment: bytes) -> bool:
    """Return whether an APP11 segment starts a superbox of C2PA: boxes `jumb`, then `jumd`."""
    return (
        segment[:2] == b"JP"
        and segment[12:16] == b"jumb"
        and segment[20:24] == b"jumd"
        and segment[24:28] == _JUMBF_KIND
    )


def _in_riff(stream: BinaryIO) -> bool:
    """Return whether a WebP or WAV file has a manifest; samples beyond 4 GiB are not read."""
    stream.seek(12)
    for _ in range(MAX_PARTS):
        kind, length = struct.unpack("<4sI", stream.read(8))
        if kind == b"C2PA":
            return True
        stream.seek(length + length % 2, os.SEEK_CUR)
    return False


def _in_id3(stream: BinaryIO) -> bool:
    """Return whether the ID3 tag of an MP3 or FLAC file has a frame `GEOB` with a manifest."""
    stream.seek(3)
    version, _, flags, *sizes = struct.unpack("7B", stream.read(7))
    end = 10 + _synchsafe(sizes)
    if end > _MAX_TAG_BYTES or version not in (3, 4):
        return False
    if flags & 0x40:
        extended = stream.read(4)
        size = _synchsafe(extended) - 4 if version == 4 else int.from_bytes(extended, "big")
        stream.seek(size, os.SEEK_CUR)
    while stream.tell() + 10 <= end:
        kind, *size_and_flags = struct.unpack("4s6B", stream.read(10))
        length = _frame_size(version, size_and_flags[:4])
        if kind == b"GEOB":
            mime = stream.read(min(length, 64))[1:].split(b"\0", 1)[0]
            if mime in _ID3_TYPES:
                return True
            length -= min(length, 64)
        stream.seek(length, os.SEEK_CUR)
    return False


def _frame_size(version: int, sizes: Sequence[int]) -> int:
    return _synchsafe(sizes) if version == 4 else int.from_bytes(bytes(sizes), "big")


def _synchsafe(sizes: Sequence[int]) -> int:
    """Return a number of seven bits a byte."""
    number = 0
    for one in sizes:
        number = number << 7 | (one & 0x7F)
    return number


def _in_boxes(stream: BinaryIO) -> bool:
    """Return whether a file of boxes (ISO/IEC 14496-12), such as AVIF, has a manifest."""
    position = 0
    for _ in range(MAX_PARTS):
        stream.seek(position)
        length, kind = struct.unpack(">I4s", stream.read(8))
        if length == 1:
            (length,) = struct.unpack(">Q", stream.read(8))
        if kind == b"uuid" and stream.read(16) == _MANIFEST_BOX:
            return True
        if length < 8:  # 0: to the end of the file
            return False
        position += length
    return False


def _in_gif(stream: BinaryIO) -> bool:
    stream.seek(10)
    _skip_colours(stream, stream.read(3)[0])
    for _ in range(MAX_PARTS):
        kind = stream.read(1)
        if kind == b"!":
            label = stream.read(1)
            name = stream.read(stream.read(1)[0])
            if label == b"\xff" and name.startswith(_GIF_NAME):
                return True
        elif kind == b",":
            _skip_colours(stream, stream.read(9)[8])
            stream.seek(1, os.SEEK_CUR)
        else:
            return False
        _skip_blocks(stream)
    return False


def _skip_colours(stream: BinaryIO, flags: int) -> None:
    if flags & 0x80:
        stream.seek(3 << (1 + (flags & 7)), os.SEEK_CUR)


def _skip_blocks(stream: BinaryIO) -> None:
    for _ in range(MAX_PARTS):
        length = stream.read(1)[0]
        if not length:
            return
        stream.seek(length, os.SEEK_CUR)


def _in_tiff(stream: BinaryIO) -> bool:
    stream.seek(0)
    order = "<" if stream.read(2) == b"II" else ">"
    _, position = struct.unpack(f"{order}HI", stream.read(6))
    stream.seek(position)
    (count,) = struct.unpack(f"{order}H", stream.read(2))
    entries = stream.read(12 * count)
    tags = (struct.unpack_from(f"{order}H", entries, 12 * at)[0] for at in range(count))
    return _TIFF_TAG in tags


_FORMATS: tuple[tuple[Callable[[bytes], bool], Callable[[BinaryIO], bool]], ...] = (
    (lambda head: head.startswith(SIGNATURE), _in_png),
    (lambda head: head.startswith(b"\xff\xd8\xff"), _in_jpeg),
    (lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP", _in_riff),
    (lambda head: head[:4] == b"RIFF" and head[8:12] == b"WAVE", _in_riff),
    (lambda head: head[:3] == b"ID3", _in_id3),
    (lambda head: head[4:8] == b"ftyp", _in_boxes),
    (lambda head: head[:6] in (b"GIF87a", b"GIF89a"), _in_gif),
    (lambda head: head[:4] in (b"II*\0", b"MM\0*"), _in_tiff),
)
