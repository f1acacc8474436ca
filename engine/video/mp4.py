"""MP4 files (ISO 14496-12): the facts in their boxes, read without decoding anything.

A hostile file may nest, repeat and misstate boxes as it likes: each is cut to the one around it,
and no more than `MAX_BOXES` are looked at.
"""

import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import BinaryIO, NamedTuple

from engine.video.facts import ContainerFacts, Frames

MAX_BOXES = 4000
"""Boxes that are looked at in one file."""

MAX_ENTRIES = 2_000_000
"""Entries of one table that are read: some 9 hours at 60 frames per second."""

MAX_TIMES = 100_000
"""Entries of a table of times that are read; one of a constant frame rate has one."""

_STILL_CODECS = {b"jpeg", b"mjpa", b"mjpb", b"png "}
"""Codecs whose frames are image files."""

_IMAGE_BRANDS = {b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1"}


class _Box(NamedTuple):
    """A box: its name, and where its content starts and ends."""

    name: bytes
    start: int
    end: int


@dataclass
class _Track:
    """A track, as far as it has been read."""

    handler: bytes = b""
    timescale: int = 0
    duration: int = 0
    width: int = 0
    height: int = 0
    codec: bytes = b""
    sample_rate: int = 0
    channels: int = 0
    samples: int = 0
    tables: dict[bytes, _Box] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return self.duration / self.timescale if self.timescale else 0.0


def looks_like_mp4(head: bytes) -> bool:
    """Return True if bytes start as an MP4 or QuickTime file does, and not as an image."""
    return head[4:8] == b"ftyp" and head[8:12] not in _IMAGE_BRANDS


def read_mp4(stream: BinaryIO, size: int) -> ContainerFacts | None:
    """Return the facts of an MP4 file, or None if it is not one or is damaged.

    Args:
        stream: The file.
        size: Bytes of the file.
    """
    reader = _Reader(stream)
    first = next(reader.boxes(0, size), None)
    if first is None or first.name != b"ftyp":
        return None
    for box in reader.boxes(first.end, size):
        if box.name == b"moov":
            facts = _movie(reader, box)
            is_quicktime = reader.content(first, 4) == b"qt  " and facts.has_video
            return replace(facts, container="quicktime") if is_quicktime else facts
    return None


class _Reader:
    """Reads boxes, all together no more than `MAX_BOXES`."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._left = MAX_BOXES

    def boxes(self, start: int, end: int) -> Iterator[_Box]:
        """The boxes between two bytes, in order."""
        while end - start >= 8 and self._left > 0:
            self._left -= 1
            head = self.at(start, 16)
            length, content = int.from_bytes(head[:4], "big"), start + 8
            if length == 1:
                length, content = int.from_bytes(head[8:16], "big"), start + 16
            stop = end if length == 0 else start + length
            if len(head) < 8 or stop < content:
                return
            yield _Box(head[4:8], content, min(stop, end))
            start = stop

    def at(self, start: int, count: int) -> bytes:
        """Bytes from a place; fewer at the end of the file, none if `count` is negative."""
        self._stream.seek(start)
        return self._stream.read(max(0, count))

    def content(self, box: _Box, limit: int) -> bytes:
        """The first bytes of a box."""
        return self.at(box.start, min(limit, box.end - box.start))


def _movie(reader: _Reader, movie: _Box) -> ContainerFacts:
    tracks, seconds = [], 0.0
    for box in reader.boxes(movie.start, movie.end):
        if box.name == b"trak":
            tracks.append(_track(reader, box))
        elif box.name == b"mvhd":
            timescale, duration = _times(reader.content(box, 32))
            seconds = duration / timescale if timescale else 0.0
    video = next((track for track in tracks if track.handler == b"vide"), None)
    sound = next((track for track in tracks if track.handler == b"soun"), None)
    longest = max([seconds, *(track.seconds for track in tracks)], default=0.0)
    facts = ContainerFacts(
        "mp4",
        has_video=video is not None,
        seconds=longest or None,
        sample_rate=(sound.sample_rate or None) if sound else None,
        channels=(sound.channels or None) if sound else None,
    )
    return _with_video(reader, facts, video) if video else facts


def _with_video(reader: _Reader, facts: ContainerFacts, track: _Track) -> ContainerFacts:
    rate = track.samples / track.seconds if track.seconds else 0.0
    return replace(
        facts,
        width=track.width or None,
        height=track.height or None,
        frames=track.samples or None,
        frame_rate=round(rate, 3) if 0 < rate < 100_000 else None,
        codec=track.codec.decode("ascii", "replace").strip(),
        stills=_stills(reader, track) if track.codec in _STILL_CODECS else None,
    )


def _track(reader: _Reader, track: _Box) -> _Track:
    parsed = _Track()
    for box in reader.boxes(track.start, track.end):
        if box.name == b"tkhd":
            sides = reader.content(box, 104)[-8:]
            parsed.width = int.from_bytes(sides[:2], "big")
            parsed.height = int.from_bytes(sides[4:6], "big")
        elif box.name == b"mdia":
            _media(reader, box, parsed)
    return parsed


def _media(reader: _Reader, media: _Box, track: _Track) -> None:
    for box in reader.boxes(media.start, media.end):
        if box.name == b"mdhd":
            track.timescale, track.duration = _times(reader.content(box, 32))
        elif box.name == b"hdlr":
            track.handler = reader.content(box, 12)[8:12]
        elif box.name == b"minf":
            for inner in reader.boxes(box.start, box.end):
                if inner.name == b"stbl":
                    _samples(reader, inner, track)


def _samples(reader: _Reader, table: _Box, track: _Track) -> None:
    for box in reader.boxes(table.start, table.end):
        if box.name == b"stsd":
            _description(reader.content(box, 64), track)
        elif box.name in {b"stsz", b"stz2"}:
            track.samples = int.from_bytes(reader.content(box, 12)[8:12], "big")
            track.tables[box.name] = box
        elif box.name in {b"stco", b"co64", b"stsc"}:
            track.tables[box.name] = box
        elif box.name == b"stts" and track.handler == b"vide":
            track.duration = _length(reader.content(box, 8 + 8 * MAX_TIMES)) or track.duration


def _length(times: bytes) -> int:
    """The sum of a table of frames' times; 0 if it has too many entries or none.

    FFmpeg counts the delay of frames that are decoded ahead as a part of a track's own duration.
    """
    entries = array("I", times[8 : 8 + len(times[8:]) // 8 * 8])
    if sys.byteorder == "little":
        entries.byteswap()
    if int.from_bytes(times[4:8], "big") != len(entries) // 2:
        return 0
    return sum(count * delta for count, delta in zip(entries[::2], entries[1::2], strict=True))


def _description(data: bytes, track: _Track) -> None:
    """The first entry of a sample description: the codec, and of sound its rate."""
    track.codec = data[12:16]
    if track.handler == b"soun" and len(data) >= 44:
        track.channels = int.from_bytes(data[32:34], "big")
        track.sample_rate = int.from_bytes(data[40:42], "big")


def _times(data: bytes) -> tuple[int, int]:
    """Timescale and duration of a movie's or a track's header; 0, 0 if it is cut."""
    if data[:1] == b"\x01":
        timescale, duration = data[20:24], data[24:32]
    else:
        timescale, duration = data[12:16], data[16:20]
    value = int.from_bytes(duration, "big")
    if not duration or value == (1 << 8 * len(duration)) - 1:  # all ones: not known
        return 0, 0
    return int.from_bytes(timescale, "big"), value


# -- frames that are image files ---------------------------------------------------------------


def _stills(reader: _Reader, track: _Track) -> Frames | None:
    """Places of the first, the middle and the last frame."""
    count = track.samples
    if not 0 < count <= MAX_ENTRIES or b"stsz" not in track.tables or b"stsc" not in track.tables:
        return None
    sizes = _sizes(reader, track.tables[b"stsz"], count)
    chunks = _chunks(reader, track.tables)
    wanted = sorted({0, count // 2, count - 1})
    places = _places(_runs(reader, track.tables[b"stsc"]), chunks, sizes, wanted)
    if len(places) != len(wanted):
        return None
    return Frames(tuple(places), tuple(sizes[number] for number in wanted))


def _numbers(data: bytes, width: int) -> Sequence[int]:
    """Whole big-endian numbers of 4 or 8 bytes, in no more memory than the bytes."""
    numbers = array("I" if width == 4 else "Q", data[: len(data) // width * width])
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


def _sizes(reader: _Reader, box: _Box, count: int) -> Sequence[int]:
    head = reader.content(box, 12)
    if same := int.from_bytes(head[4:8], "big"):
        return array("I", [same]) * count
    body = reader.at(box.start + 12, min(count * 4, box.end - box.start - 12))
    return _numbers(body, 4)


def _chunks(reader: _Reader, tables: dict[bytes, _Box]) -> Sequence[int]:
    name, width = (b"co64", 8) if b"co64" in tables else (b"stco", 4)
    box = tables.get(name)
    if box is None:
        return ()
    limit = min(MAX_ENTRIES * width, max(0, box.end - box.start - 8))
    return _numbers(reader.at(box.start + 8, limit), width)


def _runs(reader: _Reader, box: _Box) -> tuple[Sequence[int], Sequence[int]]:
    """First chunks of runs, counted from 1, and the samples of each chunk in the run."""
    limit = min(MAX_ENTRIES * 12, max(0, box.end - box.start - 8))
    values = _numbers(reader.at(box.start + 8, limit), 4)
    return values[::3], values[1::3]


def _places(
    runs: tuple[Sequence[int], Sequence[int]],
    chunks: Sequence[int],
    sizes: Sequence[int],
    wanted: list[int],
) -> list[int]:
    """Bytes at which samples start, as far as the tables say."""
    offsets: list[int] = []
    firsts, counts = runs
    sample = run = 0
    for number, offset in enumerate(chunks, start=1):
        while run + 1 < len(counts) and firsts[run + 1] <= number:
            run += 1
        held = counts[run] if counts else 0
        here = (w for w in wanted if sample <= w < sample + held and w < len(sizes))
        offsets += [offset + sum(sizes[sample:place]) for place in here]
        sample += held
        if held == 0 or sample > wanted[-1]:
            break
    return offsets
