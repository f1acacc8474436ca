"""XMP in films and sounds, for readers that know no C2PA: the kind of source, in its usual place.

These are the `uuid` box of ISO base media files, the chunk `_PMX` of WAV, and the frame `PRIV` of
ID3 in MP3 and FLAC, as part 3 of the XMP specification has them. The file is not copied for it.
"""

import io
import os
import struct
from typing import BinaryIO

from engine.imaging.xmp import source_type_packet
from engine.provenance.spliced import Spliced

_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_PMX, _OWNER = b"_PMX", b"XMP\0"
_MAX_PARTS = 100_000
_LIMIT = 0xFFFFFFFF
_PIECE = 1 << 20

Parts = list[bytes | tuple[int, int]]


def with_source_type(file: BinaryIO, media_type: str, address: str) -> BinaryIO:
    """Return a film or a sound with its kind of source as XMP, as a stream.

    One that has XMP already, and one with a layout that is not understood, is returned as it is.

    Args:
        file: The file; it is closed with the stream.
        media_type: Its media type.
        address: Address of the term in IPTC's vocabulary.
    """
    packet = source_type_packet(address)
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    look = _LOOKS.get(media_type)
    try:
        parts = look(file, size, packet) if look else None
    except struct.error:  # cut short
        parts = None
    file.seek(0)
    return io.BufferedReader(Spliced(file, parts), _PIECE) if parts else file


def _in_boxes(file: BinaryIO, size: int, packet: bytes) -> Parts | None:
    position = 0
    for _ in range(_MAX_PARTS):
        if position == size:
            box = struct.pack(">I4s", 24 + len(packet), b"uuid") + _BOX + packet
            return [(0, size), box]
        file.seek(position)
        length, kind = struct.unpack(">I4s", file.read(8))
        if length == 1:
            (length,) = struct.unpack(">Q", file.read(8))
        if length < 8 or (kind == b"uuid" and file.read(16) == _BOX):
            return None  # the last one is open to the end of the file, or there is XMP
        position += length
    return None


def _in_wave(file: BinaryIO, size: int, packet: bytes) -> Parts | None:
    kind, length, form = struct.unpack("<4sI4s", file.read(12))
    chunk = _PMX + struct.pack("<I", len(packet)) + packet + bytes(len(packet) & 1)
    end = min(size, 8 + length + (length & 1))
    if kind != b"RIFF" or form != b"WAVE" or end != size or size + len(chunk) > _LIMIT:
        return None
    position = 12
    while position < size:
        file.seek(position)
        name, inner = struct.unpack("<4sI", file.read(8))
        if name == _PMX:
            return None
        position += 8 + inner + (inner & 1)
    head = struct.pack("<4sI", b"RIFF", size - 8 + len(chunk))
    return [head, (8, size), chunk] if position == size else None


def _in_id3(file: BinaryIO, size: int, packet: bytes) -> Parts | None:
    head = file.read(10)
    content = _OWNER + packet
    if head[:3] != b"ID3":
        frame = b"PRIV" + _synchsafe(len(content)) + b"\0\0" + content
        return [b"ID3\x04\0\0" + _synchsafe(len(frame)) + frame, (0, size)]
    version, _, flags, *sizes = struct.unpack("7B", head[3:])
    if version not in (3, 4) or flags:
        return None
    length = sum((one & 0x7F) << 7 * place for place, one in enumerate(reversed(sizes)))
    tag = file.read(length)
    if b"PRIV" in tag and _OWNER in tag:
        return None
    packed = _synchsafe(len(content)) if version == 4 else struct.pack(">I", len(content))
    frame = b"PRIV" + packed + b"\0\0" + content
    return [head[:6] + _synchsafe(length + len(frame)) + frame, (10, size)]


def _synchsafe(number: int) -> bytes:
    """Return a number as four bytes of seven bits."""
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


_LOOKS = {
    "video/mp4": _in_boxes,
    "video/quicktime": _in_boxes,
    "audio/mp4": _in_boxes,
    "audio/wav": _in_wave,
    "audio/x-wav": _in_wave,
    "audio/mpeg": _in_id3,
    "audio/flac": _in_id3,
}
