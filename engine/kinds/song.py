"""Kind `song`: the outline of a song as figures, sections, and energy over time."""

import io
from collections.abc import Iterator

from pydantic import ValidationError

from engine.audio.features import Section
from engine.audio.notation.spelling import key_name
from engine.audio.song.outline import SongOutline
from engine.contract.bars import bars, resampled
from engine.contract.kinds import Drawing, Item, Line, Lines, Size, Span
from engine.contract.rows import LABEL, row
from engine.contract.timeline import Timeline, TimelineSection
from engine.kinds.figures import FigureKind
from engine.kinds.music import lanes, ruler
from engine.kinds.text import data_of
from engine.text.terminal import clean

_CURVE_ROWS = 4
_CELLS_OF_A_BAR = 4
_COLOURS = {
    "intro": "#5C6B8A",
    "verse": "#3A7CA5",
    "chorus": "#E07A5F",
    "bridge": "#81B29A",
    "inst": "#F2CC8F",
    "outro": "#6D597A",
}
_OTHER = "#7F8C8D"
_PAPER, _INK = "#11151C", "#FFFFFF"


class SongKind(FigureKind):
    """The outline of a song: `engine.audio.song.outline.SongOutline` as JSON."""

    name = "song"
    title = "song"

    def thumbnail(self, item: Item, side: int) -> bytes | None:
        """Return its sections as coloured blocks with its energy, half as high as wide."""
        song = _song(item)
        return None if song is None else _image(song, side)

    def full(self, item: Item, size: Size) -> Drawing | None:
        """Return figures, then sections, moods, energy, bars and marks on one timeline."""
        song = _song(item)
        if song is None:
            return None
        room = max(20, size.columns - LABEL)
        return Lines(tuple(_lines(song, room)))

    def small(self, item: Item, size: Size) -> Drawing | None:
        """Return the energy over the sections."""
        song = _song(item)
        if song is None:
            return None
        room = max(1, size.columns)
        curve = bars(resampled(song.energy, room), max(1, size.rows - 1))
        return Lines((*curve, _marks(song, room)))

    def timeline(self, item: Item) -> Timeline | None:
        """Return its sections, beats and energy."""
        song = _song(item)
        if song is None:
            return None
        return Timeline(
            seconds=song.seconds,
            sections=tuple(
                TimelineSection(one.start, one.end, one.label, lanes=(("mood", one.mood),))
                for one in song.sections
            ),
            energy=song.energy,
            beats=song.beats or song.downbeats,
            downbeats=song.downbeats,
            marks=((song.climax, "climax"), *((time, "shift of mood") for time in song.shifts)),
        )


def _song(item: Item) -> SongOutline | None:
    try:
        return SongOutline.model_validate(data_of(item))
    except ValidationError:
        return None


def _lines(song: SongOutline, room: int) -> Iterator[Line]:
    yield _figures(song)
    yield ruler(song.seconds, room)
    yield from lanes("sections", _stretches(song), song.seconds, room)
    yield from lanes("mood", _moods(song), song.seconds, room)
    for number, (span,) in enumerate(bars(resampled(song.energy, room), _CURVE_ROWS)):
        yield row("" if number else "energy", span)
    yield row("bass", *bars(resampled(song.bass, room), 1)[0])
    if song.downbeats:
        yield row("bars", Span(_bar_marks(song, room), "muted"))
    yield row("marks", *_marks(song, room))
    yield row("", Span("▲ climax  ◆ shift of mood", "muted"))


def _figures(song: SongOutline) -> Line:
    tempo = "no regular pulse" if song.bpm is None else f"{song.bpm:.0f} bpm, {song.metre}"
    key = key_name(song.key) if song.key else "no key"
    texts = [clean(text, 40) for text in (tempo, key, song.mood)]
    return row("song", Span(", ".join(texts), "strong"))


def _stretches(song: SongOutline) -> list[Section]:
    return [
        Section(start=one.start, end=one.end, label=one.label)
        for one in song.sections
        if one.start < min(one.end, song.seconds)
    ]


def _moods(song: SongOutline) -> list[Section]:
    """Return the moods of the sections, equal neighbours as one."""
    joined: list[Section] = []
    for one in song.sections:
        if not one.start < min(one.end, song.seconds):
            continue
        if joined and joined[-1].label == one.mood:
            joined[-1] = Section(start=joined[-1].start, end=one.end, label=one.mood)
        else:
            joined.append(Section(start=one.start, end=one.end, label=one.mood))
    return joined


def _bar_marks(song: SongOutline, room: int) -> str:
    """Return a mark for each bar, or for every second, fourth, ... one if they are too many."""
    step = 1
    while len(song.downbeats) / step > room / _CELLS_OF_A_BAR:
        step *= 2
    cells = [" "] * room
    for time in song.downbeats[::step]:
        cells[_cell(time, song.seconds, room)] = "╵"
    each = f" every {step} bars" if step > 1 else ""
    return "".join(cells)[: max(0, room - len(each))] + each


def _marks(song: SongOutline, room: int) -> Line:
    cells = [" "] * room
    for time in song.shifts:
        cells[_cell(time, song.seconds, room)] = "◆"
    cells[_cell(song.climax, song.seconds, room)] = "▲"
    return (Span("".join(cells), "strong"),)


def _cell(time: float, seconds: float, room: int) -> int:
    return min(room - 1, max(0, int(time / seconds * room)))


def _image(song: SongOutline, side: int) -> bytes:
    from PIL import Image, ImageDraw

    width, height = max(16, side), max(8, side // 2)
    image = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(image)
    for section in song.sections:
        first, last = (_cell(t, song.seconds, width) for t in (section.start, section.end))
        colour = _COLOURS.get(section.label.rpartition("_")[0], _OTHER)
        draw.rectangle((first, 0, max(first, last - 1), height - 1), fill=_dimmed(colour))
        for column in range(first, last + 1):
            level = song.energy[min(len(song.energy) - 1, column * len(song.energy) // width)]
            draw.line((column, height, column, height - round(level * (height - 3))), fill=colour)
    at = _cell(song.climax, song.seconds, width)
    draw.line((at, 0, at, height), fill=_INK)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _dimmed(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[k : k + 2], 16) // 3 for k in (1, 3, 5))
    return red, green, blue
