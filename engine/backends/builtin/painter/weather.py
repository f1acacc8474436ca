"""Weather and things in the air: fog, rain, snow, petals and fireflies."""

import math

import numpy as np

from engine.backends.builtin.painter.canvas import Canvas, blurred
from engine.backends.builtin.painter.noise import fractal, smoothstep
from engine.backends.builtin.painter.plan import PaintPlan
from engine.imaging.measure.colour import Array, mix
from engine.imaging.silhouettes.curves import Ring, disc


def weather(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator) -> None:
    """Lay the plan's weathers over the painted scene."""
    if "fog" in plan.weather or plan.look.name == "fog":
        _fog(canvas, plan, rng)
    if plan.weather & {"rain", "storm"}:
        _rain(canvas, plan, rng, 1.0 if "rain" in plan.weather else 0.5)
    if "snow" in plan.weather:
        _flakes(canvas, plan, rng, (0.97, 0.98, 1.0), 420, 1.0)
    if "petals" in plan.weather:
        hue = plan.palette[0][0] if plan.palette else (0.96, 0.68, 0.75)
        _flakes(canvas, plan, rng, hue, 90, 2.2)
    if "fireflies" in plan.weather:
        _fireflies(canvas, plan, rng)


def _fog(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator) -> None:
    drift = fractal(rng, canvas.shape, 1.6, octaves=5, gain=0.5, stretch=3.5)
    band = np.exp(-(((canvas.y - plan.horizon - 0.02) / 0.26) ** 2))
    veil = np.clip(0.1 + 0.4 * band + 0.2 * drift * (0.3 + band), 0, 0.8)
    if plan.look.name == "fog":
        veil = veil + 0.12
    if plan.stage != "land":
        veil = veil * 0.5
    canvas.over(veil, mix(plan.look.haze, plan.look.lamp, 0.15))


def _rain(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, strength: float) -> None:
    slant = float(rng.uniform(0.08, 0.3)) * (1 if rng.uniform() < 0.5 else -1)
    aspect, rise = canvas.width / canvas.unit, canvas.height / canvas.unit
    for length, wide, count, opacity in ((0.05, 0.0007, 340, 0.22), (0.11, 0.0011, 110, 0.3)):
        drops: list[Ring] = []
        for _ in range(int(count * strength * aspect * rise)):
            x, y = float(rng.uniform(-0.1, aspect + 0.1)), -float(rng.uniform(-0.1, rise))
            long = length * float(rng.uniform(0.6, 1.3))
            drops.append(
                [
                    (x - wide, y),
                    (x + wide, y),
                    (x + wide + slant * long, y - long),
                    (x - wide + slant * long, y - long),
                ]
            )
        canvas.lay(canvas.stencil(drops, (0, 0), 1.0), mix(plan.look.haze, (1, 1, 1), 0.5), opacity)
    canvas.over(0.08 * strength, plan.look.haze)


def _flakes(
    canvas: Canvas,
    plan: PaintPlan,
    rng: np.random.Generator,
    hue: tuple[float, float, float],
    count: int,
    big: float,
) -> None:
    aspect, rise = canvas.width / canvas.unit, canvas.height / canvas.unit
    layer: Array = np.zeros(canvas.shape, dtype=np.float32)
    for depth, share in ((0.35, 0.6), (0.7, 0.3), (1.3, 0.1)):
        rings: list[Ring] = []
        for _ in range(int(count * share * aspect * rise)):
            x, y = float(rng.uniform(0, aspect)), -float(rng.uniform(0, rise))
            size = 0.0042 * depth * big * float(rng.uniform(0.6, 1.4))
            turn = float(rng.uniform(0, math.pi))
            flat = 1.0 if big < 2 else 0.5
            rings.append(
                [
                    (
                        x + u * math.cos(turn) - v * math.sin(turn),
                        y + u * math.sin(turn) + v * math.cos(turn),
                    )
                    for u, v in disc((0, 0), size, 10, flat)
                ]
            )
        patch = canvas.stencil(rings, (0, 0), 1.0)
        rows, columns = patch.mask.shape
        soft = patch.mask if depth < 1 or big > 2 else blurred(patch.mask, canvas.unit * 0.003)
        view = layer[patch.top : patch.top + rows, patch.left : patch.left + columns]
        np.maximum(view, soft * (0.55 + 0.4 * (depth > 0.5)), out=view)
    canvas.over(np.clip(layer, 0, 0.95), mix(hue, plan.look.haze, 0.12 if big < 2 else 0.0))


def _fireflies(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator) -> None:
    lights = np.zeros(canvas.shape, dtype=np.float32)
    for _ in range(60):
        x, y = float(rng.uniform(0.02, 0.98)), float(rng.uniform(plan.horizon * 0.8, 0.98))
        lights[int(y * canvas.height), int(x * canvas.width)] = float(rng.uniform(0.4, 1.0))
    core = blurred(lights, max(1.0, canvas.unit * 0.0022)) * (canvas.unit * 0.0022) ** 2 * 7
    wide = blurred(np.clip(core, 0, 1), canvas.unit * 0.012) * 9
    canvas.glow(np.clip(smoothstep(0, 1, core) + wide, 0, 1), (1.0, 0.88, 0.45))
