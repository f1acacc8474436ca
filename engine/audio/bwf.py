"""Broadcast Wave files: where a sound is from and how loud it is, in chunks beside its samples.

`bext` is that of EBU Tech 3285, version 2; `LIST INFO` is what players and editors show. Both are
in UTF-8, which the two formats do not name and most readers expect.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from engine.audio.lineage import SoundLineage
from engine.audio.wav import MAX_CHUNKS
from engine.text.terminal import clean

ORIGINATOR = "Safelight"
UNDEFINED = 0x7FFF
"""A loudness that `bext` does not state."""

_LIMIT = 0xFFFFFFFF
_DESCRIPTION, _REFERENCE, _RESERVED = 256, 32, 180
_UMID, _LAYOUT_BYTES = 64, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Origin and loudness of a sound; a loudness is None if the sound has none.

    Attributes:
        lineage: Inputs that it was generated from.
        created_at: Time at which it was there, ISO 8601; empty if not known.
        artifact: SHA-256 of the file without these chunks.
        lufs: Integrated loudness in LUFS.
        lra: Loudness range in LU.
        true_peak_db: Peak between samples in dBTP.
        momentary_max: Loudest 0.4 s in LUFS.
        short_term_max: Loudest 3 s in LUFS.
        is_loop: True if its end continues into its start.
    """

    lineage: SoundLineage
    created_at: str = ""
    artifact: str = ""
    lufs: float | None = None
    lra: float | None = None
    true_peak_db: float | None = None
    momentary_max: float | None = None
    short_term_max: float | None = None
    is_loop: bool = False


class _Chunk(NamedTuple):
    name: bytes
    data: bytes

    @property
    def is_origin(self) -> bool:
        return self.name == b"bext" or (self.name == b"LIST" and self.data[:4] == b"INFO")

    def packed(self) -> bytes:
        return self.name + struct.pack("<I", len(self.data)) + self.data + bytes(len(self.data) & 1)


def with_origin(wav: bytes, origin: Origin) -> bytes:
    """Return a WAV file with its origin; samples and all other chunks stay as they are.

    A file that is no whole RIFF WAVE file, that is signed (C2PA) or that would be too large is
    returned as it is.
    """
    chunks = list(_chunks(wav))
    names = [chunk.name for chunk in chunks]
    if not {b"fmt ", b"data"} <= set(names) or b"C2PA" in names:
        return wav
    kept = [chunk for chunk in chunks if not chunk.is_origin]
    place = next(number for number, chunk in enumerate(kept) if chunk.name == b"data")
    layout = next(chunk.data for chunk in kept if chunk.name == b"fmt ")
    if len(layout) < _LAYOUT_BYTES:
        return wav
    kept[place:place] = [_Chunk(b"bext", _bext(origin, layout)), _Chunk(b"LIST", _info(origin))]
    if origin.is_loop and b"smpl" not in names:
        kept.append(_Chunk(b"smpl", _loop(kept, layout)))
    body = b"WAVE" + b"".join(chunk.packed() for chunk in kept)
    return wav if len(body) > _LIMIT else b"RIFF" + struct.pack("<I", len(body)) + body


def _chunks(wav: bytes) -> Iterator[_Chunk]:
    """Yield the chunks of a RIFF WAVE file; none if one is cut, or there are too many."""
    if wav[:4] != b"RIFF" or wav[8:12] != b"WAVE":
        return
    chunks, position = list[_Chunk](), 12
    while position + 8 <= len(wav) and len(chunks) <= MAX_CHUNKS:
        size = int.from_bytes(wav[position + 4 : position + 8], "little")
        start = position + 8
        if start + size > len(wav):
            return
        chunks.append(_Chunk(wav[position : position + 4], wav[start : start + size]))
        position = start + size + (size & 1)
    if len(chunks) <= MAX_CHUNKS:
        yield from chunks


def _bext(origin: Origin, layout: bytes) -> bytes:
    loudness = (
        origin.lufs,
        origin.lra,
        origin.true_peak_db,
        origin.momentary_max,
        origin.short_term_max,
    )
    day, time = _moment(origin.created_at)
    head = (
        _fixed(origin.lineage.title, _DESCRIPTION)
        + _fixed(ORIGINATOR, _REFERENCE)
        + _fixed(origin.artifact, _REFERENCE)
        + _fixed(day, 10)
        + _fixed(time, 8)
    )
    values = struct.pack("<5h", *map(_hundredths, loudness))
    history = _history(origin, layout).encode()
    return head + struct.pack("<QH", 0, 2) + bytes(_UMID) + values + bytes(_RESERVED) + history


def _fixed(text: str, size: int) -> bytes:
    """Return text as so many bytes of UTF-8, filled with NUL, without half a character."""
    return text.encode(errors="replace")[:size].decode(errors="ignore").encode().ljust(size, b"\0")


def _moment(created_at: str) -> tuple[str, str]:
    if not created_at:
        return "", ""
    moment = datetime.fromisoformat(created_at)
    return moment.strftime("%Y-%m-%d"), moment.strftime("%H:%M:%S")


def _hundredths(level: float | None) -> int:
    return UNDEFINED if level is None else max(-9999, min(9999, round(100 * level)))


def _history(origin: Origin, layout: bytes) -> str:
    """Return the line of the coding history: algorithm, rate, word length, channels, origin."""
    _, channels, rate, _, _, bits = struct.unpack("<HHIIHH", layout[:16])
    mode = {1: "mono", 2: "stereo"}.get(channels, "multi")
    model = clean(origin.lineage.model, None).replace(",", ";")
    return f"A=PCM,F={rate},W={bits},M={mode},T={ORIGINATOR}; {model}\r\n"


def _info(origin: Origin) -> bytes:
    texts = (
        (b"INAM", origin.lineage.title),
        (b"ICMT", origin.lineage.document),
        (b"ICRD", _moment(origin.created_at)[0]),
        (b"ISFT", ORIGINATOR),
    )
    packed = (_Chunk(name, text.encode(errors="replace") + b"\0") for name, text in texts if text)
    return b"INFO" + b"".join(chunk.packed() for chunk in packed)


def _loop(chunks: list[_Chunk], layout: bytes) -> bytes:
    """Return the chunk of samplers: one loop, forward, of the whole sound."""
    _, _, rate, _, align, _ = struct.unpack("<HHIIHH", layout[:16])
    data = next(chunk.data for chunk in chunks if chunk.name == b"data")
    last = max(0, len(data) // max(1, align) - 1)
    head = struct.pack("<9I", 0, 0, round(1e9 / max(1, rate)), 60, 0, 0, 0, 1, 0)
    return head + struct.pack("<6I", 0, 0, 0, last, 0, 0)
