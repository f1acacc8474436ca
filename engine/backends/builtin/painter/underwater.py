"""Under water: light from above, drifting motes, reefs, and what swims there."""

import math
from collections.abc import Iterator

import numpy as np

from engine.backends.builtin.painter.canvas import Canvas
from engine.backends.builtin.painter.cutouts import rim
from engine.backends.builtin.painter.noise import fractal, profile, smoothstep
from engine.backends.builtin.painter.numbers import row
from engine.backends.builtin.painter.plan import PaintPlan
from engine.backends.builtin.painter.sky import light_rays
from engine.imaging.measure.colour import Rgb, mix
from engine.imaging.silhouettes.curves import Point, Ring, curve, disc
from engine.imaging.silhouettes.outlines import outline


def deep(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator) -> None:
    """Under water: light from above, drifting motes, reefs, and what swims there."""
    sea = plan.colour("sea", plan.look.water)
    surface = mix(mix(sea, plan.look.sky[-1], 0.35), (0.5, 0.9, 0.9), 0.25)
    floor = mix(mix(sea, plan.look.near, 0.75), (0.01, 0.04, 0.1), 0.3)
    canvas.gradient([surface, mix(sea, surface, 0.45), sea, floor], 0, canvas.height)
    haze = fractal(rng, canvas.shape, 1.6, octaves=4, stretch=1.6)
    canvas.over(np.clip(haze * 0.12, 0, 0.4), floor)
    x = 1 - plan.focus
    light_rays(canvas, (x, -0.25), mix(plan.look.lamp, surface, 0.3), rng, 0.75)
    canvas.glow(np.exp(-((canvas.distance((x, -0.02)) / 0.42) ** 2)) * 0.55, plan.look.lamp)
    _reef(canvas, plan, rng, floor, plan.has("reef"))
    if plan.has("fish") or not plan.has("whale", "jellyfish"):
        _shoal(canvas, plan, rng)
    if plan.has("whale"):
        _whales(canvas, plan, rng, sea)
    if plan.has("jellyfish"):
        _jellyfish(canvas, plan, rng)
    motes: list[Ring] = [
        disc(
            (
                float(rng.uniform(0, canvas.width / canvas.unit)),
                -float(rng.uniform(0, canvas.height / canvas.unit)),
            ),
            float(rng.uniform(0.0008, 0.003)),
            8,
        )
        for _ in range(150)
    ]
    canvas.lay(canvas.stencil(motes, (0, 0), 1.0), mix(surface, (1, 1, 1), 0.5), 0.5)


def _whales(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, sea: Rgb) -> None:
    size = 0.78 * plan.scale * min(1.35, canvas.width / canvas.unit)
    count = plan.number("whale")
    if count == 1:
        room = size * 0.56 * canvas.unit / canvas.width
        x = min(max(plan.focus, room), 1 - room) if room < 0.5 else 0.5
        _whale(canvas, plan, rng, sea, (x, 0.53), size)
        return
    places, gap = row(plan.focus, count)
    size = min(size, 1.5 * gap * canvas.width / canvas.unit)
    for x, tier in places:
        _whale(canvas, plan, rng, sea, (x, 0.4 + 0.26 * tier), size)


def _whale(
    canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, sea: Rgb, at: Point, size: float
) -> None:
    flip = bool(rng.uniform() < 0.5)
    skin = mix(plan.colour("whale", (0.20, 0.29, 0.40)), sea, 0.25)
    patch = canvas.stencil(outline("whale", "rings"), at, size, flip)
    canvas.lay(patch, skin)
    canvas.lay(
        canvas.stencil(outline("whale", "pale"), at, size, flip),
        mix(skin, (0.85, 0.93, 0.95), 0.5),
        0.85,
    )
    if patch.mask.size:
        down = np.linspace(0, 1, patch.mask.shape[0], dtype=np.float32)[:, None]
        canvas.over(
            patch.mask * smoothstep(0.45, 1.0, down) * 0.45,
            mix(sea, plan.look.near, 0.6),
            patch.top,
            patch.left,
        )
        canvas.over(
            patch.mask * smoothstep(0.62, 0.2, down) * 0.3,
            mix(plan.look.lamp, sea, 0.35),
            patch.top,
            patch.left,
        )
    grooves = [
        curve(
            [
                (0.46 - 0.03 * k, -0.012 - 0.014 * k),
                (0.3, -0.022 - 0.015 * k),
                (0.12, -0.035 - 0.012 * k),
                (0.3, -0.025 - 0.015 * k),
            ]
        )
        for k in range(4)
    ]
    canvas.lay(canvas.stencil(grooves, at, size, flip), mix(skin, plan.look.near, 0.4), 0.6)
    canvas.lay(canvas.stencil([disc((0.375, 0.015), 0.009, 14)], at, size, flip), plan.look.near)
    rim(canvas, patch, mix(plan.look.lamp, sea, 0.25), 0.6, size * 0.6)


