"""Recognition of files by content, whatever is in them."""

import json
import random
import struct
from collections.abc import Callable
from typing import Any, Self, cast

import pytest

from engine.contract.kinds import Content, Kind, Recognition
from engine.kinds import registry
from engine.kinds.registry import Kinds, content_of, content_of_file, kinds
from tests.support import media_files as media

FILES: dict[str, tuple[bytes, str, str, dict[str, Any]]] = {
    "png": (media.image(), "image", "image/png", {}),
    "jpeg": (media.image("JPEG"), "image", "image/jpeg", {}),
    "webp": (media.image("WEBP"), "image", "image/webp", {}),
    "svg": (media.SVG.encode(), "image", "image/svg+xml", {}),
    "wav": (
        media.wav(1.5, 8000, 2),
        "audio",
        "audio/wav",
        {"seconds": 1.5, "sample_rate": 8000, "channels": 2},
    ),
    "flac": (
        media.flac(2.0),
        "audio",
        "audio/flac",
        {"seconds": 2.0, "sample_rate": 44100, "channels": 2},
    ),
    "mp3": (
        media.mp3(50),
        "audio",
        "audio/mpeg",
        {"seconds": 1.303, "sample_rate": 44100, "channels": 2},
    ),
    "mp3 with a tag": (
        media.mp3(50, tag=True),
        "audio",
        "audio/mpeg",
        {"seconds": 1.303, "sample_rate": 44100, "channels": 2},
    ),
    "mp3 of variable bit rate": (
        media.mp3(50, xing=100),
        "audio",
        "audio/mpeg",
        {"seconds": 2.612, "sample_rate": 44100, "channels": 2},
    ),
    "mp4": (
        media.mp4([b"x"] * 10, sound=True),
        "video",
        "video/mp4",
        {
            "seconds": 0.4,
            "frames": 10,
            "frame_rate": 25.0,
            "codec": "avc1",
            "sample_rate": 48000,
            "channels": 2,
        },
    ),
    "m4a": (
        media.mp4([b"x"] * 10, sound=True, video=False),
        "audio",
        "audio/mp4",
        {"seconds": 0.4, "sample_rate": 48000, "channels": 2},
    ),
    "webm": (
        media.webm(),
        "video",
        "video/webm",
        {
            "seconds": 1.5,
            "frame_rate": 25.0,
            "codec": "V_VP9",
            "sample_rate": 48000,
            "channels": 2,
        },
    ),
    "webm of sound": (
        media.webm(video=False),
        "audio",
        "audio/webm",
        {"seconds": 1.5, "sample_rate": 48000, "channels": 2},
    ),
    "matroska": (
        media.webm(sound=False, container=b"matroska"),
        "video",
        "video/x-matroska",
        {"seconds": 1.5, "frame_rate": 25.0, "codec": "V_VP9"},
    ),
    "midi": (
        b"MThd\0\0\0\6\0\1\0\2\1\xe0" + b"MTrk\0\0\0\4\0\xff\x2f\0" * 2,
        "midi",
        "audio/midi",
        {"tracks": 2},
    ),
    "abc": (media.ABC.encode(), "notation", "text/vnd.abc", {"key": "D", "metre": "4/4"}),
    "json": (b' {"a": [1, 2], "b": 3}\n', "data", "application/json", {"entries": 2}),
    "text": ("Grüße, lamp\n".encode(), "text", "text/plain", {}),
    "half a json": (b'{"a": [1, 2]', "text", "text/plain", {}),
    "a line that starts like a tune": (b"X: 1\nno key", "text", "text/plain", {}),
    "bytes": (bytes(range(256)), "file", "application/octet-stream", {}),
    "nothing": (b"", "file", "application/octet-stream", {}),
}


@pytest.mark.parametrize("name", FILES)
def test_files_are_recognised_by_content(name: str, tmp_path) -> None:
    data, kind, media_type, facts = FILES[name]
    found = kinds().recognise(content_of(data))
    assert (found[0], found[1].media_type) == (kind, media_type)
    assert dict(found[1].facts) == pytest.approx(facts)
    path = tmp_path / "misleading.exe"
    path.write_bytes(data)
    assert kinds().recognise(content_of_file(path)) == found


@pytest.mark.parametrize(
    ("data", "sides"),
    [
        (media.image(size=(16, 12)), (16, 12)),
        (media.SVG.encode(), (40, 30)),
        (media.mp4(size=(640, 360)), (640, 360)),
        (media.webm(), (1280, 720)),
        (media.wav(), (None, None)),
    ],
)
def test_sides_are_read(data: bytes, sides: tuple[int | None, int | None]) -> None:
    _, found = kinds().recognise(content_of(data))
    assert (found.width, found.height) == sides


