"""The things of a still life: turned wares with shadow and highlight, fruit, books, lights."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.backends.builtin.painter.buildings import WINDOW, halo
from engine.backends.builtin.painter.canvas import Patch, Spot, blurred
from engine.backends.builtin.painter.land import tinted
from engine.backends.builtin.painter.noise import smoothstep
from engine.backends.builtin.painter.plan import PaintPlan
from engine.imaging.measure.colour import Array, Rgb, mix
from engine.imaging.silhouettes.curves import Point, Ring, box, curve, disc
from engine.imaging.silhouettes.outlines import turned


@dataclass(frozen=True, slots=True)
class StillLifeObject:
    """One thing on the table: where, in which colour, and on which side it is in shade."""

    spot: Spot
    plan: PaintPlan
    hue: Rgb
    side: float

    @property
    def base(self) -> Rgb:
        """Its colour under the image's light."""
        return tinted(self.plan, self.hue)

    def lit(self, share: float) -> Rgb:
        """Its colour mixed with light."""
        return mix(self.base, self.plan.look.lamp, share)

    def dim(self, share: float) -> Rgb:
        """Its colour mixed with shade."""
        return mix(self.base, self.plan.look.near, share)


def body(item: StillLifeObject, name: str, hue: Rgb | None = None, at: Point | None = None) -> None:
    """A turned body, shaded round, with a highlight and light thrown back from the table."""
    hue = hue or item.hue
    spot = Spot(item.spot.canvas, at or item.spot.at, item.spot.size)
    right = turned(name)
    ring = right + [(-x, y) for x, y in right[::-1]]
    patch = spot.put([ring], tinted(item.plan, hue))
    if not patch.mask.size:
        return
    u, v = _around(patch, spot, item.side)
    look = item.plan.look

    def paint(amount: Array, colour: Rgb) -> None:
        spot.canvas.over(patch.mask * amount, colour, patch.top, patch.left)

    paint(smoothstep(-0.35, 1.05, u) * 0.72, mix(look.near, hue, 0.18))
    paint(smoothstep(0.55, 1.1, v + 0.2 * u) * 0.3, look.near)
    paint(np.exp(-(((u + 0.5) / 0.3) ** 2)) * (1 - 0.5 * v) * 0.34, look.lamp)
    gleam = np.exp(-(((u + 0.56) / 0.075) ** 2) - ((v - 0.34) / 0.14) ** 2)
    paint(gleam * 0.75, mix(look.lamp, (1, 1, 1), 0.5))
    paint(np.exp(-(((u - 0.97) / 0.09) ** 2)) * 0.22, look.haze)


def _around(patch: Patch, spot: Spot, side: float) -> tuple[Array, Array]:
    """Coordinates of each pixel on a turned body: across (-1 lit edge, 1 shaded), and down 0..1."""
    rows, columns = patch.mask.shape
    half = np.maximum((patch.mask > 0.5).sum(axis=1), 1)[:, None] / 2
    middle = spot.at[0] * spot.canvas.width - patch.left
    across = (np.arange(columns)[None, :] - middle) / half * side
    return across, np.linspace(0, 1, rows)[:, None]


def _handle(item: StillLifeObject, x: float, y: float, radius: float) -> None:
    spot = Spot(item.spot.canvas, item.spot.at, item.spot.size, item.side < 0)
    hole = disc((x, y), radius * 0.64, 40, 1.2)
    spot.put([disc((x, y), radius, 40, 1.15)], item.dim(0.35), holes=[hole])


def cup(item: StillLifeObject) -> None:
    """A cup on its saucer, steaming."""
    put = item.spot.put
    put([disc((0, 0.0), 0.52, 48, 0.2)], item.dim(0.4))
    put([disc((0, 0.025), 0.52, 48, 0.19)], item.lit(0.15))
    put([disc((0, 0.03), 0.3, 48, 0.18)], item.dim(0.3))
    _handle(item, 0.38, 0.3, 0.16)
    body(item, "cup")
    put([disc((0, 0.53), 0.36, 40, 0.2)], item.lit(0.35))
    put([disc((0, 0.524), 0.324, 40, 0.18)], mix((0.25, 0.13, 0.07), item.plan.look.near, 0.25))
    _steam(item)


def _steam(item: StillLifeObject) -> None:
    canvas = item.spot.canvas
    t = np.linspace(0, 1, 30)
    wide = 0.028 * np.sin(math.pi * t) + 0.004
    rings: list[Ring] = []
    for wisp in (-1, 0, 1):
        x = 0.12 * wisp + 0.09 * np.sin(t * 5.5 + wisp * 1.9) * (0.3 + t)
        rings.append(ribbon(x, 0.62 + 0.75 * t, wide))
    patch = canvas.stencil(rings, item.spot.at, item.spot.size)
    veil = np.zeros(canvas.shape, dtype=np.float32)
    rows, columns = patch.mask.shape
    veil[patch.top : patch.top + rows, patch.left : patch.left + columns] = patch.mask * 0.8
    soft = blurred(veil, max(1.0, item.spot.size * canvas.unit * 0.025))
    canvas.glow(soft * 0.5, mix(item.plan.look.lamp, (1, 1, 1), 0.5))


