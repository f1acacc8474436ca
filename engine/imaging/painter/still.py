"""Still life: things on a table in front of a wall, lit from one side."""

import math

import numpy as np

from engine.imaging.measure.colour import Rgb, mix
from engine.imaging.painter.built import WINDOW, halo
from engine.imaging.painter.canvas import Canvas, Patch, Point, Ring, blurred, box, curve, disc
from engine.imaging.painter.land import tinted
from engine.imaging.painter.noise import fractal, smoothstep
from engine.imaging.painter.plan import STILL, Plan

GLAZES: tuple[Rgb, ...] = (
    (0.80, 0.36, 0.25), (0.22, 0.43, 0.53), (0.92, 0.87, 0.77), (0.86, 0.62, 0.24),
    (0.33, 0.45, 0.34), (0.55, 0.35, 0.45),
)  # fmt: skip


def still_life(canvas: Canvas, plan: Plan, rng: np.random.Generator) -> None:
    """Paints wall, table and the things that the plan names, the first one largest."""
    side = 1.0 if rng.uniform() < 0.5 else -1.0
    _room(canvas, plan, rng, side)
    named = [thing for thing in plan.things if thing in STILL]
    if not named:
        return
    span = 0.33 * min(1.6, canvas.width / canvas.unit)
    slots = [0.0, -0.78 * side, 0.82 * side, -0.4 * side, 0.45 * side][: max(1, len(named))]
    asked = [colour for colour, _ in plan.palette]
    order = sorted(range(len(slots)), key=lambda slot: -abs(slots[slot]))
    for slot in order:
        name = named[slot]
        aside = slots[slot] * span * canvas.unit / canvas.width
        near = 0.03 + 0.05 * (1 - abs(slots[slot])) + float(rng.uniform(0, 0.02))
        at = (plan.focus + aside, plan.horizon + near + 0.06)
        size = (0.42 if slot == 0 else 0.3) * plan.scale * (1.15 if len(named) == 1 else 1.0)
        hue = plan.colours.get(name) or (
            asked[slot] if slot < len(asked) else GLAZES[int(rng.integers(len(GLAZES)))]
        )
        _cast(canvas, plan, at, size, side)
        PIECES[name](canvas, plan, at, size, hue, side)


def _room(canvas: Canvas, plan: Plan, rng: np.random.Generator, side: float) -> None:
    wall = plan.colour("sky", plan.look.sky[1])
    line = round(plan.horizon * canvas.height)
    canvas.gradient(
        [mix(wall, plan.look.near, 0.25), wall, mix(wall, plan.look.haze, 0.5)], 0, line
    )
    plaster = fractal(rng, canvas.shape, 4, octaves=6, gain=0.7)
    canvas.pixels += (plaster * 0.022)[..., None]
    pool = canvas.distance((plan.focus - side * 0.3, plan.horizon - 0.42))
    canvas.glow(np.exp(-((pool / 0.5) ** 2)) * 0.4, plan.look.lamp)
    if not plan.look.is_dark:
        _window(canvas, plan, side)
    wood = tinted(plan, (0.55, 0.37, 0.25))
    canvas.gradient(
        [mix(wood, plan.look.near, 0.15), wood, mix(wood, plan.look.near, 0.5)], line, canvas.height
    )
    rows = canvas.height - line
    grain = fractal(rng, (rows, canvas.width), 10, octaves=5, gain=0.65, stretch=12)
    canvas.over(np.clip(grain * 0.16, 0, 0.4), mix(wood, plan.look.near, 0.8), line)
    canvas.over(np.clip(-grain * 0.1, 0, 0.3), mix(wood, plan.look.lamp, 0.5), line)
    sheen = np.exp(-(((canvas.x - plan.focus + side * 0.25) / 0.28) ** 2))
    depth = (canvas.y[line:] - plan.horizon) / (1 - plan.horizon)
    canvas.glow(sheen * (1 - depth) ** 2 * 0.3, plan.look.lamp, line)
    canvas.over(
        np.exp(-np.clip(depth, 0, None) * 60) * np.ones_like(canvas.x) * 0.6,
        mix(wood, plan.look.lamp, 0.4),
        line,
    )


