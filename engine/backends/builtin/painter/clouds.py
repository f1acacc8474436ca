"""Clouds: long streaks, heaped cumulus, closed banks, and the stroke of lightning."""

from itertools import pairwise

import numpy as np

from engine.backends.builtin.painter.canvas import Canvas, blurred, shifted
from engine.backends.builtin.painter.noise import fractal, smoothstep
from engine.backends.builtin.painter.plan import PaintPlan
from engine.imaging.measure.colour import mix
from engine.imaging.silhouettes.curves import Ring, disc


def paint_clouds(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, clear: bool) -> None:
    """Paint the clouds that weather and light ask for; the seed chooses where neither does."""
    kind = float(rng.uniform())
    if "storm" in plan.weather or plan.look.name == "storm":
        _bank(canvas, plan, rng, cover=0.75, dark=True)
        if "storm" in plan.weather:
            _bolt(canvas, plan, rng)
    elif plan.look.name == "overcast" or (
        plan.weather & {"rain", "snow"} and plan.look.name not in ("neon", "aurora")
    ):
        _bank(canvas, plan, rng, cover=0.62, dark=False)
    elif "fog" in plan.weather or "clear" in plan.weather or plan.look.name in ("fog", "aurora"):
        return
    elif plan.has("cloud"):
        _cumulus(canvas, plan, rng, 3)
    elif "minimal" in plan.traits or plan.has("galaxy"):
        return
    elif plan.look.is_dark:
        _streaks(canvas, plan, rng, 0.35)
    elif clear and kind < 0.45 and plan.look.name in ("day", "noon", "golden", "dawn"):
        _cumulus(canvas, plan, rng, 2)
    else:
        _streaks(canvas, plan, rng, 0.75)


