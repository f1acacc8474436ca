"""WAV files (RIFF and RF64): the header, and the samples as numbers."""

import io
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_CHUNKS = 1000
"""Chunks that are looked at before the samples."""

MAX_CHANNELS = 256

_PCM, _FLOAT, _ALAW, _MULAW, _EXTENSIBLE = 0x0001, 0x0003, 0x0006, 0x0007, 0xFFFE
_UNKNOWN_SIZE = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class WavHeader:
    """Layout of a WAV file.

    Attributes:
        sample_rate: Frames per second.
        channels: Samples per frame.
        bits: Bits per sample as stored: 8, 16, 24, 32 or 64.
        is_float: True for floating point samples.
        is_linear: True for samples that `engine.audio.samples` can read.
        data_offset: Byte at which the samples start.
        frames: Number of whole frames.
    """

    sample_rate: int
    channels: int
    bits: int
    is_float: bool
    is_linear: bool
    data_offset: int
    frames: int

    @property
    def frame_bytes(self) -> int:
        """Bytes per frame."""
        return self.channels * self.bits // 8

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate


def is_wav(head: bytes) -> bool:
    """Return True if bytes start as a WAV file does."""
    return head[:4] in {b"RIFF", b"RF64"} and head[8:12] == b"WAVE"


def read_wav(stream: BinaryIO, size: int) -> WavHeader | None:
    """Return the header of a WAV file, or None if it is not one or is damaged.

    Args:
        stream: The file, at its start.
        size: Bytes of the file; chunks that claim more are cut.
    """
    if not is_wav(stream.read(12)):
        return None
    large_size, layout = None, None
    position = 12
    for _ in range(MAX_CHUNKS):
        stream.seek(position)
        head = stream.read(8)
        if len(head) < 8:
            return None
        name, length = head[:4], int.from_bytes(head[4:], "little")
        if name == b"ds64":
            large_size = int.from_bytes(stream.read(16)[8:], "little")
        elif name == b"fmt ":
            layout = _layout(stream.read(min(length, 40)))
        elif name == b"data":
            claimed = large_size if length == _UNKNOWN_SIZE and large_size else length
            return None if layout is None else _header(layout, position + 8, claimed, size)
        position += 8 + length + (length & 1)
    return None


def _layout(data: bytes) -> tuple[int, int, int, int] | None:
    """Format tag, channels, sample rate and bits of a format chunk that makes sense."""
    if len(data) < 16:
        return None
    tag, channels, rate, _, align, bits = struct.unpack("<HHIIHH", data[:16])
    if tag == _EXTENSIBLE and len(data) >= 26:
        tag = int.from_bytes(data[24:26], "little")
    known = tag in {_PCM, _FLOAT, _ALAW, _MULAW} and bits in {8, 16, 24, 32, 64}
    sane = 1 <= channels <= MAX_CHANNELS and 1 <= rate <= 1_000_000
    if not known or not sane or align != channels * bits // 8:
        return None
    return tag, channels, rate, bits


def _header(layout: tuple[int, int, int, int], offset: int, claimed: int, size: int) -> WavHeader:
    tag, channels, rate, bits = layout
    is_float = tag == _FLOAT
    linear = {32, 64} if is_float else {8, 16, 24, 32}
    return WavHeader(
        sample_rate=rate,
        channels=channels,
        bits=bits,
        is_float=is_float,
        is_linear=tag in {_PCM, _FLOAT} and bits in linear,
        data_offset=offset,
        frames=max(0, min(claimed, size - offset)) // (channels * bits // 8),
    )


def write_wav(samples: bytes, sample_rate: int, channels: int, bits: int = 16) -> bytes:
    """Return a WAV file of whole-number samples.

    Args:
        samples: Little-endian signed samples, the channels of each frame side by side.
        sample_rate: Frames per second.
        channels: Samples per frame.
        bits: Bits per sample: 16, 24 or 32.
    """
    out = io.BytesIO()
    align, padding = channels * bits // 8, b"\0" * (len(samples) & 1)
    out.write(b"RIFF" + struct.pack("<I", 36 + len(samples) + len(padding)) + b"WAVE")
    rate = sample_rate
    layout = struct.pack("<IHHIIHH", 16, _PCM, channels, rate, rate * align, align, bits)
    out.write(b"fmt " + layout)
    out.write(b"data" + struct.pack("<I", len(samples)) + samples + padding)
    return out.getvalue()


def write_wav_24(samples: "NDArray[np.float32]", sample_rate: int) -> bytes:
    """Return a WAV file of 24-bit samples.

    Args:
        samples: Of shape (channels, frames); what is beyond full scale (-1 to 1) is cut.
        sample_rate: Frames per second.
    """
    import numpy as np

    scaled = np.clip(np.rint(samples.T.astype(np.float64) * 2**23), -(2**23), 2**23 - 1)
    data = scaled.astype("<i4", order="C").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    return write_wav(data, sample_rate, samples.shape[0], 24)


def write_float_wav(samples: "NDArray[np.float32]", sample_rate: int) -> bytes:
    """Return a WAV file of 32-bit floats.

    Args:
        samples: Of shape (frames,) or (channels, frames).
        sample_rate: Frames per second.
    """
    channels = 1 if samples.ndim == 1 else samples.shape[0]
    data = samples.T.astype("<f4", order="C", copy=False).tobytes()
    align, frames = channels * 4, samples.shape[-1]
    layout = struct.pack(
        "<HHIIHHH", _FLOAT, channels, sample_rate, sample_rate * align, align, 32, 0
    )
    head = b"fmt " + struct.pack("<I", len(layout)) + layout
    head += b"fact" + struct.pack("<II", 4, frames) + b"data" + struct.pack("<I", len(data))
    return b"".join((b"RIFF", struct.pack("<I", 4 + len(head) + len(data)), b"WAVE", head, data))