@pytest.mark.parametrize("name", FILES)
def test_damaged_files_are_recognised_or_not_but_nothing_fails(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    data, chance = FILES[name][0][:4000], random.Random(name)
    for _ in range(150):
        broken = bytearray(data[: chance.randrange(len(data) + 1)])
        for _ in range(chance.randrange(6)):
            if broken:
                broken[chance.randrange(len(broken))] = chance.randrange(256)
        kind, found = kinds().recognise(content_of(bytes(broken)))
        json.dumps(dict(found.facts), allow_nan=False)
        assert kind in kinds().named
    assert not caplog.records


HOSTILE: dict[str, Callable[[], bytes]] = {
    "boxes without end": lambda: media.box(b"ftyp", b"isom") + media.box(b"free") * 200_000,
    "a box inside a box inside": lambda: _nested(400),
    "a movie of 4 billion frames": lambda: media.mp4([b"x"], codec=b"jpeg").replace(
        b"stsz" + bytes(8) + b"\0\0\0\1", b"stsz" + bytes(8) + b"\xff" * 4
    ),
    "comments before a drawing": lambda: b"<!---->" * 580 + b"<svgx",
    "chunks without end": lambda: b"RIFF\0\0\0\0WAVE" + b"junk\0\0\0\0" * 100_000,
    "deep json": lambda: b"[" * 200_000,
    "elements without end": lambda: media.webm()[:40] + b"\xec\x80" * 100_000,
    "a long comment before a tune": lambda: b"%\n" * 2000 + b"X:",
}


def _nested(depth: int) -> bytes:
    data = b""
    for _ in range(depth):
        data = media.box(b"trak", data)
    return media.box(b"ftyp", b"isom") + media.box(b"moov", data)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_cost_a_bounded_amount_of_work(name: str) -> None:
    data = HOSTILE[name]()
    reads = Counted(data)
    kind, _ = kinds().recognise(Content(data[:4096], len(data), lambda: cast("Any", reads)))
    assert kind in {"file", "text", "video", "data"}
    assert reads.count < 10_000


def _no_room(name: bytes) -> bytes:
    """A film with a box that claims a long size, and ends before its content starts."""
    movie = media.box(b"moov", struct.pack(">I", 1) + name)
    return media.box(b"ftyp", b"isom") + movie + bytes(3) + b"\1" + bytes(1 << 20)


def _short_table() -> bytes:
    """A film whose table of sizes ends before its first entry."""
    tables = [
        media.box(b"stsd", struct.pack(">II", 0, 1), media.box(b"jpeg", bytes(78))),
        media.box(b"stsc", struct.pack(">IIIII", 0, 1, 1, 1, 1)),
        media.box(b"stco", struct.pack(">III", 0, 1, 8)),
        media.box(b"stsz", struct.pack(">II", 0, 0), b"\0"),
    ]
    hdlr = media.box(b"hdlr", bytes(8), b"vide", bytes(12))
    mdia = media.box(b"mdia", hdlr, media.box(b"minf", media.box(b"stbl", *tables)))
    movie = media.box(b"moov", media.box(b"trak", mdia))
    return media.box(b"ftyp", b"isom") + movie + b"\0\0\1\0" + bytes(1 << 20)


@pytest.mark.parametrize("data", [_no_room(b"mvhd"), _no_room(b"mdhd"), _short_table()])
def test_a_box_without_room_for_its_content_is_not_the_rest_of_the_file(data: bytes) -> None:
    reads = Counted(data)
    kinds().recognise(Content(data[:4096], len(data), lambda: cast("Any", reads)))
    assert reads.longest < 1 << 16


class Counted:
    """A stream that counts how often it is read, and how much at most at a time."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at, self.count, self.longest = data, 0, 0, 0

    def read(self, size: int = -1) -> bytes:
        self.count += 1
        end = len(self._data) if size < 0 else self._at + size
        found = self._data[self._at : end]
        self._at += len(found)
        self.longest = max(self.longest, len(found))
        return found

    def seek(self, at: int) -> int:
        self._at = at
        return at

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class Broken(Kind):
    name = "broken"

    def recognise(self, content: Content) -> Recognition | None:
        raise RuntimeError("not today")


class Odd(Kind):
    name = "odd"

    def recognise(self, content: Content) -> Recognition | None:
        facts = {
            "nan": float("nan"),
            "long": "x" * 999,
            "list": [1],
            **{str(n): n for n in range(99)},
        }
        return Recognition("../../etc", facts=facts)  # type: ignore[arg-type]


class Huge(Kind):
    name = "huge"

    def recognise(self, content: Content) -> Recognition | None:
        return Recognition("audio/wav", width=10**30, height=-1, facts={"frames": 10**400})


class Wrong(Kind):
    name = "wrong"

    def recognise(self, content: Content) -> Recognition | None:
        return "audio/wav"  # type: ignore[return-value]


def test_a_kind_that_fails_is_passed_over() -> None:
    ours = kinds()
    found = Kinds(ours.named, (Broken(), *ours.order)).recognise(content_of(media.wav()))
    assert found[0] == "audio"


@pytest.mark.parametrize("kind", [Huge(), Wrong()])
def test_a_kind_whose_facts_cannot_be_stored_is_passed_over(kind: Kind) -> None:
    ours = kinds()
    found = Kinds(ours.named, (kind, *ours.order)).recognise(content_of(media.wav()))
    assert found[0] == "audio"


def test_sides_that_cannot_be_stored_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Recognition("image/png", width=10**30, height=-1)
    monkeypatch.setattr(Huge, "recognise", lambda _self, _content: answer)
    _, found = Kinds({}, (Huge(),)).recognise(content_of(b"x"))
    assert (found.width, found.height) == (None, None)


def test_what_a_kind_says_is_bounded() -> None:
    name, found = Kinds({}, (Odd(),)).recognise(content_of(b"x"))
    assert (name, found.media_type) == ("odd", registry.UNKNOWN)
    assert len(found.facts) <= registry.MAX_FACTS
    assert found.facts["long"] == "x" * registry.MAX_FACT_CHARS
    assert "nan" not in found.facts
    assert "list" not in found.facts


def test_a_name_that_is_given_wins_over_content() -> None:
    assert kinds().recognise(content_of(b'{"a": 1}'), "table")[0] == "table"
    name, found = kinds().recognise(content_of(b'{"a": 1}'), "not-installed")
    assert (name, found.media_type) == ("not-installed", "application/json")