def _jellyfish(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator) -> None:
    hue = plan.colour("jellyfish", plan.palette[0][0] if plan.palette else (0.95, 0.6, 0.75))
    for at, size, fade in _drifting(plan, rng):
        canvas.glow(np.exp(-canvas.distance(at) / (size * 0.55)) * 0.4 * fade, hue)
        for arm in range(11):
            t = np.linspace(0, 1, 20)
            x = (arm - 5) * 0.075 + 0.07 * np.sin(t * 7 + arm * 1.3) * t
            wide = 0.014 * (1 - t) + 0.002
            length = 1.1 + 0.4 * math.sin(arm * 2.1)
            ring = [(float(a - w), float(-length * b)) for a, b, w in zip(x, t, wide, strict=True)]
            ring += [
                (float(a + w), float(-length * b))
                for a, b, w in zip(x[::-1], t[::-1], wide[::-1], strict=True)
            ]
            canvas.lay(canvas.stencil([ring], at, size), mix(hue, (1, 1, 1), 0.35), 0.5 * fade)
        canvas.lay(
            canvas.stencil(outline("jellyfish", "rings"), at, size),
            mix(hue, (1, 1, 1), 0.15),
            0.72 * fade,
        )
        canvas.lay(
            canvas.stencil(outline("jellyfish", "pale"), at, size),
            mix(hue, (1, 1, 1), 0.6),
            0.45 * fade,
        )


def _drifting(plan: PaintPlan, rng: np.random.Generator) -> Iterator[tuple[Point, float, float]]:
    """Yield place, size and strength of each jellyfish."""
    if "jellyfish" in plan.numbers:
        places, gap = row(plan.focus, plan.number("jellyfish"))
        for x, tier in places:
            yield (x, 0.4 - 0.16 * tier), min(0.34 * plan.scale, 1.1 * gap), 1.0
        return
    for number in range(4):
        size = (0.34, 0.2, 0.15, 0.1)[number] * plan.scale
        at = (
            (plan.focus, 0.4)
            if number == 0
            else (float(rng.uniform(0.1, 0.9)), float(rng.uniform(0.15, 0.75)))
        )
        yield at, size, (1.0, 0.7, 0.55, 0.4)[number]


def _swimming(plan: PaintPlan, rng: np.random.Generator) -> Iterator[tuple[Point, float, float]]:
    """Yield place, size and nearness (0 to 1) of each fish, the nearest last."""
    if "fish" in plan.numbers:
        places, gap = row(plan.focus, plan.number("fish"))
        for x, tier in places:
            yield (x, 0.5 - 0.16 * tier), min(0.24 * plan.scale, 1.3 * gap), 1.0
        return
    for number in range(19):
        near = number / 18
        at = (plan.focus + float(rng.normal(0, 0.2)), 0.48 + float(rng.normal(0, 0.14)))
        size = (0.05 + 0.11 * near**2) * plan.scale * (1.5 if number == 18 else 1.0)
        yield (plan.focus, 0.5) if number == 18 else at, size, near


def _shoal(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator) -> None:
    hue = plan.colour("fish", plan.palette[0][0] if plan.palette else (0.96, 0.52, 0.22))
    flip = bool(rng.uniform() < 0.5)
    for at, size, near in _swimming(plan, rng):
        body = mix(hue, plan.look.water, 0.6 * (1 - near))
        patch = canvas.stencil(outline("fish", "rings"), at, size, flip)
        canvas.lay(patch, body)
        canvas.lay(
            canvas.stencil(
                [
                    curve(
                        [
                            (0.28, 0.1),
                            (0.22, 0.0),
                            (0.26, -0.09),
                            (0.18, -0.1),
                            (0.13, 0.0),
                            (0.18, 0.13),
                        ]
                    )
                ],
                at,
                size,
                flip,
            ),
            (0.98, 0.96, 0.92),
            0.75 * near,
        )
        canvas.lay(
            canvas.stencil([disc((0.38, 0.025), 0.022, 10)], at, size, flip), plan.look.near, near
        )
        rim(canvas, patch, plan.look.lamp, 0.5 * near, size)


def _reef(
    canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, floor: Rgb, rich: bool
) -> None:
    for layer in range(3):
        line = 0.84 + 0.06 * layer - 0.07 * (profile(rng, canvas.width, 3, 5, gain=0.55) + 0.2)
        rows = np.clip((canvas.y - line[None, :]) * canvas.height + 0.5, 0, 1)
        canvas.over(rows, mix(floor, mix(plan.look.water, plan.look.near, 0.5), 0.5 - 0.25 * layer))
    hues: list[Rgb] = [c for c, _ in plan.palette] + [
        (0.93, 0.4, 0.4),
        (0.95, 0.65, 0.35),
        (0.6, 0.4, 0.75),
    ]
    for _ in range(16 if rich else 7):
        x, y = float(rng.uniform(0, 1)), float(rng.uniform(0.88, 1.0))
        hue = mix(hues[int(rng.integers(len(hues)))], floor, 0.45 if rich else 0.8)
        tall = float(rng.uniform(0.08, 0.2))
        fronds: list[Ring] = []
        for frond in range(7):
            angle = math.pi / 2 + (frond - 3) * 0.2 + float(rng.uniform(-0.08, 0.08))
            reach = float(rng.uniform(0.6, 1.0))
            end = (reach * math.cos(angle), reach * math.sin(angle))
            fronds.append(
                [(-0.05, 0), (0.05, 0), (end[0] + 0.045, end[1]), (end[0] - 0.045, end[1])]
            )
            fronds.append(disc(end, 0.06, 12))
        canvas.lay(canvas.stencil(fronds, (x, y), tall), hue)
