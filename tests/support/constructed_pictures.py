"""Pictures of which it is known what they show, painted by the embedded painter's own hand.

A scene of the painter without subjects, and on it things of a kind, a colour and a place that were
chosen here; then weather, lens, grade and medium as for any image. Nothing of the choice is
written into the file.
"""

import io
from dataclasses import dataclass

import numpy as np

from engine.backends.builtin.painter import buildings, cutouts, plants, towers
from engine.backends.builtin.painter.canvas import Canvas, Spot
from engine.backends.builtin.painter.paint import finished, set_stage, source_of
from engine.backends.builtin.painter.plan import PaintPlan, plan
from engine.backends.builtin.painter.still_life_objects import PIECES, StillLifeObject
from engine.backends.builtin.painter.weather import weather
from engine.imaging.measure.colour import from_hex
from engine.imaging.silhouettes.outlines import outline
from engine.imaging.vocabulary.lexicon import vocabulary
from engine.imaging.vocabulary.reading import read

GROUNDS = {
    "land": (
        "a meadow at noon", "hills at dawn", "the desert, golden hour", "a snowy plain, day",
        "a beach, day", "a field at dusk", "hills, overcast", "a meadow at sunset",
    ),
    "water": ("the sea, day", "a lake at dawn", "the sea at sunset", "a lake, overcast",
              "the sea at dusk", "a lake, golden hour"),
    "sky": ("hills, day", "the sea, dawn", "the desert at sunset", "a lake at dusk"),
    "deep": ("underwater, day", "under the sea, dusk", "a reef, noon"),
    "still": ("a cup, studio", "a bottle, window light", "a vase by candlelight"),
}  # fmt: skip
"""Scenes for things of a stage; the subjects that they name are left out."""

PLACES = {
    "cat": "land", "fox": "land", "wolf": "land", "deer": "land", "person": "land",
    "house": "land", "castle": "land", "windmill": "land", "tent": "land", "torii": "land",
    "tree": "land", "palm": "land", "lighthouse": "land",
    "boat": "water", "rowboat": "water", "ship": "water",
    "balloon": "sky", "bird": "sky",
    "whale": "deep", "fish": "deep", "jellyfish": "deep",
    "cup": "still", "teapot": "still", "vase": "still", "fruit": "still", "bottle": "still",
    "candle": "still", "book": "still", "lantern": "still",
}  # fmt: skip
"""Stage of every kind of thing."""


@dataclass(frozen=True)
class Thing:
    """One thing to paint.

    Attributes:
        name: Kind of thing, of `PLACES`.
        colour: Name of its colour in the vocabulary, empty for the painter's own.
        x: Place from the left, 0 to 1.
        size: Size relative to the shorter side, 0 to 1.
    """

    name: str
    colour: str = ""
    x: float = 0.5
    size: float = 0.3


def picture(
    things: list[Thing],
    ground: str,
    seed: int,
    width: int = 256,
    height: int = 256,
    freedom: float = 0.5,
) -> bytes:
    """Paint things on a ground, as PNG."""
    source = source_of(seed)
    decided = plan(read(ground), source("plan"), freedom)
    kept = {"sea", "lake", "desert", "snow-land", "beach", "field", "hill", "reef"}
    decided.things = [name for name in decided.things if name in kept]
    decided.colours = {}
    canvas = Canvas(width, height)
    if decided.stage == "deep":
        _deep(canvas, decided, source("deep"))
    else:
        set_stage(canvas, decided, source)
    rng = np.random.default_rng(seed)
    for thing in things:
        if thing.colour:
            value = vocabulary()["colour"][thing.colour]
            decided.colours[thing.name] = from_hex(value)
        else:
            decided.colours.pop(thing.name, None)
        _put(canvas, decided, thing, rng)
    weather(canvas, decided, source("weather"))
    out = io.BytesIO()
    finished(canvas, decided, source).save(out, "PNG")
    return out.getvalue()


def _deep(canvas: Canvas, decided: PaintPlan, rng: np.random.Generator) -> None:
    look = decided.look
    canvas.gradient([look.sky[-1], look.water, look.near], 0, canvas.height)


def _put(canvas: Canvas, decided: PaintPlan, thing: Thing, rng: np.random.Generator) -> None:
    name, stage = thing.name, PLACES[thing.name]
    flip = bool(rng.uniform() < 0.5)
    if stage == "land":
        _stand(canvas, decided, thing, (thing.x, float(rng.uniform(0.82, 0.93))), flip, rng)
    elif stage == "water":
        at = (thing.x, decided.horizon + (1 - decided.horizon) * float(rng.uniform(0.2, 0.55)))
        if name == "boat":
            cutouts.boat(canvas, decided, at, thing.size, flip)
        elif name == "ship":
            cutouts.ship(canvas, decided, at, thing.size, flip, rng)
        else:
            cutouts.rowboat(canvas, decided, at, thing.size, flip)
    elif name == "balloon":
        at = (thing.x, float(rng.uniform(0.45, 0.6)))
        cutouts.balloon(canvas, decided, at, thing.size, rng)
    elif stage == "still":
        at = (thing.x, decided.horizon + float(rng.uniform(0.08, 0.16)))
        hue = decided.colours.get(name, (0.80, 0.36, 0.25))
        side = 1.0 if flip else -1.0
        PIECES[name](StillLifeObject(Spot(canvas, at, thing.size), decided, hue, side))
    else:
        at = (thing.x, float(rng.uniform(0.3, 0.6)))
        hue = decided.colours.get(name, decided.look.near)
        patch = canvas.stencil(outline(name, "rings"), at, thing.size, flip)
        canvas.lay(patch, hue)
        cutouts.rim(canvas, patch, decided.look.lamp, 0.5, thing.size)


def _stand(
    canvas: Canvas,
    decided: PaintPlan,
    thing: Thing,
    at: tuple[float, float],
    flip: bool,
    rng: np.random.Generator,
) -> None:
    match thing.name:
        case "house":
            buildings.house(canvas, decided, at, thing.size, rng)
        case "castle":
            towers.castle(canvas, decided, at, thing.size, rng)
        case "windmill":
            towers.windmill(canvas, decided, at, thing.size, rng)
        case "tent":
            towers.tent(canvas, decided, at, thing.size)
        case "torii":
            towers.torii(canvas, decided, at, thing.size)
        case "lighthouse":
            towers.lighthouse(canvas, decided, at, thing.size, rng)
        case "tree":
            plants.tree(canvas, decided, rng, at, thing.size)
        case "palm":
            plants.palm(canvas, decided, rng, at, thing.size)
        case _:
            cutouts.figure(canvas, decided, thing.name, at, thing.size, flip)