def _window(canvas: Canvas, plan: Plan, side: float) -> None:
    """Light of a window that falls on the wall in slanting panes."""
    shape = np.zeros(canvas.shape, dtype=np.float32)
    aspect = canvas.width / canvas.unit
    for column in range(2):
        for row in range(3):
            x = (plan.focus - side * 0.12) * aspect + (column - 1) * 0.2
            y = -0.08 - row * 0.17
            slant = side * -0.14
            ring = [
                (x, y),
                (x + 0.18, y + slant * 0.4),
                (x + 0.18, y - 0.15 + slant * 0.4),
                (x, y - 0.15),
            ]
            patch = canvas.stencil([ring], (0, 0), 1.0)
            rows, columns = patch.mask.shape
            shape[patch.top : patch.top + rows, patch.left : patch.left + columns] += patch.mask
    canvas.glow(blurred(np.clip(shape, 0, 1), canvas.unit * 0.008) * 0.34, plan.look.lamp)


def _cast(canvas: Canvas, plan: Plan, at: Point, size: float, side: float) -> None:
    """The shadow on the table, long on the side away from the light."""
    rings: list[Ring] = [disc((side * 0.26, 0.0), 0.52, 40, 0.2), disc((0.0, 0.0), 0.33, 40, 0.22)]
    patch = canvas.stencil(rings, at, size)
    if patch.mask.size:
        soft = blurred(np.pad(patch.mask, 0), size * canvas.unit * 0.035)
        canvas.over(soft * 0.62, plan.look.near, patch.top, patch.left)


def _turned(
    canvas: Canvas, plan: Plan, outline: list[Point], at: Point, size: float, hue: Rgb, side: float
) -> Patch:
    """A body of revolution from its right-hand outline, bottom to top: shaded, with a highlight."""
    right = curve(outline, closed=False)
    right.append(outline[-1])
    ring = right + [(-x, y) for x, y in right[::-1]]
    patch = canvas.stencil([ring], at, size)
    if not patch.mask.size:
        return patch
    base = tinted(plan, hue)
    canvas.lay(patch, base)
    rows = np.arange(patch.mask.shape[0])
    covered = patch.mask > 0.5
    half = np.maximum(covered.sum(axis=1), 1)[:, None] / 2
    middle = at[0] * canvas.width - patch.left
    u = (np.arange(patch.mask.shape[1])[None, :] - middle) / half * side
    v = (rows / max(1, rows[-1]))[:, None] if len(rows) > 1 else np.zeros((1, 1))
    dark = smoothstep(-0.35, 1.05, u)
    canvas.over(patch.mask * dark * 0.72, mix(plan.look.near, hue, 0.18), patch.top, patch.left)
    canvas.over(
        patch.mask * smoothstep(0.55, 1.1, v + 0.2 * u) * 0.3, plan.look.near, patch.top, patch.left
    )
    light = np.exp(-(((u + 0.5) / 0.3) ** 2)) * (1 - 0.5 * v)
    canvas.over(patch.mask * light * 0.34, plan.look.lamp, patch.top, patch.left)
    gleam = np.exp(-(((u + 0.56) / 0.075) ** 2) - ((v - 0.34) / 0.14) ** 2)
    canvas.over(
        patch.mask * gleam * 0.75, mix(plan.look.lamp, (1, 1, 1), 0.5), patch.top, patch.left
    )
    bounce = np.exp(-(((u - 0.97) / 0.09) ** 2))
    canvas.over(patch.mask * bounce * 0.22, plan.look.haze, patch.top, patch.left)
    return patch


def _lip(
    canvas: Canvas,
    plan: Plan,
    at: Point,
    size: float,
    rim: tuple[float, float],
    hue: Rgb,
    inside: Rgb,
) -> None:
    """The mouth of a vessel, seen from a little above; `rim` is its height and half width."""
    height, half = rim
    base = tinted(plan, hue)
    canvas.lay(
        canvas.stencil([disc((0, height), half, 40, 0.2)], at, size),
        mix(base, plan.look.lamp, 0.35),
    )
    canvas.lay(canvas.stencil([disc((0, height - 0.006), half * 0.9, 40, 0.18)], at, size), inside)


def _handle(
    canvas: Canvas,
    plan: Plan,
    at: Point,
    size: float,
    spot: tuple[float, float, float],
    hue: Rgb,
    side: float,
) -> None:
    x, y, radius = spot
    ring = disc((x, y), radius, 40, 1.15)
    hole = disc((x, y), radius * 0.64, 40, 1.2)
    patch = canvas.stencil([ring], at, size, side < 0, holes=[hole])
    canvas.lay(patch, mix(tinted(plan, hue), plan.look.near, 0.35))


