"""Kind `features`: what was measured of a thing; musical features as figures and timelines."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from engine.audio.features import Features
from engine.contract.bars import bars
from engine.contract.kinds import Drawing, Item, Line, Lines, Size, Span
from engine.kinds.figures import FigureKind, cell, is_number
from engine.kinds.music import music_lines
from engine.kinds.text import data_of


class FeaturesKind(FigureKind):
    """Measured features: `{name: number, text or list of numbers}`, or those of music.

    A result with a field `features` is drawn by it.
    """

    name = "features"
    title = "features"

    def full(self, item: Item, size: Size) -> Drawing | None:
        """Return a line per feature; a list of numbers as a row of bars."""
        data = data_of(item)
        if not isinstance(data, Mapping):
            return None
        inner = data.get("features")
        if isinstance(inner, Mapping):
            data = inner
        music = _music(data)
        if music is not None:
            return Lines(tuple(music_lines(music, size.columns)))
        return Lines(tuple(_plain(data, size)))


def _music(data: Mapping[str, Any]) -> Features | None:
    try:
        return Features.model_validate(dict(data))
    except ValidationError:
        return None


def _plain(data: Mapping[str, Any], size: Size) -> list[Line]:
    width = max([len(cell(name)) for name in data], default=0)
    shown = list(data.items())[: size.rows]
    room = max(8, size.columns - width - 2)
    return [(Span(cell(n).ljust(width + 2), "muted"), _feature(v, room)) for n, v in shown]


def _feature(value: Any, room: int) -> Span:
    numbers = [float(v) for v in value if is_number(v)] if isinstance(value, list) else []
    if not numbers or len(numbers) != len(value):
        return Span(cell(value))
    numbers = numbers[: max(1, room)]
    low, high = min(numbers), max(numbers)
    levels = [(v - low) / (high - low) if high > low else 0.5 for v in numbers]
    ((drawn,),) = bars([0.1 + 0.9 * level for level in levels], 1)
    return drawn
