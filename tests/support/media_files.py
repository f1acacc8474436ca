"""Small media files, written byte by byte, so that no encoder is needed."""

import io
import math
import struct
import wave
from collections.abc import Sequence

from PIL import Image

ABC = "% a reel\nX: 1\nT:The Silver Spear\nM:4/4\nK:D\n|:A|FA A2 BAFA|d2 e2 f2 d2:|\n"
SVG = '<?xml version="1.0"?>\n<!-- a -->\n<svg xmlns="x" width="40px" height="30"><rect/></svg>'


def image(
    mode: str = "PNG", size: tuple[int, int] = (16, 12), colour: object = (200, 40, 10)
) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, mode)  # type: ignore[arg-type]
    return out.getvalue()


def wav(seconds: float = 1.0, rate: int = 8000, channels: int = 1, peak: float = 0.5) -> bytes:
    """A tone that rises from silence to `peak`."""
    out = io.BytesIO()
    count = int(seconds * rate)
    with wave.open(out, "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        frames = (
            struct.pack("<h", int(32767 * peak * n / count * math.sin(n / 3))) * channels
            for n in range(count)
        )
        file.writeframes(b"".join(frames))
    return out.getvalue()


def flac(seconds: float = 2.0, rate: int = 44100, channels: int = 2) -> bytes:
    """The header of a FLAC file."""
    packed = rate << 44 | (channels - 1) << 41 | 15 << 36 | int(seconds * rate)
    info = struct.pack(">HH", 4096, 4096) + bytes(6) + packed.to_bytes(8, "big") + bytes(16)
    return b"fLaC" + b"\x80\0\0\x22" + info + bytes(100)


def mp3(frames: int = 50, *, tag: bool = False, xing: int = 0) -> bytes:
    """MPEG 1 layer III at 128 kbit/s, 44.1 kHz, stereo: 417 bytes a frame."""
    frame = b"\xff\xfb\x90\x00" + bytes(413)
    first = frame
    if xing:
        first = frame[:36] + b"Xing\0\0\0\1" + struct.pack(">I", xing)
        first += bytes(417 - len(first))
    id3 = b"ID3\x04\0\0" + bytes([0, 0, 1, 0]) + bytes(128) if tag else b""
    return id3 + first + frame * (frames - 1)


def box(name: bytes, *content: bytes) -> bytes:
    data = b"".join(content)
    return struct.pack(">I", 8 + len(data)) + name + data


def mp4(
    frames: Sequence[bytes] = (b"a", b"b", b"c"),
    *,
    codec: bytes = b"avc1",
    size: tuple[int, int] = (640, 360),
    sound: bool = False,
    video: bool = True,
    padding: int = 0,
) -> bytes:
    """A film of one frame every 40 ms, with its index at the end, as recorders write it."""
    ftyp = box(b"ftyp", b"isom", bytes(4), b"isommp42")
    mdat = box(b"mdat", bytes(padding), *frames)
    start = len(ftyp) + 8 + padding
    tracks = []
    if video:
        tables = [
            box(b"stsd", struct.pack(">II", 0, 1), box(codec, bytes(78))),
            box(b"stsc", struct.pack(">IIIII", 0, 1, 1, len(frames), 1)),
            box(
                b"stsz",
                struct.pack(">III", 0, 0, len(frames)),
                *(struct.pack(">I", len(f)) for f in frames),
            ),
            box(b"stco", struct.pack(">III", 0, 1, start)),
        ]
        tracks.append(_track(b"vide", 1000, 40 * len(frames), size, tables))
    if sound:
        entry = bytes(8) + struct.pack(">IIHHHHI", 0, 0, 2, 16, 0, 0, 48000 << 16)
        tables = [box(b"stsd", struct.pack(">II", 0, 1), box(b"mp4a", entry))]
        tracks.append(_track(b"soun", 48000, 1920 * len(frames), (0, 0), tables))
    mvhd = box(b"mvhd", bytes(12), struct.pack(">II", 1000, 40 * len(frames)), bytes(80))
    return ftyp + mdat + box(b"moov", mvhd, *tracks)


def _track(
    handler: bytes, scale: int, length: int, size: tuple[int, int], tables: Sequence[bytes]
) -> bytes:
    tkhd = box(b"tkhd", bytes(76), struct.pack(">HHHH", size[0], 0, size[1], 0))
    mdhd = box(b"mdhd", bytes(12), struct.pack(">II", scale, length), bytes(4))
    hdlr = box(b"hdlr", bytes(8), handler, bytes(12))
    return box(b"trak", tkhd, box(b"mdia", mdhd, hdlr, box(b"minf", box(b"stbl", *tables))))


def element(id_: int, *content: bytes) -> bytes:
    data = b"".join(content)
    return (
        id_.to_bytes((id_.bit_length() + 7) // 8, "big")
        + struct.pack(">Q", len(data) | 1 << 56)
        + data
    )


def webm(*, video: bool = True, sound: bool = True, container: bytes = b"webm") -> bytes:
    """The headers of a WebM file of 1.5 seconds, and an empty cluster of unknown length."""
    tracks = []
    if video:
        sides = element(0xE0, element(0xB0, b"\x05\x00"), element(0xBA, b"\x02\xd0"))
        rate = element(0x23E383, struct.pack(">I", 40_000_000))
        tracks.append(element(0xAE, element(0x83, b"\1"), element(0x86, b"V_VP9"), rate, sides))
    if sound:
        heard = element(0xE1, element(0xB5, struct.pack(">d", 48000.0)), element(0x9F, b"\2"))
        tracks.append(element(0xAE, element(0x83, b"\2"), heard))
    info = element(0x1549A966, element(0x4489, struct.pack(">d", 1500.0)))
    body = info + element(0x1654AE6B, *tracks) + b"\x1f\x43\xb6\x75" + b"\x01" + b"\xff" * 7
    head = element(0x1A45DFA3, element(0x4282, container))
    return head + b"\x18\x53\x80\x67" + b"\x01" + b"\xff" * 7 + body
