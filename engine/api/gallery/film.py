"""A timeline as a drawing: sections, shots, energy, cuts, with times in words."""

from dataclasses import dataclass

from engine.contract.timeline import Timeline
from engine.text import quantities

WIDTH = 1000.0
"""Width of the drawing in its own units."""

ENERGY_HEIGHT = 40.0


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a timeline.

    Attributes:
        x: Its start, 0 to `WIDTH`.
        width: Its width.
        title: Its name.
        time: Its times in words.
        scope: Part of the job that decisions about it are in; empty for none.
        colours: Its colours as `#RRGGBB`, each with its start and its width.
        facts: Texts by their names.
        transition: The change from the shot before.
    """

    x: float
    width: float
    title: str
    time: str
    scope: str = ""
    colours: tuple[tuple[str, float, float], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    transition: str = ""


@dataclass(frozen=True, slots=True)
class Film:
    """A timeline.

    Attributes:
        length: Its length in words.
        seconds: Its length.
        sections: Its sections.
        shots: Its shots.
        energy: Points of the curve of its energy, as SVG writes them; empty without one.
        marks: Places with names.
    """

    length: str
    seconds: float
    sections: tuple[Block, ...]
    shots: tuple[Block, ...]
    energy: str
    marks: tuple[tuple[float, str], ...]


def film_of(timeline: Timeline) -> Film:
    """Return a timeline as a drawing."""
    scale = WIDTH / timeline.seconds
    return Film(
        length=quantities.length(timeline.seconds),
        seconds=timeline.seconds,
        sections=tuple(
            Block(
                x=_at(one.start, scale),
                width=_at(one.end - one.start, scale),
                title=one.label,
                time=f"{quantities.length(one.start)} to {quantities.length(one.end)}",
                scope=one.scope,
                colours=_colours(one.palette, one.start * scale, (one.end - one.start) * scale),
                facts=(*one.lanes, *one.facts),
            )
            for one in timeline.sections
        ),
        shots=tuple(
            Block(
                x=_at(one.start, scale),
                width=_at(one.end - one.start, scale),
                title=f"shot {number}",
                time=f"{quantities.length(one.start)} to {quantities.length(one.end)}",
                scope=one.scope,
                transition=one.transition.replace("-", " "),
            )
            for number, one in enumerate(timeline.shots, 1)
        ),
        energy=_curve(timeline.energy),
        marks=tuple((_at(at, scale), name) for at, name in timeline.marks),
    )


def _at(seconds: float, scale: float) -> float:
    return round(seconds * scale, 2)


def _colours(
    palette: tuple[str, ...], start: float, width: float
) -> tuple[tuple[str, float, float], ...]:
    each = width / len(palette) if palette else 0.0
    return tuple(
        (colour, round(start + each * n, 2), round(each, 2)) for n, colour in enumerate(palette)
    )


def _curve(levels: tuple[float, ...]) -> str:
    """Return levels as a closed area, thinned to a point per two units."""
    if not levels:
        return ""
    every = max(1, len(levels) // int(WIDTH / 2))
    kept = [max(levels[n : n + every]) for n in range(0, len(levels), every)]
    step = WIDTH / max(1, len(kept) - 1)
    points = [f"{n * step:.1f},{(1 - level) * ENERGY_HEIGHT:.1f}" for n, level in enumerate(kept)]
    return " ".join([f"0,{ENERGY_HEIGHT:g}", *points, f"{WIDTH:g},{ENERGY_HEIGHT:g}"])
