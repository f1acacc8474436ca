"""MP3 files: the first frames, and the length from their headers."""

from dataclasses import dataclass
from typing import BinaryIO

from engine.audio.facts import AudioFacts

MAX_SEARCH = 4096
"""Bytes between a tag, or the start of the file, and the first frame."""

_KBITS = {  # ISO/IEC 11172-3 and 13818-3, layer III; index 0 is "free", 15 is forbidden
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
}
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
"""Sample rates by the two version bits: MPEG 1, MPEG 2, MPEG 2.5."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """One frame's header."""

    version: int
    sample_rate: int
    channels: int
    kbits: int
    padding: int

    @property
    def samples(self) -> int:
        return 1152 if self.version == 3 else 576

    @property
    def length(self) -> int:
        return self.samples // 8 * self.kbits * 1000 // self.sample_rate + self.padding

    @property
    def side_info(self) -> int:
        """Bytes between the header and a Xing tag."""
        mono = self.channels == 1
        if self.version == 3:
            return 17 if mono else 32
        return 9 if mono else 17


def looks_like_mp3(head: bytes) -> bool:
    """Return True if bytes start with an ID3 tag or with a frame."""
    return head[:3] == b"ID3" or _frame(head[:4]) is not None


def read_mp3(stream: BinaryIO, size: int) -> AudioFacts | None:
    """Return the facts of an MP3 file, or None if it is not one or is damaged.

    Two frames in a row have to agree, so that other files are not mistaken for one.

    Args:
        stream: The file, at its start.
        size: Bytes of the file.
    """
    start = _after_tag(stream.read(10))
    if start is None or start >= size:
        return None
    stream.seek(start)
    data = stream.read(MAX_SEARCH + 4096)
    for offset in range(min(MAX_SEARCH, max(0, len(data) - 4)) if start else 1):
        frame = _frame(data[offset : offset + 4])
        if frame is None or not _is_followed(frame, data, offset):
            continue
        seconds = _seconds(frame, data[offset:], size - start - offset)
        return AudioFacts("audio/mpeg", frame.sample_rate, frame.channels, seconds)
    return None


def _after_tag(head: bytes) -> int | None:
    """Byte at which the sound starts: 0 without a tag; None for a tag that is damaged."""
    if head[:3] != b"ID3":
        return 0
    if len(head) < 10 or any(byte & 0x80 for byte in head[6:10]):
        return None
    length = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    return 10 + length + (10 if head[5] & 0x10 else 0)


def _frame(header: bytes) -> _Frame | None:
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:  # sync, layer III
        return None
    version, rate_index = header[1] >> 3 & 0b11, header[2] >> 2 & 0b11
    if version not in _RATES or rate_index == 3:
        return None
    kbits = _KBITS[1 if version == 3 else 2][header[2] >> 4]
    if not kbits:
        return None
    channels = 1 if header[3] >> 6 == 0b11 else 2
    rate = _RATES[version][rate_index]
    return _Frame(version, rate, channels, kbits, header[2] >> 1 & 1)


def _is_followed(frame: _Frame, data: bytes, offset: int) -> bool:
    after = offset + frame.length
    if after >= len(data):
        return after == len(data)  # a file of one whole frame
    following = _frame(data[after : after + 4])
    return (
        following is not None
        and following.version == frame.version
        and following.sample_rate == frame.sample_rate
    )


def _seconds(frame: _Frame, data: bytes, size: int) -> float:
    """Length by the count of frames in a Xing or VBRI tag, else by the bit rate."""
    frames = 0
    at = 4 + frame.side_info
    if data[at : at + 4] in {b"Xing", b"Info"} and data[at + 7 : at + 8] != b"":
        if data[at + 7] & 1:
            frames = int.from_bytes(data[at + 8 : at + 12], "big")
    elif data[36:40] == b"VBRI":
        frames = int.from_bytes(data[50:54], "big")
    if frames:
        return frames * frame.samples / frame.sample_rate
    return size * 8 / (frame.kbits * 1000)