def ribbon(x: Array, y: Array, half: Array) -> Ring:
    """A band along a line of points, `half` as wide on either side, as a ring."""
    left = zip(x - half, y, strict=True)
    right = zip((x + half)[::-1], y[::-1], strict=True)
    return [(float(a), float(b)) for a, b in (*left, *right)]


def teapot(item: StillLifeObject) -> None:
    """A round teapot with spout, handle and lid."""
    spout = [(0.34, 0.2), (0.5, 0.3), (0.6, 0.5), (0.72, 0.6), (0.66, 0.62), (0.52, 0.56)]
    flipped = Spot(item.spot.canvas, item.spot.at, item.spot.size, item.side > 0)
    flipped.put([curve([*spout, (0.42, 0.44), (0.3, 0.4)])], item.lit(0.12))
    _handle(item, 0.46, 0.36, 0.22)
    body(item, "teapot")
    body(item, "lid")


def vase(item: StillLifeObject) -> None:
    """A vase with a handful of stems and blossoms."""
    plan, put = item.plan, item.spot.put
    petals = tinted(plan, plan.colours.get("flower") or (0.93, 0.45, 0.4))
    ends = [(-0.3, 1.12), (-0.13, 1.3), (0.06, 1.2), (0.22, 1.36), (0.36, 1.08), (0.0, 1.44)]
    stems: list[Ring] = [
        [(-0.012, 0.7), (0.012, 0.7), (x + 0.008, y), (x - 0.008, y)] for x, y in ends
    ]
    leaves: list[Ring] = [
        curve([(0.0, 0.75), (s * 0.16, 0.92), (s * 0.34, 0.94), (s * 0.14, 0.82)])
        for s in (-1, 0.7)
    ]
    put([*stems, *leaves], mix(tinted(plan, (0.3, 0.48, 0.3)), plan.look.near, 0.2))
    for number, (x, y) in enumerate(ends):
        radius = 0.085 + 0.015 * (number % 3)
        put(blossom((x, y), radius), petals)
        put([disc((x, y - radius * 0.3), radius * 0.75, 14)], plan.look.near, 0.16)
        put([disc((x, y), radius * 0.3, 12)], tinted(plan, (0.97, 0.82, 0.4)))
    body(item, "vase")


def blossom(middle: Point, radius: float) -> list[Ring]:
    """Six round petals about a point."""
    return [
        disc(
            (middle[0] + radius * 0.6 * math.cos(turn), middle[1] + radius * 0.6 * math.sin(turn)),
            radius * 0.62,
            14,
        )
        for turn in np.arange(6) * math.pi / 3
    ]


def fruit(item: StillLifeObject) -> None:
    """Pears and an apple in a shallow bowl."""
    asked, form = item.plan.colours.get("fruit"), item.plan.fruit
    tones: Sequence[Rgb] = ((0.85, 0.72, 0.25), (0.8, 0.25, 0.2), (0.9, 0.55, 0.2))
    places = (("pear", -0.2, 0.16), ("apple", 0.2, 0.18), ("pear", 0.0, 0.2))
    for (name, x, y), tone in zip(places, tones, strict=True):
        _fruit_at(item, form or name, asked or tone, item.spot.up(y, x))
    body(item, "bowl")
    rim = [point for point in disc((0, 0.24), 0.46, 48, 0.09) if point[1] <= 0.24]
    item.spot.put([rim], item.lit(0.4), 0.8)


def single_fruit(item: StillLifeObject) -> None:
    """One apple or pear on the table."""
    form = item.plan.fruit or "apple"
    usual = (0.85, 0.72, 0.25) if form == "pear" else (0.8, 0.25, 0.2)
    hue = item.plan.colours.get("fruit", usual)
    large = Spot(item.spot.canvas, item.spot.at, 1.9 * item.spot.size)
    _fruit_at(replace(item, spot=large), form, hue, item.spot.at)


def _fruit_at(item: StillLifeObject, form: str, hue: Rgb, at: Point) -> None:
    body(item, form, hue, at)
    top = turned(form)[-1][1]
    stalk: Ring = [
        (-0.008, top - 0.01),
        (0.008, top - 0.01),
        (0.03, top + 0.08),
        (0.015, top + 0.08),
    ]
    Spot(item.spot.canvas, at, item.spot.size).put([stalk], item.plan.look.near)


