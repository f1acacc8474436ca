"""Kinds draw themselves, as text that a terminal cannot be harmed by."""

import io
import json
from collections.abc import Sequence
from typing import Any

import pytest

from engine.audio.samples import MAX_VALUES, read_waveform
from engine.contract.kinds import Drawing, Item, Kind, Lines, OwnImage, Raster, Size, Span
from engine.kinds import drawing
from engine.kinds.drawing import draw_beside, draw_full, draw_small, facts_line, facts_of
from engine.kinds.registry import Kinds, content_of, kinds
from tests.support import media_files as media
from tests.support.pixels import pixel

SIZE = Size(40, 10)
FORMER_DIRECTION = "higher_is_more_alike"

LOW = Size(SIZE.columns, 9)
"""An area too low for more of a sound than its waveform."""


def item_of(data: bytes, kind: str | None = None) -> Item:
    name, found = kinds().recognise(content_of(data), kind)
    return Item(
        kind=name,
        media_type=found.media_type,
        size=len(data),
        width=found.width,
        height=found.height,
        facts=found.facts,
        open=lambda: io.BytesIO(data),
    )


def text_of(drawn: Drawing) -> str:
    assert isinstance(drawn, Lines)
    return "\n".join("".join(span.text for span in line) for line in drawn.lines)


def json_item(data: Any, kind: str) -> Item:
    return item_of(json.dumps(data).encode(), kind)


def test_an_image_is_shown_as_it_is() -> None:
    assert draw_full(item_of(media.image()), SIZE) == OwnImage()
    assert draw_small(item_of(media.image()), SIZE) == OwnImage()
    assert facts_of(item_of(media.image(size=(160, 90)))) == [("size", "160×90")]
    assert "svg+xml" in text_of(draw_full(item_of(media.SVG.encode()), SIZE))


def test_sound_is_a_waveform_with_its_level_and_length() -> None:
    lines = text_of(draw_full(item_of(media.wav(2.5, peak=0.5)), LOW)).splitlines()
    assert len(lines) == 9
    assert {len(line) for line in lines[:7]} == {40}
    filled = [sum(line[column] != " " for line in lines[:7]) for column in (0, 20, 39)]
    assert filled[0] < filled[1] < filled[2]
    assert lines[7] == "-13.8 dBFS RMS, peak -6.0"
    assert lines[8] == "0:02.5, 8 kHz, mono"


@pytest.mark.parametrize("name", ["FLAC", "OGG", "MP3"])
def test_compressed_sound_is_decoded_for_its_waveform(name: str) -> None:
    soundfile = pytest.importorskip("soundfile", reason="the extra audio is not installed")
    np = pytest.importorskip("numpy")
    rising = np.linspace(0, 0.5, 16000) * np.sin(np.arange(16000) * 0.3)
    stream = io.BytesIO()
    soundfile.write(stream, rising, 8000, format=name)
    data = stream.getvalue()
    facts = {"seconds": 2.0, "sample_rate": 8000, "channels": 1}
    item = Item(
        "audio", f"audio/{name.lower()}", len(data), facts=facts, open=lambda: io.BytesIO(data)
    )
    lines = text_of(draw_full(item, LOW)).splitlines()
    filled = [sum(line[column] != " " for line in lines[:7]) for column in (0, 20, 39)]
    assert filled[0] < filled[1] < filled[2]
    peak = float(lines[7].rpartition(" ")[2])
    assert peak == pytest.approx(-6, abs=0.5)


def test_a_damaged_or_endless_sound_is_drawn_by_its_facts() -> None:
    facts = {"seconds": 2.0, "sample_rate": 8000, "channels": 1}
    item = Item("audio", "audio/flac", 8, facts=facts, open=lambda: io.BytesIO(b"fLaC\0\0\0\0"))
    assert "dBFS" not in text_of(draw_full(item, SIZE))
    endless = Item("audio", "audio/flac", 8, facts={**facts, "seconds": 1e6}, open=item.open)
    assert "dBFS" not in text_of(draw_full(endless, SIZE))


def test_a_quiet_sound_has_a_shape_and_stays_small_beside_a_loud_one() -> None:
    quiet, loud = item_of(media.wav(2.0, peak=0.05)), item_of(media.wav(2.0, peak=0.9))
    assert text_of(draw_full(quiet, LOW)).splitlines()[0].strip()
    drawn = [text_of(one).splitlines()[:7] for one in draw_beside([quiet, loud], LOW)]
    assert not drawn[0][0].strip()
    assert drawn[1][0].strip()


