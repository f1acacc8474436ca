"""FLAC files: the stream's header."""

from typing import BinaryIO

from engine.audio.facts import AudioFacts

_STREAMINFO_BYTES = 34


def read_flac(stream: BinaryIO) -> AudioFacts | None:
    """Return the facts of a FLAC file, or None if it is not one or is damaged.

    Args:
        stream: The file, at its start.
    """
    head = stream.read(8 + _STREAMINFO_BYTES)
    if head[:4] != b"fLaC" or len(head) < 8 + _STREAMINFO_BYTES:
        return None
    if head[4] & 0x7F or int.from_bytes(head[5:8], "big") != _STREAMINFO_BYTES:
        return None  # the first block has to be STREAMINFO
    packed = int.from_bytes(head[18:26], "big")  # 20 bits, 3 bits, 5 bits, 36 bits
    rate, channels = packed >> 44, (packed >> 41 & 0b111) + 1
    frames = packed & (1 << 36) - 1
    if not rate:
        return None
    return AudioFacts("audio/flac", rate, channels, frames / rate if frames else None)
