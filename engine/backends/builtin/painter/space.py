"""Outer space: nebulae, planets, a rocket."""

import numpy as np

from engine.backends.builtin.painter.canvas import Canvas
from engine.backends.builtin.painter.noise import fractal, smoothstep
from engine.backends.builtin.painter.numbers import row
from engine.backends.builtin.painter.plan import PaintPlan
from engine.backends.builtin.painter.planet import paint_planet
from engine.backends.builtin.painter.sky import paint_orb, paint_stars
from engine.imaging.measure.colour import mix
from engine.imaging.silhouettes.curves import Point, Ring, curve, disc
from engine.imaging.silhouettes.outlines import outline


def space(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator) -> None:
    """Nebulae, stars, and a planet with bands, a ring and its night side."""
    dark = mix(plan.look.sky[0], (0.01, 0.01, 0.03), 0.5)
    canvas.gradient([dark, mix(dark, plan.look.sky[1], 0.5), dark], 0, canvas.height)
    asked = [colour for colour, _ in plan.palette]
    hues = (asked * 3)[:3] or [(0.55, 0.2, 0.55), (0.15, 0.42, 0.7), (0.9, 0.5, 0.35)]
    for layer, hue in enumerate(hues):
        gas = fractal(rng, canvas.shape, 1.3 + 0.5 * layer, octaves=6, gain=0.56, stretch=1.3)
        warp = fractal(rng, canvas.shape, 2.2, octaves=4)
        filament = np.exp(-((np.abs(gas + 0.35 * warp) / 0.34) ** 2)) * smoothstep(-0.9, 1.3, warp)
        canvas.glow(np.clip(filament * (0.5 - 0.07 * layer), 0, 1), hue)
    dust = fractal(rng, canvas.shape, 1.8, octaves=6, gain=0.6)
    canvas.over(smoothstep(0.3, 1.9, dust) * 0.75, dark)
    paint_stars(canvas, plan, rng, density=2.2)
    if plan.has("planet") or not plan.has("galaxy", "rocket", "star"):
        places, gap = row(plan.focus, plan.number("planet"), 0.45)
        size = 0.25 * plan.scale if len(places) == 1 else min(0.25 * plan.scale, 0.26 * gap)
        for x, _ in places:
            paint_planet(canvas, plan, rng, (x, float(rng.uniform(0.42, 0.56))), size)
    if plan.has("moon", "crescent"):
        paint_orb(canvas, (1 - plan.focus, 0.2), 0.05, plan.look.lamp, rng, False)
    if plan.has("rocket"):
        middle = 1 - plan.focus if plan.has("planet") else plan.focus
        for x, _ in row(middle, plan.number("rocket"))[0]:
            rocket(canvas, plan, (x, 0.66), 0.3 * plan.scale)


def rocket(canvas: Canvas, plan: PaintPlan, at: Point, size: float) -> None:
    """A rocket on its flame."""
    flame = curve([(-0.07, 0.0), (0.07, 0.0), (0.05, -0.22), (0.0, -0.5), (-0.05, -0.22)])
    canvas.lay(canvas.stencil([flame], at, size), (1.0, 0.68, 0.25), 0.9)
    canvas.lay(
        canvas.stencil([curve([(-0.035, 0.0), (0.035, 0.0), (0.0, -0.28)])], at, size),
        (1.0, 0.96, 0.8),
    )
    canvas.lay(canvas.stencil(outline("rocket", "rings"), at, size), (0.93, 0.91, 0.87))
    red = plan.colour("rocket", (0.82, 0.25, 0.2))
    fins: list[Ring] = [
        [(s * 0.1, 0.24), (s * 0.24, -0.02), (s * 0.22, -0.08), (s * 0.08, 0.02)] for s in (-1, 1)
    ]
    canvas.lay(canvas.stencil([*fins, [(-0.085, 0.68), (0.085, 0.68), (0.0, 0.91)]], at, size), red)
    canvas.lay(canvas.stencil([disc((0, 0.5), 0.055, 30)], at, size), (0.25, 0.5, 0.62))
    canvas.lay(
        canvas.stencil(outline("rocket", "pale"), at, size),
        plan.look.near,
        0.25,
    )