def cup(canvas: Canvas, plan: Plan, at: Point, size: float, hue: Rgb, side: float) -> None:
    """A cup on its saucer, steaming."""
    saucer = tinted(plan, hue)
    canvas.lay(
        canvas.stencil([disc((0, 0.0), 0.52, 48, 0.2)], at, size), mix(saucer, plan.look.near, 0.4)
    )
    canvas.lay(
        canvas.stencil([disc((0, 0.025), 0.52, 48, 0.19)], at, size),
        mix(saucer, plan.look.lamp, 0.15),
    )
    canvas.lay(
        canvas.stencil([disc((0, 0.03), 0.3, 48, 0.18)], at, size), mix(saucer, plan.look.near, 0.3)
    )
    _handle(canvas, plan, at, size, (0.38, 0.3, 0.16), hue, side)
    _turned(
        canvas,
        plan,
        [(0.0, 0.0), (0.19, 0.01), (0.29, 0.14), (0.345, 0.34), (0.36, 0.53)],
        at,
        size,
        hue,
        side,
    )
    _lip(canvas, plan, at, size, (0.53, 0.36), hue, mix((0.25, 0.13, 0.07), plan.look.near, 0.25))
    _steam(canvas, plan, at, size)


def _steam(canvas: Canvas, plan: Plan, at: Point, size: float) -> None:
    veil = np.zeros(canvas.shape, dtype=np.float32)
    for wisp in (-1, 0, 1):
        t = np.linspace(0, 1, 30)
        x = 0.12 * wisp + 0.09 * np.sin(t * 5.5 + wisp * 1.9) * (0.3 + t)
        wide = 0.028 * np.sin(math.pi * t) + 0.004
        ring = [(float(a - w), float(0.62 + 0.75 * b)) for a, b, w in zip(x, t, wide, strict=True)]
        ring += [
            (float(a + w), float(0.62 + 0.75 * b))
            for a, b, w in zip(x[::-1], t[::-1], wide[::-1], strict=True)
        ]
        patch = canvas.stencil([ring], at, size)
        rows, columns = patch.mask.shape
        veil[patch.top : patch.top + rows, patch.left : patch.left + columns] += patch.mask * 0.8
    canvas.glow(
        blurred(np.clip(veil, 0, 1), max(1.0, size * canvas.unit * 0.025)) * 0.5,
        mix(plan.look.lamp, (1, 1, 1), 0.5),
    )


def teapot(canvas: Canvas, plan: Plan, at: Point, size: float, hue: Rgb, side: float) -> None:
    """A round teapot with spout, handle and lid."""
    spout = curve(
        [
            (0.34, 0.2),
            (0.5, 0.3),
            (0.6, 0.5),
            (0.72, 0.6),
            (0.66, 0.62),
            (0.52, 0.56),
            (0.42, 0.44),
            (0.3, 0.4),
        ]
    )
    patch = canvas.stencil([spout], at, size, side > 0)
    canvas.lay(patch, mix(tinted(plan, hue), plan.look.lamp, 0.12))
    _handle(canvas, plan, at, size, (0.46, 0.36, 0.22), hue, side)
    _turned(
        canvas,
        plan,
        [(0.0, 0.0), (0.2, 0.0), (0.36, 0.1), (0.44, 0.3), (0.38, 0.5), (0.22, 0.62), (0.16, 0.64)],
        at,
        size,
        hue,
        side,
    )
    _turned(
        canvas,
        plan,
        [
            (0.2, 0.62),
            (0.19, 0.66),
            (0.1, 0.71),
            (0.04, 0.73),
            (0.055, 0.78),
            (0.03, 0.82),
            (0.0, 0.82),
        ],
        at,
        size,
        hue,
        side,
    )


def vase(canvas: Canvas, plan: Plan, at: Point, size: float, hue: Rgb, side: float) -> None:
    """A vase with a handful of stems and blossoms."""
    petals = plan.colours.get("flower") or (0.93, 0.45, 0.4)
    stems: list[Ring] = []
    heads: list[tuple[Point, float]] = []
    for step, (x, y) in enumerate(
        [(-0.3, 1.12), (-0.13, 1.3), (0.06, 1.2), (0.22, 1.36), (0.36, 1.08), (0.0, 1.44)]
    ):
        stems.append([(-0.012, 0.7), (0.012, 0.7), (x + 0.008, y), (x - 0.008, y)])
        heads.append(((x, y), 0.085 + 0.015 * (step % 3)))
    leaf = mix(tinted(plan, (0.3, 0.48, 0.3)), plan.look.near, 0.2)
    leaves: list[Ring] = [
        curve([(0.0, 0.75), (s * 0.16, 0.92), (s * 0.34, 0.94), (s * 0.14, 0.82)])
        for s in (-1, 0.7)
    ]
    canvas.lay(canvas.stencil([*stems, *leaves], at, size), leaf)
    for (x, y), radius in heads:
        flower: list[Ring] = [
            disc(
                (x + radius * 0.6 * math.cos(a), y + radius * 0.6 * math.sin(a)), radius * 0.62, 14
            )
            for a in np.arange(6) * math.pi / 3
        ]
        canvas.lay(canvas.stencil(flower, at, size), tinted(plan, petals))
        canvas.lay(
            canvas.stencil([disc((x, y - radius * 0.3), radius * 0.75, 14)], at, size),
            plan.look.near,
            0.16,
        )
        canvas.lay(
            canvas.stencil([disc((x, y), radius * 0.3, 12)], at, size),
            tinted(plan, (0.97, 0.82, 0.4)),
        )
    _turned(
        canvas,
        plan,
        [
            (0.0, 0.0),
            (0.13, 0.0),
            (0.25, 0.16),
            (0.28, 0.36),
            (0.16, 0.58),
            (0.11, 0.66),
            (0.15, 0.74),
        ],
        at,
        size,
        hue,
        side,
    )