def _streaks(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, strength: float) -> None:
    """Long thin clouds, lit from below near the horizon."""
    field = fractal(rng, canvas.shape, 1.5, octaves=6, gain=0.55, stretch=5.0)
    band = np.exp(-(((canvas.y - plan.horizon * rng.uniform(0.45, 0.75)) / 0.22) ** 2))
    cover = smoothstep(0.35, 1.5, field + 0.5 * band) * (0.3 + 0.7 * band)
    canvas.over(cover * strength * 0.9, plan.look.cloud[1])
    lower = shifted(field, -max(1, canvas.height // 90))
    lit = smoothstep(0.0, 0.9, field - lower) * cover
    canvas.over(np.clip(lit * strength * 1.3, 0, 1), plan.look.cloud[0])


def _cumulus(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, rows: int) -> None:
    """Heaped clouds with flat bases, smaller and paler towards the horizon."""
    aspect, rise = canvas.width / canvas.unit, canvas.height / canvas.unit
    for row in range(rows):
        near = (row + 1) / rows
        for _ in range(round((4.2 - 3.2 * near) * aspect) + (near < 1)):
            wide = float(rng.uniform(0.12, 0.24)) * (0.35 + 0.85 * near)
            x = float(rng.uniform(0, aspect))
            base = -rise * plan.horizon * (0.93 - 0.66 * near + float(rng.uniform(-0.06, 0.06)))
            _heap(canvas, plan, rng, (x, base), wide, 0.62 * (1 - near))


def _heap(
    canvas: Canvas,
    plan: PaintPlan,
    rng: np.random.Generator,
    at: tuple[float, float],
    wide: float,
    depth: float,
) -> None:
    """One cloud of many puffs: its body, its shaded belly and its lit crowns."""
    lit, dim = (mix(tone, plan.look.haze, depth) for tone in plan.look.cloud)
    body: list[Ring] = []
    crowns: list[Ring] = []
    for _ in range(34):
        aside = float(np.clip(rng.normal(0, 0.4), -0.85, 0.85))
        lift = max(0.0, 1 - abs(aside) * 0.95)
        size = wide * (0.09 + 0.19 * lift * float(rng.uniform(0.4, 1)))
        middle = (at[0] + aside * wide, at[1] + wide * 0.42 * lift * float(rng.uniform(0, 1)))
        body.append([(x, max(y, at[1])) for x, y in disc(middle, size, 26)])
        crowns.append(disc((middle[0] - size * 0.1, middle[1] + size * 0.22), size * 0.78, 22))
    patch = canvas.stencil(body, (0, 0), 1.0)
    if not patch.mask.size:
        return
    fray = fractal(rng, patch.mask.shape, 3, octaves=4, gain=0.6)
    down = np.linspace(0, 1, patch.mask.shape[0], dtype=np.float32)[:, None]
    base = smoothstep(1.0, 0.7, down + 0.06 * fray)
    solid = patch.mask * base
    canvas.over(solid * 0.93, mix(lit, dim, 0.55), patch.top, patch.left)
    top = canvas.stencil(crowns, (0, 0), 1.0)
    soft = (
        blurred(top.mask, max(1.0, canvas.unit * wide * 0.012))
        * smoothstep(1.05, 0.25, np.linspace(0, 1, top.mask.shape[0], dtype=np.float32))[:, None]
    )
    canvas.over(soft * 0.92, lit, top.top, top.left)
    belly = smoothstep(0.4, 0.95, down + 0.1 * fray) * solid
    canvas.over(belly * 0.6, dim, patch.top, patch.left)


def _bank(
    canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, cover: float, dark: bool
) -> None:
    """A closed ceiling of cloud with torn edges and light between."""
    field = fractal(rng, canvas.shape, 1.8, octaves=6, gain=0.58, stretch=2.6)
    relief = shifted(field, canvas.height // 60, canvas.width // 60) - field
    weight = np.clip(1.25 - canvas.y / plan.horizon, 0.1, 1.0)
    body = smoothstep(0.9 - 2.2 * cover, 1.1, field + weight)
    canvas.over(body * cover, plan.look.cloud[1])
    canvas.over(np.clip(relief * 0.75, 0, 1) * body * (0.42 if dark else 0.6), plan.look.cloud[0])
    canvas.over(np.clip(-relief * 0.55, 0, 1) * body * (0.55 if dark else 0.25), plan.look.near)


def _bolt(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator) -> None:
    """One stroke of lightning that forks, with its glow in the cloud."""
    x, y = float(np.clip(1 - plan.focus + rng.uniform(-0.1, 0.1), 0.12, 0.88)), 0.02
    points, forks = [(x, y)], []
    while y < plan.horizon:
        x, y = x + float(rng.uniform(-0.035, 0.035)), y + float(rng.uniform(0.02, 0.05))
        points.append((x, y))
        if rng.uniform() < 0.3:
            end = (x + float(rng.uniform(-0.12, 0.12)), y + float(rng.uniform(0.06, 0.14)))
            middle = ((x + end[0]) / 2 + float(rng.uniform(-0.02, 0.02)), (y + end[1]) / 2)
            forks.append([(x, y), middle, end])
    stroke = np.zeros(canvas.shape, dtype=np.float32)
    for line, wide in ((points, 0.0032), *((fork, 0.0016) for fork in forks)):
        for (x1, y1), (x2, y2) in pairwise(line):
            ring = [(x1 - wide, y1), (x1 + wide, y1), (x2 + wide, y2), (x2 - wide, y2)]
            upright = [
                (px * canvas.width / canvas.unit, -py * canvas.height / canvas.unit)
                for px, py in ring
            ]
            patch = canvas.stencil([upright], (0, 0), 1.0)
            rows, columns = patch.mask.shape
            view = stroke[patch.top : patch.top + rows, patch.left : patch.left + columns]
            np.maximum(view, patch.mask, out=view)
    canvas.glow(blurred(stroke, canvas.unit * 0.02) * 2.2, (0.62, 0.66, 1.0))
    canvas.glow(np.clip(stroke, 0, 1), (1.0, 1.0, 0.96))
