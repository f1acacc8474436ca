"""WebM and Matroska files (RFC 9559): the facts in their headers; nothing is decoded."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from engine.video.facts import ContainerFacts

MAX_ELEMENTS = 4000
"""Elements that are looked at in one file."""

MAX_VALUE = 64
"""Bytes of one value that are read."""

_EBML, _DOC_TYPE = 0x1A45DFA3, 0x4282
_SEGMENT, _INFO, _TRACKS, _CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
_TIMECODE_SCALE, _DURATION = 0x2AD7B1, 0x4489
_TRACK, _TYPE, _CODEC, _FRAME_NS = 0xAE, 0x83, 0x86, 0x23E383
_VIDEO, _WIDTH, _HEIGHT = 0xE0, 0xB0, 0xBA
_AUDIO, _SAMPLE_RATE, _CHANNELS = 0xE1, 0xB5, 0x9F
_IS_VIDEO, _IS_AUDIO = 1, 2


class _Element(NamedTuple):
    """An element: its id, and where its content starts and ends."""

    id: int
    start: int
    end: int


@dataclass
class _Tracks:
    """Fields of the tracks; the first of each type counts."""

    has_video: bool = False
    width: int = 0
    height: int = 0
    frame_ns: int = 0
    codec: str = ""
    has_audio: bool = False
    sample_rate: float = 0.0
    channels: int = 0


def looks_like_webm(head: bytes) -> bool:
    """Return True if bytes start as a WebM or Matroska file does."""
    return head[:4] == b"\x1a\x45\xdf\xa3"


def read_webm(stream: BinaryIO, size: int) -> ContainerFacts | None:
    """Return the facts of a WebM or Matroska file, or None if it is not one or is damaged.

    Args:
        stream: The file.
        size: Bytes of the file.
    """
    reader = _Reader(stream)
    outer = reader.elements(0, size)
    header = next(outer, None)
    if header is None or header.id != _EBML:
        return None
    container = _container(reader, header)
    segment = next((element for element in outer if element.id == _SEGMENT), None)
    if container is None or segment is None:
        return None
    seconds, tracks = None, _Tracks()
    for element in reader.elements(segment.start, segment.end):
        if element.id == _INFO:
            seconds = _length(reader, element)
        elif element.id == _TRACKS:
            for track in reader.elements(element.start, element.end):
                if track.id == _TRACK:
                    _read_track(reader, track, tracks)
        elif element.id == _CLUSTER:
            break  # the headers come before the first cluster
    return _facts(container, seconds, tracks)


class _Reader:
    """Reads elements, all together no more than `MAX_ELEMENTS`."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._left = MAX_ELEMENTS

    def elements(self, start: int, end: int) -> Iterator[_Element]:
        """The elements between two bytes, in order."""
        while end - start >= 2 and self._left > 0:
            self._left -= 1
            self._stream.seek(start)
            data = self._stream.read(12)
            id_, id_width = _vint(data, keep_marker=True)
            length, width = _vint(data[id_width:], keep_marker=False)
            if not 1 <= id_width <= 4 or not width:
                return
            content = start + id_width + width
            is_unknown = length == (1 << 7 * width) - 1
            stop = end if is_unknown else min(content + length, end)
            if stop < content:
                return
            yield _Element(id_, content, stop)
            start = stop

    def value(self, element: _Element) -> bytes:
        """The content of an element, as far as `MAX_VALUE` bytes."""
        self._stream.seek(element.start)
        return self._stream.read(min(MAX_VALUE, element.end - element.start))

    def number(self, element: _Element) -> int:
        """The content as an unsigned integer."""
        return int.from_bytes(self.value(element)[:8], "big")

    def real(self, element: _Element) -> float:
        """The content as a floating point number; 0 if it is not one that makes sense."""
        data = self.value(element)
        if len(data) not in {4, 8}:
            return 0.0
        value = float(struct.unpack(">f" if len(data) == 4 else ">d", data)[0])
        return value if 0 < value < 1e15 else 0.0


def _vint(data: bytes, *, keep_marker: bool) -> tuple[int, int]:
    """A number of variable width, and its width; 0, 0 if there is none."""
    if not data or not data[0]:
        return 0, 0
    width = 9 - data[0].bit_length()
    if len(data) < width:
        return 0, 0
    value = int.from_bytes(data[:width], "big")
    return (value if keep_marker else value & (1 << 7 * width) - 1), width


def _container(reader: _Reader, header: _Element) -> str | None:
    kinds = {b"webm": "webm", b"matroska": "x-matroska"}
    for element in reader.elements(header.start, header.end):
        if element.id == _DOC_TYPE:
            return kinds.get(reader.value(element).rstrip(b"\0"))
    return None


def _length(reader: _Reader, info: _Element) -> float | None:
    scale, duration = 1_000_000, 0.0
    for element in reader.elements(info.start, info.end):
        if element.id == _TIMECODE_SCALE:
            scale = reader.number(element)
        elif element.id == _DURATION:
            duration = reader.real(element)
    return duration * scale / 1e9 or None


def _read_track(reader: _Reader, track: _Element, tracks: _Tracks) -> None:
    fields = {element.id: element for element in reader.elements(track.start, track.end)}
    type_ = reader.number(fields[_TYPE]) if _TYPE in fields else 0
    if type_ == _IS_VIDEO and not tracks.has_video:
        _read_video(reader, fields, tracks)
    elif type_ == _IS_AUDIO and not tracks.has_audio:
        _read_audio(reader, fields, tracks)


def _read_video(reader: _Reader, fields: dict[int, _Element], tracks: _Tracks) -> None:
    tracks.has_video = True
    if _CODEC in fields:
        tracks.codec = reader.value(fields[_CODEC])[:32].decode("ascii", "replace")
    if _FRAME_NS in fields:
        tracks.frame_ns = reader.number(fields[_FRAME_NS])
    for element in _inside(reader, fields.get(_VIDEO)):
        if element.id == _WIDTH:
            tracks.width = reader.number(element)
        elif element.id == _HEIGHT:
            tracks.height = reader.number(element)


def _read_audio(reader: _Reader, fields: dict[int, _Element], tracks: _Tracks) -> None:
    tracks.has_audio = True
    for element in _inside(reader, fields.get(_AUDIO)):
        if element.id == _SAMPLE_RATE:
            tracks.sample_rate = reader.real(element)
        elif element.id == _CHANNELS:
            tracks.channels = reader.number(element)


def _inside(reader: _Reader, element: _Element | None) -> list[_Element]:
    return [] if element is None else list(reader.elements(element.start, element.end))


def _facts(container: str, seconds: float | None, tracks: _Tracks) -> ContainerFacts:
    rate = 1e9 / tracks.frame_ns if tracks.frame_ns else None
    sides = [side if 0 < side < 1 << 20 else None for side in (tracks.width, tracks.height)]
    return ContainerFacts(
        container,
        has_video=tracks.has_video,
        seconds=seconds,
        width=sides[0],
        height=sides[1],
        frame_rate=round(rate, 3) if rate else None,
        sample_rate=int(tracks.sample_rate) or None,
        channels=(tracks.channels or 1) if tracks.has_audio else None,
        codec=tracks.codec,
    )
