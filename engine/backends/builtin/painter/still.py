"""Still life: things on a table in front of a wall, lit from one side."""

import numpy as np

from engine.backends.builtin.painter.canvas import Canvas, Spot, blurred
from engine.backends.builtin.painter.land import tinted
from engine.backends.builtin.painter.noise import fractal
from engine.backends.builtin.painter.numbers import row
from engine.backends.builtin.painter.plan import STILL, PaintPlan
from engine.backends.builtin.painter.still_life_objects import PIECES, StillLifeObject
from engine.imaging.measure.colour import Rgb, mix
from engine.imaging.silhouettes.curves import Ring, disc

GLAZES: tuple[Rgb, ...] = (
    (0.80, 0.36, 0.25), (0.22, 0.43, 0.53), (0.92, 0.87, 0.77), (0.86, 0.62, 0.24),
    (0.33, 0.45, 0.34), (0.55, 0.35, 0.45),
)  # fmt: skip
SLOTS = (0.0, -0.78, 0.82, -0.4, 0.45)
"""Positions beside the main thing, in spans, its lit side first."""


def still_life(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator) -> None:
    """Paint wall, table and the things that the plan names, the first one largest."""
    side = 1.0 if rng.uniform() < 0.5 else -1.0
    _wall(canvas, plan, rng, side)
    _table(canvas, plan, rng, side)
    named = [thing for thing in plan.things if thing in STILL][: len(SLOTS)]
    if any(plan.number(name) > 1 for name in named):
        _counted(canvas, plan, rng, side, named)
        return
    span = 0.33 * min(1.6, canvas.width / canvas.unit) * canvas.unit / canvas.width
    asked = [colour for colour, _ in plan.palette]
    for slot in sorted(range(len(named)), key=lambda at: -abs(SLOTS[at])):
        name = named[slot]
        near = 0.09 + 0.05 * (1 - abs(SLOTS[slot])) + float(rng.uniform(0, 0.02))
        at = (plan.focus + SLOTS[slot] * side * span, plan.horizon + near)
        size = (0.42 if slot == 0 else 0.3) * plan.scale * (1.15 if len(named) == 1 else 1.0)
        glaze = GLAZES[int(rng.integers(len(GLAZES)))]
        hue = plan.colours.get(name) or (asked[slot] if slot < len(asked) else glaze)
        spot = Spot(canvas, at, size)
        _cast(spot, plan, side)
        PIECES[name](StillLifeObject(spot, plan, hue, side))


def _counted(
    canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, side: float, named: list[str]
) -> None:
    """Paint as many of each thing as the prompt asks for, in two rows; books are one pile."""
    items = [
        (name, glaze)
        for name in dict.fromkeys(named)
        for glaze in [GLAZES[int(rng.integers(len(GLAZES)))]]
        for _ in range(1 if name == "book" else plan.number(name))
    ]
    asked = [colour for colour, _ in plan.palette]
    places, gap = row(plan.focus, len(items), 0.26)
    size = min(0.34 * plan.scale, 1.1 * gap * canvas.width / canvas.unit)
    standing = sorted(zip(items, places, strict=True), key=lambda one: -one[1][1])
    for (name, glaze), (x, tier) in standing:
        hue = plan.colours.get(name) or (asked[0] if asked else glaze)
        spot = Spot(canvas, (x, plan.horizon + 0.15 - 0.09 * tier), size)
        _cast(spot, plan, side)
        piece = PIECES["single fruit" if name == "fruit" else name]
        piece(StillLifeObject(spot, plan, hue, side))


def _wall(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, side: float) -> None:
    wall = plan.colour("sky", plan.look.sky[1])
    line = round(plan.horizon * canvas.height)
    ends = (mix(wall, plan.look.near, 0.25), mix(wall, plan.look.haze, 0.5))
    canvas.gradient([ends[0], wall, ends[1]], 0, line)
    plaster = fractal(rng, canvas.shape, 4, octaves=6, gain=0.7)
    canvas.pixels += (plaster * 0.022)[..., None]
    pool = canvas.distance((plan.focus - side * 0.3, plan.horizon - 0.42))
    canvas.glow(np.exp(-((pool / 0.5) ** 2)) * 0.4, plan.look.lamp)
    if not plan.look.is_dark:
        _window(canvas, plan, side)


def _table(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, side: float) -> None:
    line = round(plan.horizon * canvas.height)
    wood = tinted(plan, (0.55, 0.37, 0.25))
    ends = (mix(wood, plan.look.near, 0.15), mix(wood, plan.look.near, 0.5))
    canvas.gradient([ends[0], wood, ends[1]], line, canvas.height)
    rows = canvas.height - line
    grain = fractal(rng, (rows, canvas.width), 10, octaves=5, gain=0.65, stretch=12)
    canvas.over(np.clip(grain * 0.16, 0, 0.4), mix(wood, plan.look.near, 0.8), line)
    canvas.over(np.clip(-grain * 0.1, 0, 0.3), mix(wood, plan.look.lamp, 0.5), line)
    depth = np.clip((canvas.y[line:] - plan.horizon) / (1 - plan.horizon), 0, 1)
    sheen = np.exp(-(((canvas.x - plan.focus + side * 0.25) / 0.28) ** 2))
    canvas.glow(sheen * (1 - depth) ** 2 * 0.3, plan.look.lamp, line)
    edge = np.exp(-depth * 60) * np.ones_like(canvas.x)
    canvas.over(edge * 0.6, mix(wood, plan.look.lamp, 0.4), line)


def _window(canvas: Canvas, plan: PaintPlan, side: float) -> None:
    """Light of a window that falls on the wall in slanting panes."""
    panes: list[Ring] = []
    for column in range(2):
        for pane in range(3):
            x = (plan.focus - side * 0.12) * canvas.width / canvas.unit + (column - 1) * 0.2
            y, slant = -0.08 - pane * 0.17, side * -0.056
            low = y - 0.15
            panes.append([(x, y), (x + 0.18, y + slant), (x + 0.18, low + slant), (x, low)])
    patch = canvas.stencil(panes, (0, 0), 1.0)
    shape = np.zeros(canvas.shape, dtype=np.float32)
    rows, columns = patch.mask.shape
    shape[patch.top : patch.top + rows, patch.left : patch.left + columns] = patch.mask
    canvas.glow(blurred(shape, canvas.unit * 0.008) * 0.34, plan.look.lamp)


def _cast(spot: Spot, plan: PaintPlan, side: float) -> None:
    """The shadow on the table, long on the side away from the light."""
    rings: list[Ring] = [disc((side * 0.26, 0.0), 0.52, 40, 0.2), disc((0.0, 0.0), 0.33, 40, 0.22)]
    patch = spot.canvas.stencil(rings, spot.at, spot.size)
    if patch.mask.size:
        soft = blurred(patch.mask, spot.size * spot.canvas.unit * 0.035)
        spot.canvas.over(soft * 0.62, plan.look.near, patch.top, patch.left)
