"""The things of a still life: turned wares with shadow and highlight, fruit, books, lights."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.backends.builtin.painter.buildings import WINDOW, halo
from engine.backends.builtin.painter.canvas import (
    Patch,
    Point,
    Ring,
    Spot,
    blurred,
    box,
    curve,
    disc,
)
from engine.backends.builtin.painter.land import tinted
from engine.backends.builtin.painter.noise import smoothstep
from engine.backends.builtin.painter.outlines import turned
from engine.backends.builtin.painter.plan import PaintPlan
from engine.imaging.measure.colour import Array, Rgb, mix


@dataclass(frozen=True, slots=True)
class Ware:
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


def body(ware: Ware, name: str, hue: Rgb | None = None, at: Point | None = None) -> None:
    """A turned body, shaded round, with a highlight and light thrown back from the table."""
    hue = hue or ware.hue
    spot = Spot(ware.spot.canvas, at or ware.spot.at, ware.spot.size)
    right = turned(name)
    ring = right + [(-x, y) for x, y in right[::-1]]
    patch = spot.put([ring], tinted(ware.plan, hue))
    if not patch.mask.size:
        return
    u, v = _around(patch, spot, ware.side)
    look = ware.plan.look

    def paint(amount: Array, colour: Rgb) -> None:
        spot.canvas.over(patch.mask * amount, colour, patch.top, patch.left)

    paint(smoothstep(-0.35, 1.05, u) * 0.72, mix(look.near, hue, 0.18))
    paint(smoothstep(0.55, 1.1, v + 0.2 * u) * 0.3, look.near)
    paint(np.exp(-(((u + 0.5) / 0.3) ** 2)) * (1 - 0.5 * v) * 0.34, look.lamp)
    gleam = np.exp(-(((u + 0.56) / 0.075) ** 2) - ((v - 0.34) / 0.14) ** 2)
    paint(gleam * 0.75, mix(look.lamp, (1, 1, 1), 0.5))
    paint(np.exp(-(((u - 0.97) / 0.09) ** 2)) * 0.22, look.haze)


def _around(patch: Patch, spot: Spot, side: float) -> tuple[Array, Array]:
    """Where every pixel lies on a turned body: across (-1 lit edge, 1 shaded), and down 0..1."""
    rows, columns = patch.mask.shape
    half = np.maximum((patch.mask > 0.5).sum(axis=1), 1)[:, None] / 2
    middle = spot.at[0] * spot.canvas.width - patch.left
    across = (np.arange(columns)[None, :] - middle) / half * side
    return across, np.linspace(0, 1, rows)[:, None]


def _handle(ware: Ware, x: float, y: float, radius: float) -> None:
    spot = Spot(ware.spot.canvas, ware.spot.at, ware.spot.size, ware.side < 0)
    hole = disc((x, y), radius * 0.64, 40, 1.2)
    spot.put([disc((x, y), radius, 40, 1.15)], ware.dim(0.35), holes=[hole])


def cup(ware: Ware) -> None:
    """A cup on its saucer, steaming."""
    put = ware.spot.put
    put([disc((0, 0.0), 0.52, 48, 0.2)], ware.dim(0.4))
    put([disc((0, 0.025), 0.52, 48, 0.19)], ware.lit(0.15))
    put([disc((0, 0.03), 0.3, 48, 0.18)], ware.dim(0.3))
    _handle(ware, 0.38, 0.3, 0.16)
    body(ware, "cup")
    put([disc((0, 0.53), 0.36, 40, 0.2)], ware.lit(0.35))
    put([disc((0, 0.524), 0.324, 40, 0.18)], mix((0.25, 0.13, 0.07), ware.plan.look.near, 0.25))
    _steam(ware)


def _steam(ware: Ware) -> None:
    canvas = ware.spot.canvas
    t = np.linspace(0, 1, 30)
    wide = 0.028 * np.sin(math.pi * t) + 0.004
    rings: list[Ring] = []
    for wisp in (-1, 0, 1):
        x = 0.12 * wisp + 0.09 * np.sin(t * 5.5 + wisp * 1.9) * (0.3 + t)
        rings.append(ribbon(x, 0.62 + 0.75 * t, wide))
    patch = canvas.stencil(rings, ware.spot.at, ware.spot.size)
    veil = np.zeros(canvas.shape, dtype=np.float32)
    rows, columns = patch.mask.shape
    veil[patch.top : patch.top + rows, patch.left : patch.left + columns] = patch.mask * 0.8
    soft = blurred(veil, max(1.0, ware.spot.size * canvas.unit * 0.025))
    canvas.glow(soft * 0.5, mix(ware.plan.look.lamp, (1, 1, 1), 0.5))


def ribbon(x: Array, y: Array, half: Array) -> Ring:
    """A band along a line of points, `half` as wide on either side, as a ring."""
    left = zip(x - half, y, strict=True)
    right = zip((x + half)[::-1], y[::-1], strict=True)
    return [(float(a), float(b)) for a, b in (*left, *right)]


def teapot(ware: Ware) -> None:
    """A round teapot with spout, handle and lid."""
    spout = [(0.34, 0.2), (0.5, 0.3), (0.6, 0.5), (0.72, 0.6), (0.66, 0.62), (0.52, 0.56)]
    flipped = Spot(ware.spot.canvas, ware.spot.at, ware.spot.size, ware.side > 0)
    flipped.put([curve([*spout, (0.42, 0.44), (0.3, 0.4)])], ware.lit(0.12))
    _handle(ware, 0.46, 0.36, 0.22)
    body(ware, "teapot")
    body(ware, "lid")


def vase(ware: Ware) -> None:
    """A vase with a handful of stems and blossoms."""
    plan, put = ware.plan, ware.spot.put
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
    body(ware, "vase")


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


def fruit(ware: Ware) -> None:
    """Pears and an apple in a shallow bowl."""
    tones: Sequence[Rgb] = ((0.85, 0.72, 0.25), (0.8, 0.25, 0.2), (0.9, 0.55, 0.2))
    places = (("pear", -0.2, 0.16), ("apple", 0.2, 0.18), ("pear", 0.0, 0.2))
    for (name, x, y), tone in zip(places, tones, strict=True):
        at = ware.spot.up(y, x)
        body(ware, name, tone, at)
        top = turned(name)[-1][1]
        stalk: Ring = [
            (-0.008, top - 0.01),
            (0.008, top - 0.01),
            (0.03, top + 0.08),
            (0.015, top + 0.08),
        ]
        Spot(ware.spot.canvas, at, ware.spot.size).put([stalk], ware.plan.look.near)
    body(ware, "bowl")
    rim = [point for point in disc((0, 0.24), 0.46, 48, 0.09) if point[1] <= 0.24]
    ware.spot.put([rim], ware.lit(0.4), 0.8)


def bottle(ware: Ware) -> None:
    """A tall bottle with a label."""
    body(ware, "bottle", mix(ware.hue, (0.12, 0.22, 0.16), 0.45))
    put, near = ware.spot.put, ware.plan.look.near
    put([box(-0.16, 0.2, 0.16, 0.46)], tinted(ware.plan, (0.92, 0.87, 0.74)), 0.85)
    put([box(-0.1, 0.36, 0.1, 0.375), box(-0.07, 0.31, 0.07, 0.32)], near, 0.6)
    shade = box(0.02, 0.2, 0.16, 0.46) if ware.side > 0 else box(-0.16, 0.2, -0.02, 0.46)
    put([shade], near, 0.28)


def candle(ware: Ware) -> None:
    """A burning candle in a holder; it lights the image."""
    body(ware, "candlestick", (0.7, 0.52, 0.25))
    body(ware, "candle", ware.plan.colours.get("candle", (0.95, 0.9, 0.78)))
    flame = [(0.0, 0.66), (0.05, 0.72), (0.04, 0.8), (0.0, 0.92), (-0.04, 0.8), (-0.05, 0.72)]
    canvas, tip = ware.spot.canvas, ware.spot.up(0.78)
    halo(canvas, tip, ware.spot.size * 1.05, WINDOW, 0.5)
    halo(canvas, tip, ware.spot.size * 0.23, (1.0, 0.9, 0.6), 0.55)
    ware.spot.put([curve(flame)], (1.0, 0.86, 0.45))
    core = [(0.0, 0.68), (0.025, 0.73), (0.0, 0.82), (-0.025, 0.73)]
    ware.spot.put([curve(core)], (1.0, 0.98, 0.88))


def book(ware: Ware) -> None:
    """A pile of three books."""
    plan, put = ware.plan, ware.spot.put
    tones = (ware.hue, mix(ware.hue, (0.2, 0.3, 0.35), 0.7), mix(ware.hue, (0.85, 0.7, 0.4), 0.7))
    for level, tone in enumerate(tones):
        x, low = 0.05 * (-1) ** level, 0.13 * level
        high = low + 0.125
        put([box(-0.45 + x, low, 0.42 + x, high)], tinted(plan, tone))
        put([box(-0.4 + x, low + 0.02, -0.37 + x, high - 0.02)], plan.look.lamp, 0.35)
        put([box(0.08 + x, low + 0.02, 0.4 + x, high - 0.02)], tinted(plan, (0.9, 0.85, 0.72)))
        shade = box(x, low, 0.42 + x, high) if ware.side > 0 else box(-0.45 + x, low, x, high)
        put([shade], plan.look.near, 0.35)


def lantern(ware: Ware) -> None:
    """A paper lantern that glows from within."""
    canvas, near = ware.spot.canvas, ware.plan.look.near
    middle = ware.spot.up(0.45)
    halo(canvas, middle, ware.spot.size * 0.8, mix(ware.hue, WINDOW, 0.55), 0.6)
    right = turned("lantern")
    patch = ware.spot.put([right + [(-x, y) for x, y in right[::-1]]], mix(ware.hue, near, 0.12))
    rows, columns = patch.mask.shape
    core = np.exp(-((canvas.distance(middle) / (0.24 * ware.spot.size)) ** 2))
    inside = core[patch.top : patch.top + rows, patch.left : patch.left + columns]
    light = mix(WINDOW, (1, 1, 0.9), 0.5)
    canvas.over(patch.mask * inside * 0.9, light, patch.top, patch.left)
    ribs: list[Ring] = []
    for y in np.arange(0.14, 0.8, 0.075):
        half = 0.36 * math.sqrt(max(0.0, 1 - ((y - 0.45) / 0.43) ** 2))
        ribs.append(box(-half, y, half, y + 0.006))
    ware.spot.put(ribs, mix(ware.hue, near, 0.5), 0.45)
    caps = [box(-0.18, 0.8, 0.18, 0.87), box(-0.18, 0.03, 0.18, 0.1)]
    cords = [box(-0.012, 0.87, 0.012, 1.05), box(-0.012, -0.12, 0.012, 0.03)]
    ware.spot.put([*caps, *cords], near)


PIECES: dict[str, Callable[[Ware], None]] = {
    "cup": cup,
    "teapot": teapot,
    "vase": vase,
    "fruit": fruit,
    "bottle": bottle,
    "candle": candle,
    "book": book,
    "lantern": lantern,
}
"""What paints every thing of a still life."""