@pytest.mark.parametrize(("bits", "code"), [(8, "u1"), (16, "<i2"), (32, "<i4"), (32, "<f4")])
def test_samples_of_each_width_have_the_same_levels(bits: int, code: str) -> None:
    import numpy as np

    from engine.audio.samples import read_waveform

    wave = np.repeat([0.25, -0.5, 1.0], 100)
    if code == "u1":
        data = (wave * 127 + 128).astype(code).tobytes()
    elif "f" in code:
        data = wave.astype(code).tobytes()
    else:
        data = (wave * (2 ** (bits - 1) - 1)).astype(code).tobytes()
    tag = 3 if "f" in code else 1
    width = bits // 8
    fmt = tag.to_bytes(2, "little") + b"\1\0" + (8000).to_bytes(4, "little")
    fmt += (8000 * width).to_bytes(4, "little") + bytes([width, 0, bits, 0])
    file = (
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + fmt + b"data" + len(data).to_bytes(4, "little") + data
    )
    found = read_waveform(io.BytesIO(file), len(file), 3)
    assert found is not None
    assert found.columns == pytest.approx((0.25, 0.5, 1.0), abs=0.01)
    assert found.peak == pytest.approx(0.0, abs=0.1)


def test_a_column_of_many_channels_is_read_in_part() -> None:
    sizes: list[int] = []

    class Reads(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            found = super().read(size)
            sizes.append(len(found))
            return found

    data = media.wav(8.0, channels=200)
    found = read_waveform(Reads(data), len(data), 2)
    assert found is not None
    assert found.is_sampled
    assert max(sizes) <= 2 * MAX_VALUES


def test_sound_in_an_unknown_format_shows_its_facts() -> None:
    facts = {"seconds": 2.0, "sample_rate": 44100, "channels": 2}
    item = Item("audio", "audio/x-ms-wma", 4, facts=facts, open=lambda: io.BytesIO(b"????"))
    shown = text_of(draw_full(item, SIZE))
    assert "audio/x-ms-wma" in shown
    assert "44.1 kHz" in shown


def test_sounds_beside_each_other_share_a_scale_of_time() -> None:
    short, long = (item_of(media.wav(seconds)) for seconds in (1.0, 2.0))
    first, second = draw_beside([short, long], LOW)
    assert [len(text_of(d).splitlines()[0]) for d in (first, second)] == [20, 40]
    mixed = draw_beside([short, item_of(media.image())], LOW)
    assert mixed[1] == OwnImage()


def test_a_film_shows_frames_if_they_are_images() -> None:
    frames = [media.image("JPEG", (64, 36), colour) for colour in ("red", "lime", "blue")]
    film = item_of(media.mp4(frames, codec=b"jpeg"))
    drawn = draw_full(film, SIZE)
    assert isinstance(drawn, Raster)
    from PIL import Image

    with Image.open(io.BytesIO(drawn.data)) as strip:
        width, height = strip.size
        seen = [pixel(strip, (width * n // 6, height // 2)) for n in (1, 3, 5)]
    assert [max(range(3), key=colour.__getitem__) for colour in seen] == [0, 1, 2]
    assert draw_small(film, SIZE) == Raster(frames[1])
    facts = text_of(draw_full(item_of(media.mp4(sound=True)), SIZE))
    assert "640×360" in facts
    assert "stereo" in facts


def test_facts_in_a_line_name_bare_numbers() -> None:
    film = item_of(media.mp4([b"x"] * 10, sound=True))
    line = "0:00.4, 48 kHz, stereo, 640×360, 25 frames/s, 10 frames, avc1"
    assert facts_line(film) == line
    assert facts_line(item_of(b'{"a": 1}')) == "1 entries"


def test_notation_is_text() -> None:
    drawn = draw_full(item_of(media.ABC.encode()), SIZE)
    assert isinstance(drawn, Lines)
    assert [line[0].tone for line in drawn.lines[:3]] == ["muted"] * 3
    assert drawn.lines[5] == (Span("|:A|FA A2 BAFA|d2 e2 f2 d2:|"),)


def test_tables_features_and_timelines() -> None:
    table = {"columns": ["name", "value"], "rows": [["fox", 1.5], ["hare", 20]]}
    assert text_of(draw_full(json_item(table, "table"), SIZE)).splitlines() == [
        "name  value",
        "fox     1.5",
        "hare     20",
    ]
    features = {"tempo": 120.5, "key": "D", "energy": [0, 1, 2, 3]}
    assert text_of(draw_full(json_item(features, "features"), SIZE)).splitlines() == [
        "tempo   120.5",
        "key     D",
        "energy  ▁▃▆█",
    ]
    timeline = [{"start": 0, "end": 5, "label": "verse"}, {"start": 5, "end": 10, "label": "x"}]
    first, second = text_of(draw_full(json_item(timeline, "timeline"), SIZE)).splitlines()
    assert first.startswith("verse  █")
    assert first.endswith("0:00.0–0:05.0")
    assert second.index("█") > first.rindex("█")


@pytest.mark.parametrize("kind", ["table", "features", "timeline", "similarity", "data"])
@pytest.mark.parametrize(
    "data",
    [None, 5, [], {}, [[[]]], {"rows": 5}, {"rows": [5, {}]}, {"rows": [[{}]]}, [{"start": "a"}],
     [{"start": 0, "end": 0}], {"a": [None]}, {"likenesses": [1]}],
)  # fmt: skip
def test_data_of_another_shape_is_drawn_somehow(kind: str, data: Any) -> None:
    assert isinstance(draw_full(json_item(data, kind), SIZE), Lines)
    assert isinstance(draw_full(Item(kind, data=data), SIZE), Lines)


def test_similarities_are_a_square_for_each_measure() -> None:
    hashes = ["a" * 64, "b" * 64]
    images = [{"hash": h, "media_type": "image/png", "size": 1} for h in hashes]
    measure = {"measure": "clip", "method": "m", "values": [[1, 0.5], [0.5, 1]]}
    for direction in ("higher_is_more_similar", FORMER_DIRECTION):
        item = Item(
            "similarity",
            data={"likenesses": [measure | {direction: True}]},
            request={"images": images},
            names={hashes[0]: "harbour"},
        )
        assert text_of(draw_full(item, SIZE)).splitlines() == [
            "clip: higher is more alike",
            "          harbour  bbbbbbbb",
            "harbour         1       0.5",
            "bbbbbbbb      0.5         1",
        ]


HOSTILE = "\x1b]0;owned\x07\x1b[31mred\x9b2J\u202eevil\r\nnext[bold]"


@pytest.mark.parametrize(
    "item",
    [
        item_of(("X: 1\nK:C\n" + HOSTILE).replace("\x1b]0;owned\x07", "").encode(), "notation"),
        json_item({HOSTILE: HOSTILE}, "features"),
        json_item({"columns": [HOSTILE], "rows": [[HOSTILE]]}, "table"),
        json_item([{"start": 0, "end": 1, "label": HOSTILE}], "timeline"),
        json_item({"x": HOSTILE}, "data"),
        Item("not-\x1b[31minstalled", media_type=HOSTILE, facts={"x": HOSTILE}),
        item_of(HOSTILE.encode(), "text"),
    ],
    ids=lambda item: item.kind[:5],
)
def test_hostile_text_is_cleaned(item: Item) -> None:
    shown = text_of(draw_full(item, Size(200, 50)))
    assert shown.replace("\n", "").isprintable()
    if item.kind != "data":  # JSON writes it as `\u001b`, which is only text
        assert "owned" not in shown


class Odd(Kind):
    """Draws whatever a test wants."""

    name = "odd"
    title = "odd"
    drawn: Any = None

    def full(self, item: Item, size: Size) -> Drawing | None:
        if isinstance(self.drawn, Exception):
            raise self.drawn
        return self.drawn

    def facts(self, item: Item) -> Sequence[tuple[str, str]]:
        raise RuntimeError("no facts")


@pytest.mark.parametrize(
    ("drawn", "shown"),
    [
        (RuntimeError("x"), "This odd cannot be drawn."),
        (FileNotFoundError("x"), "The file is not there any more."),
        (Lines((("not a span",),)), "This odd cannot be drawn."),  # type: ignore[arg-type]
        ("not a drawing", "This odd cannot be drawn."),
        (None, "odd"),
        (Lines(((Span("x" * 10_000),),) * 10_000), "x" * drawing.MAX_CHARS),
    ],
)
def test_a_kind_that_fails_is_a_sentence(
    drawn: Any, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = Odd()
    odd.drawn = drawn
    monkeypatch.setattr(drawing, "kinds", lambda: Kinds({"odd": odd}, ()))
    text = text_of(draw_full(Item("odd"), SIZE))
    assert text.splitlines()[0].strip() == shown
    assert len(text.splitlines()) <= SIZE.rows


def test_a_file_that_is_gone_is_said_to_be_gone() -> None:
    def gone() -> Any:
        raise FileNotFoundError

    item = Item("audio", media_type="audio/wav", size=100, open=gone)
    assert text_of(draw_full(item, SIZE)) == "The file is not there any more."