def fruit(canvas: Canvas, plan: Plan, at: Point, size: float, hue: Rgb, side: float) -> None:
    """Pears and an apple in a shallow bowl."""
    pear = [
        (0.0, 0.0),
        (0.1, 0.01),
        (0.17, 0.1),
        (0.15, 0.22),
        (0.08, 0.33),
        (0.06, 0.42),
        (0.02, 0.46),
        (0.0, 0.46),
    ]
    apple = [
        (0.0, 0.0),
        (0.09, 0.0),
        (0.165, 0.08),
        (0.17, 0.18),
        (0.1, 0.26),
        (0.03, 0.25),
        (0.0, 0.235),
    ]
    tones: tuple[Rgb, ...] = ((0.85, 0.72, 0.25), (0.8, 0.25, 0.2), (0.9, 0.55, 0.2))
    spots = (((-0.2, 0.16), pear), ((0.2, 0.18), apple), ((0.0, 0.2), pear))
    for (outline, (dx, dy)), tone in zip(
        ((shape, spot) for spot, shape in spots), tones, strict=True
    ):
        place = (
            at[0] + dx * size * canvas.unit / canvas.width,
            at[1] - dy * size * canvas.unit / canvas.height,
        )
        _turned(canvas, plan, outline, place, size, tone, side)
        top = outline[-1][1]
        canvas.lay(
            canvas.stencil(
                [
                    [
                        (-0.008, top - 0.01),
                        (0.008, top - 0.01),
                        (0.03, top + 0.08),
                        (0.015, top + 0.08),
                    ]
                ],
                place,
                size,
            ),
            plan.look.near,
        )
    _turned(
        canvas,
        plan,
        [(0.0, 0.0), (0.15, 0.0), (0.18, 0.03), (0.36, 0.12), (0.46, 0.24)],
        at,
        size,
        hue,
        side,
    )
    edge = disc((0, 0.24), 0.46, 48, 0.09)
    canvas.lay(
        canvas.stencil([[p for p in edge if p[1] <= 0.24]], at, size),
        mix(tinted(plan, hue), plan.look.lamp, 0.4),
        0.8,
    )


def bottle(canvas: Canvas, plan: Plan, at: Point, size: float, hue: Rgb, side: float) -> None:
    """A tall bottle with a label."""
    _turned(
        canvas,
        plan,
        [
            (0.0, 0.0),
            (0.15, 0.0),
            (0.165, 0.06),
            (0.165, 0.62),
            (0.13, 0.74),
            (0.06, 0.84),
            (0.05, 1.12),
            (0.065, 1.14),
            (0.06, 1.18),
        ],
        at,
        size,
        mix(hue, (0.12, 0.22, 0.16), 0.45),
        side,
    )
    paper = tinted(plan, (0.92, 0.87, 0.74))
    canvas.lay(canvas.stencil([box(-0.16, 0.2, 0.16, 0.46)], at, size), paper, 0.85)
    canvas.lay(
        canvas.stencil([box(-0.1, 0.36, 0.1, 0.375), box(-0.07, 0.31, 0.07, 0.32)], at, size),
        plan.look.near,
        0.6,
    )
    shade = box(0.02, 0.2, 0.16, 0.46) if side > 0 else box(-0.16, 0.2, -0.02, 0.46)
    canvas.lay(canvas.stencil([shade], at, size), plan.look.near, 0.28)


