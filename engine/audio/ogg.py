"""Ogg files (RFC 3533): their facts, and files whose bytes depend on their content alone."""

import io
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from engine.audio.facts import AudioFacts

_OPUS_RATE = 48_000
_MAX_PAGE = 65_307
_HEADER = 27
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_ONES = 0xFFFFFFFF


def read_ogg(stream: BinaryIO, size: int) -> AudioFacts | None:
    """Return the facts of an Ogg file of Vorbis or Opus; None if it is another, or is damaged.

    Args:
        stream: The file, at its start.
        size: Its bytes.
    """
    head = stream.read(_HEADER + 1 + 30)
    packet = head[_HEADER + head[_HEADER - 1] :] if len(head) > _HEADER else b""
    if head[:4] != b"OggS" or len(packet) < 19:
        return None
    if packet.startswith(b"\x01vorbis"):
        channels, rate, skipped = packet[11], int.from_bytes(packet[12:16], "little"), 0
    elif packet.startswith(b"OpusHead"):
        channels, rate = packet[9], _OPUS_RATE
        skipped = int.from_bytes(packet[10:12], "little")
    else:
        return None
    if not (channels >= 1 and 1 <= rate <= 1_000_000):
        return None
    frames = _last_position(stream, size, head[14:18]) - skipped
    return AudioFacts("audio/ogg", rate, channels, frames / rate if frames > 0 else None)


def _last_position(stream: BinaryIO, size: int, serial: bytes) -> int:
    """Return the number of frames up to the end, as the last page of a stream states it."""
    stream.seek(max(0, size - _MAX_PAGE), io.SEEK_SET)
    end = stream.read(_MAX_PAGE)
    start = end.rfind(b"OggS")
    while start >= 0:
        if end[start + 14 : start + 18] == serial:
            return int(struct.unpack("<q", end[start + 6 : start + 14])[0])
        start = end.rfind(b"OggS", 0, start)
    return 0


def with_serial(ogg: bytes, serial: int = 1) -> bytes:
    """Return a whole Ogg file of one stream with another serial number, which encoders draw.

    Args:
        ogg: Bytes of the file.
        serial: The number.
    """
    return b"".join(_numbered(page, serial) for page in _pages(ogg))


def _pages(ogg: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(ogg):
        body = start + _HEADER + ogg[start + _HEADER - 1]
        stop = body + sum(ogg[start + _HEADER : body])
        yield ogg[start:stop]
        start = stop


def _numbered(page: bytes, serial: int) -> bytes:
    head = page[:14] + serial.to_bytes(4, "little") + page[18:22]
    checksum = _checksum(head + bytes(4) + page[26:])
    return head + checksum.to_bytes(4, "little") + page[26:]


def _checksum(page: bytes) -> int:
    """Return the checksum of a page: that of zlib with the bits of each byte reversed."""
    reflected = zlib.crc32(page.translate(_REVERSED), _ONES) ^ _ONES
    return int(f"{reflected:032b}"[::-1], 2)