def bottle(item: StillLifeObject) -> None:
    """A tall bottle with a label."""
    tint = 0.1 if "bottle" in item.plan.colours else 0.45
    body(item, "bottle", mix(item.hue, (0.12, 0.22, 0.16), tint))
    put, near = item.spot.put, item.plan.look.near
    put([box(-0.16, 0.2, 0.16, 0.46)], tinted(item.plan, (0.92, 0.87, 0.74)), 0.85)
    put([box(-0.1, 0.36, 0.1, 0.375), box(-0.07, 0.31, 0.07, 0.32)], near, 0.6)
    shade = box(0.02, 0.2, 0.16, 0.46) if item.side > 0 else box(-0.16, 0.2, -0.02, 0.46)
    put([shade], near, 0.28)


def candle(item: StillLifeObject) -> None:
    """A burning candle in a holder; it lights the image."""
    body(item, "candlestick", (0.7, 0.52, 0.25))
    body(item, "candle", item.plan.colours.get("candle", (0.95, 0.9, 0.78)))
    flame = [(0.0, 0.66), (0.05, 0.72), (0.04, 0.8), (0.0, 0.92), (-0.04, 0.8), (-0.05, 0.72)]
    canvas, tip = item.spot.canvas, item.spot.up(0.78)
    halo(canvas, tip, item.spot.size * 1.05, WINDOW, 0.5)
    halo(canvas, tip, item.spot.size * 0.23, (1.0, 0.9, 0.6), 0.55)
    item.spot.put([curve(flame)], (1.0, 0.86, 0.45))
    core = [(0.0, 0.68), (0.025, 0.73), (0.0, 0.82), (-0.025, 0.73)]
    item.spot.put([curve(core)], (1.0, 0.98, 0.88))


def book(item: StillLifeObject) -> None:
    """A pile of three books, or as many as are asked for."""
    plan, put = item.plan, item.spot.put
    tones = (item.hue, mix(item.hue, (0.2, 0.3, 0.35), 0.7), mix(item.hue, (0.85, 0.7, 0.4), 0.7))
    if "book" in plan.colours:
        tones = (item.hue, mix(item.hue, plan.look.near, 0.2), mix(item.hue, plan.look.lamp, 0.12))
    for level in range(plan.number("book", len(tones))):
        tone = tones[level % len(tones)]
        x, low = 0.05 * (-1) ** level, 0.13 * level
        high = low + 0.125
        put([box(-0.45 + x, low, 0.42 + x, high)], tinted(plan, tone))
        put([box(-0.4 + x, low + 0.02, -0.37 + x, high - 0.02)], plan.look.lamp, 0.35)
        put([box(0.08 + x, low + 0.02, 0.4 + x, high - 0.02)], tinted(plan, (0.9, 0.85, 0.72)))
        shade = box(x, low, 0.42 + x, high) if item.side > 0 else box(-0.45 + x, low, x, high)
        put([shade], plan.look.near, 0.35)


def lantern(item: StillLifeObject) -> None:
    """A paper lantern that glows from within."""
    canvas, near = item.spot.canvas, item.plan.look.near
    middle = item.spot.up(0.45)
    halo(canvas, middle, item.spot.size * 0.8, mix(item.hue, WINDOW, 0.55), 0.6)
    right = turned("lantern")
    patch = item.spot.put([right + [(-x, y) for x, y in right[::-1]]], mix(item.hue, near, 0.12))
    rows, columns = patch.mask.shape
    core = np.exp(-((canvas.distance(middle) / (0.24 * item.spot.size)) ** 2))
    inside = core[patch.top : patch.top + rows, patch.left : patch.left + columns]
    light = mix(WINDOW, (1, 1, 0.9), 0.5)
    canvas.over(patch.mask * inside * 0.9, light, patch.top, patch.left)
    ribs: list[Ring] = []
    for y in np.arange(0.14, 0.8, 0.075):
        half = 0.36 * math.sqrt(max(0.0, 1 - ((y - 0.45) / 0.43) ** 2))
        ribs.append(box(-half, y, half, y + 0.006))
    item.spot.put(ribs, mix(item.hue, near, 0.5), 0.45)
    caps = [box(-0.18, 0.8, 0.18, 0.87), box(-0.18, 0.03, 0.18, 0.1)]
    cords = [box(-0.012, 0.87, 0.012, 1.05), box(-0.012, -0.12, 0.012, 0.03)]
    item.spot.put([*caps, *cords], near)


PIECES: dict[str, Callable[[StillLifeObject], None]] = {
    "cup": cup,
    "teapot": teapot,
    "vase": vase,
    "fruit": fruit,
    "single fruit": single_fruit,
    "bottle": bottle,
    "candle": candle,
    "book": book,
    "lantern": lantern,
}
"""Painter of each still life object."""