def candle(canvas: Canvas, plan: Plan, at: Point, size: float, hue: Rgb, side: float) -> None:
    """A burning candle in a holder; it lights the picture."""
    _turned(
        canvas,
        plan,
        [(0.0, 0.0), (0.26, 0.0), (0.27, 0.04), (0.1, 0.07), (0.07, 0.12), (0.11, 0.16)],
        at,
        size,
        (0.7, 0.52, 0.25),
        side,
    )
    wax = plan.colours.get("candle", (0.95, 0.9, 0.78))
    _turned(
        canvas,
        plan,
        [(0.085, 0.14), (0.088, 0.4), (0.085, 0.62), (0.06, 0.64)],
        at,
        size,
        wax,
        side,
    )
    flame = curve(
        [(0.0, 0.66), (0.05, 0.72), (0.04, 0.8), (0.0, 0.92), (-0.04, 0.8), (-0.05, 0.72)]
    )
    tip = (at[0], at[1] - 0.78 * size * canvas.unit / canvas.height)
    halo(canvas, tip, 0.42 * size / 0.4, WINDOW, 0.72)
    halo(canvas, tip, 0.09 * size / 0.4, (1.0, 0.9, 0.6), 0.8)
    canvas.lay(canvas.stencil([flame], at, size), (1.0, 0.86, 0.45))
    canvas.lay(
        canvas.stencil(
            [curve([(0.0, 0.68), (0.025, 0.73), (0.0, 0.82), (-0.025, 0.73)])], at, size
        ),
        (1.0, 0.98, 0.88),
    )


def book(canvas: Canvas, plan: Plan, at: Point, size: float, hue: Rgb, side: float) -> None:
    """A pile of three books."""
    for level, tone in enumerate(
        (hue, mix(hue, (0.2, 0.3, 0.35), 0.7), mix(hue, (0.85, 0.7, 0.4), 0.7))
    ):
        shift, low = 0.05 * (-1) ** level, 0.13 * level
        cover = tinted(plan, tone)
        canvas.lay(
            canvas.stencil([box(-0.45 + shift, low, 0.42 + shift, low + 0.125)], at, size), cover
        )
        page = box(0.08 + shift, low + 0.02, 0.4 + shift, low + 0.105)
        canvas.lay(
            canvas.stencil([box(-0.4 + shift, low + 0.02, -0.37 + shift, low + 0.105)], at, size),
            plan.look.lamp,
            0.35,
        )
        canvas.lay(canvas.stencil([page], at, size), tinted(plan, (0.9, 0.85, 0.72)))
        shade = (
            box(0.0 + shift, low, 0.42 + shift, low + 0.125)
            if side > 0
            else box(-0.45 + shift, low, shift, low + 0.125)
        )
        canvas.lay(canvas.stencil([shade], at, size), plan.look.near, 0.35)


def lantern(canvas: Canvas, plan: Plan, at: Point, size: float, hue: Rgb, side: float) -> None:
    """A paper lantern that glows from within."""
    glow = mix(hue, WINDOW, 0.55)
    middle = (at[0], at[1] - 0.45 * size * canvas.unit / canvas.height)
    halo(canvas, middle, 0.32 * size / 0.4, glow, 0.6)
    body = curve(
        [(0.16, 0.08), (0.34, 0.26), (0.37, 0.45), (0.34, 0.64), (0.16, 0.82)], closed=False
    )
    ring = body + [(-x, y) for x, y in body[::-1]]
    patch = canvas.stencil([ring], at, size)
    canvas.lay(patch, mix(hue, plan.look.near, 0.12))
    core = np.exp(-((canvas.distance(middle) / (0.24 * size)) ** 2))
    rows, columns = patch.mask.shape
    canvas.over(
        patch.mask * core[patch.top : patch.top + rows, patch.left : patch.left + columns] * 0.9,
        mix(WINDOW, (1, 1, 0.9), 0.5),
        patch.top,
        patch.left,
    )
    ribs = [
        box(
            -0.36 * math.sqrt(max(0.0, 1 - ((y - 0.45) / 0.43) ** 2)),
            y,
            0.36 * math.sqrt(max(0.0, 1 - ((y - 0.45) / 0.43) ** 2)),
            y + 0.006,
        )
        for y in np.arange(0.14, 0.8, 0.075)
    ]
    canvas.lay(canvas.stencil(ribs, at, size), mix(hue, plan.look.near, 0.5), 0.45)
    caps = [
        box(-0.18, 0.8, 0.18, 0.87),
        box(-0.18, 0.03, 0.18, 0.1),
        box(-0.012, 0.87, 0.012, 1.05),
        box(-0.012, -0.12, 0.012, 0.03),
    ]
    canvas.lay(canvas.stencil(caps, at, size), plan.look.near)


PIECES = {
    "cup": cup, "teapot": teapot, "vase": vase, "fruit": fruit, "bottle": bottle,
    "candle": candle, "book": book, "lantern": lantern,
}  # fmt: skip
"""What paints every thing of a still life."""
