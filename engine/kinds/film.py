"""Kind `film-plan`: the outline of a film on the timeline of its song."""

import base64
from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from engine.audio.features import Section
from engine.contract.bars import bars, resampled
from engine.contract.kinds import Drawing, Item, Line, Lines, Raster, Size, Span
from engine.contract.rows import LABEL, row
from engine.contract.timeline import Timeline, TimelineSection, TimelineShot
from engine.kinds.figures import FigureKind
from engine.kinds.film_strip import strip_of
from engine.kinds.music import lanes, ruler
from engine.kinds.text import data_of
from engine.text.plural import pluralize
from engine.video.outline import FilmOutline, OutlinedSection, OutlinedShot

MOST_PALETTES = 6
"""Palettes that are listed with their colours."""

_FEWEST_ROWS, _MOST_ROWS = 3, 8
_CELL = Size(8, 16)
_SWATCH = "██"
_COLUMNS_OF_A_COLOUR = 12
_MARKS = {
    "hard-cut": "│",
    "cross-dissolve": "╳",
    "fade-from-black": "◁",
    "fade-to-black": "▷",
    "flash-white": "✦",
    "morph": "∿",
    "wipe": "▌",
    "zoom-in": "+",
    "zoom-out": "−",
}


class FilmPlanKind(FigureKind):
    """The outline of a film: `engine.video.outline.FilmOutline` as JSON."""

    name = "film-plan"
    title = "film plan"
    rows = 22

    def thumbnail(self, item: Item, side: int) -> bytes | None:
        """Return its shots side by side, a quarter as high as wide."""
        film = _film(item)
        return None if film is None else strip_of(film, (max(16, side), max(8, side // 4)))

    def full(self, item: Item, size: Size) -> Drawing | None:
        """Return sections, energy, images of shots, cuts, motion and colours on one timeline."""
        film = _film(item)
        if film is None:
            return None
        room = max(20, size.columns - LABEL)
        above, below = list(_above(film, room)), list(_below(film, room))
        rows = min(_MOST_ROWS, size.rows - len(above) - len(below))
        if rows < _FEWEST_ROWS:
            return Lines((*above, *below))
        return Raster(
            strip_of(film, (room * _CELL.columns, rows * _CELL.rows), LABEL * _CELL.columns),
            coarse=strip_of(film, (room, 2 * rows), LABEL),
            above=Lines(tuple(above)),
            below=Lines(tuple(below)),
        )

    def small(self, item: Item, size: Size) -> Drawing | None:
        """Return its shots side by side."""
        data = self.thumbnail(item, 480)
        return None if data is None else Raster(data)

    def timeline(self, item: Item) -> Timeline | None:
        """Return its sections with what can be decided about them, its shots and beats."""
        film = _film(item)
        if film is None:
            return None
        images = [_image(text) for text in film.images]
        return Timeline(
            seconds=film.seconds,
            sections=tuple(map(_timeline_section, film.sections)),
            shots=tuple(_timeline_shot(shot, images) for shot in film.shots),
            energy=film.energy,
            beats=film.beats,
            downbeats=film.downbeats,
        )


def _timeline_section(section: OutlinedSection) -> TimelineSection:
    lanes = {"motion": section.motion, "source": section.source}
    facts = {"prompt": section.prompt, "effects": section.effects}
    return TimelineSection(
        start=section.start,
        end=section.end,
        label=section.label,
        scope=section.scope,
        palette=section.palette,
        lanes=tuple((name, text) for name, text in lanes.items() if text),
        facts=tuple((name, text) for name, text in facts.items() if text),
    )


def _timeline_shot(shot: OutlinedShot, images: Sequence[bytes]) -> TimelineShot:
    image = images[shot.image] if shot.image is not None else b""
    mark = _MARKS.get(shot.transition, "·")
    return TimelineShot(shot.start, shot.end, image, shot.scope, shot.transition, mark)


def _image(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def _film(item: Item) -> FilmOutline | None:
    try:
        return FilmOutline.model_validate(data_of(item))
    except ValidationError:
        return None


def _above(film: FilmOutline, room: int) -> Iterator[Line]:
    cuts = pluralize(len(film.shots), "shot")
    sections = pluralize(len(film.sections), "section")
    yield row("film", Span(f"{cuts} in {sections}", "strong"))
    yield ruler(film.seconds, room)
    yield from _lane("sections", film, [one.label for one in film.sections], room)
    if film.energy:
        yield row("energy", *bars(resampled(film.energy, room), 1)[0])


def _below(film: FilmOutline, room: int) -> Iterator[Line]:
    yield row("cuts", Span(_cuts(film, room), "strong"))
    yield from _lane("motion", film, [one.motion or "still" for one in film.sections], room)
    yield from _lane("source", film, [one.source for one in film.sections], room)
    yield row("colours", *_band(film, room))
    yield from _palettes(film, room)
    used = dict.fromkeys(shot.transition for shot in film.shots)
    keys = [f"{_MARKS[name]} {name.replace('-', ' ')}" for name in used if name in _MARKS]
    yield row("", Span("  ".join(keys), "muted"))


def _lane(name: str, film: FilmOutline, labels: Sequence[str], room: int) -> Iterator[Line]:
    """Yield labels of the sections, equal neighbours as one."""
    joined: list[Section] = []
    for one, label in zip(film.sections, labels, strict=True):
        if not one.start < min(one.end, film.seconds):
            continue
        start = joined.pop().start if joined and joined[-1].label == label else one.start
        joined.append(Section(start=start, end=one.end, label=label))
    yield from lanes(name, joined, film.seconds, room)


def _cuts(film: FilmOutline, room: int) -> str:
    """Return a mark at the start of each shot; a transition wins over a hard cut in its cell."""
    cells = [" "] * room
    for shot in film.shots:
        at = min(room - 1, int(shot.start / film.seconds * room))
        if cells[at] in {" ", _MARKS["hard-cut"]}:
            cells[at] = _MARKS.get(shot.transition, "·")
    return "".join(cells)


def _band(film: FilmOutline, room: int) -> Iterator[Span]:
    """Yield the colours of each section over its length."""
    done = 0
    for section in film.sections:
        first, last = (
            min(room, max(done, round(time / film.seconds * room)))
            for time in (section.start, section.end)
        )
        yield Span(" " * (first - done))
        yield from _blocks(section.palette, last - first)
        done = last


def _blocks(palette: Sequence[str], columns: int) -> Iterator[Span]:
    if not palette:
        yield Span(" " * columns)
        return
    for number, colour in enumerate(palette):
        first, last = (columns * at // len(palette) for at in (number, number + 1))
        yield Span("█" * (last - first), colour=colour)


def _palettes(film: FilmOutline, room: int) -> Iterator[Line]:
    """Yield palettes with the sections that have them."""
    users: dict[tuple[str, ...], list[str]] = {}
    for number, section in enumerate(film.sections, 1):
        if section.palette:
            users.setdefault(section.palette, []).append(str(number))
    each = max(1, room // _COLUMNS_OF_A_COLOUR)
    for palette, numbers in list(users.items())[:MOST_PALETTES]:
        for first in range(0, len(palette), each):
            name = "" if first else f"  {','.join(numbers)}"[: LABEL - 1]
            swatches = map(_swatch, palette[first : first + each])
            yield row(name, *(span for pair in swatches for span in pair))
    if len(users) > MOST_PALETTES:
        yield row("", Span(f"and {len(users) - MOST_PALETTES} more", "muted"))


def _swatch(colour: str) -> tuple[Span, Span]:
    return Span(_SWATCH, colour=colour), Span(f" {colour}  ")
