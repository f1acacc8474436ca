"""Water: still mirrors, waves in perspective, the path of light, and rivers."""

import numpy as np

from engine.backends.builtin.painter.canvas import Canvas
from engine.backends.builtin.painter.land import EARTH, below, tinted
from engine.backends.builtin.painter.noise import fractal, profile, smoothstep
from engine.backends.builtin.painter.plan import PaintPlan
from engine.imaging.measure.colour import Array, Rgb, mix


def water(
    canvas: Canvas,
    plan: PaintPlan,
    rng: np.random.Generator,
    lamp: tuple[float, float] | None,
    rough: float,
) -> None:
    """Fill the sheet below the horizon with water that mirrors what is above it.

    Args:
        canvas: The sheet, painted above the horizon.
        plan: The plan.
        rng: Source of the waves.
        lamp: Where sun or moon stands, for its path on the water.
        rough: 0 a mirror, 1 a storm.
    """
    line = round(plan.horizon * canvas.height)
    rows = canvas.height - line
    if rows < 4:
        return
    depth: Array = ((np.arange(rows, dtype=np.float32) + 0.5) / rows)[:, None]
    swell = fractal(rng, (rows, canvas.width), 5, octaves=5, gain=0.6, stretch=6)
    perspective = 1 / (0.05 + depth)
    phase = perspective * 5.2 + swell * 0.9
    ripple = np.sin(phase * 6.28) * 0.5 + np.sin(phase * 15 + swell * 2) * 0.3
    mirror = _mirrored(canvas, line, rows, depth, ripple + swell, rough)
    name = "sea" if plan.has("sea") or not plan.has("lake") else "lake"
    deep = plan.colour(name, plan.look.water)
    body = np.array(deep, np.float32) * (1.05 - 0.4 * depth[..., None])
    amount = np.clip((0.86 - 0.5 * depth) * (1 - 0.35 * rough), 0, 1)
    if name in plan.colours:
        amount = amount * 0.5
    canvas.over(1.0, body + (mirror - body) * amount[..., None], line)
    glint = smoothstep(0.25, 0.8, ripple + 0.35 * swell)
    canvas.over(glint * (0.1 + 0.1 * rough) * (1 - 0.4 * depth), plan.look.sky[-1], line)
    trough = smoothstep(0.3, 0.9, -ripple - 0.25 * swell)
    canvas.over(trough * (0.1 + 0.2 * rough) * np.clip(depth * 2.5, 0, 1), plan.look.near, line)
    if rough > 0.25:
        _breakers(canvas, plan, rng, line, rough)
    if lamp is not None:
        _path(canvas, plan, lamp[0], line, depth, ripple + 0.7 * swell)
    canvas.over(np.exp(-depth * 22) * 0.5, plan.look.haze, line)


def _mirrored(
    canvas: Canvas, line: int, rows: int, depth: Array, waves: Array, rough: float
) -> Array:
    """Reflection of everything above the horizon, shaken by the waves."""
    shake = waves * (0.003 + 0.03 * rough + 0.012 * depth) * canvas.unit
    up = np.arange(rows, dtype=np.float32)[:, None] * min(1.0, (line - 1) / rows)
    source = np.clip(line - 1 - up - np.abs(shake) * 1.2, 0, max(0, line - 1)).astype(np.intp)
    aside = np.arange(canvas.width)[None, :] + shake * 0.7
    columns = np.clip(aside, 0, canvas.width - 1).astype(np.intp)
    flat = canvas.pixels.reshape(-1, 3)
    return np.asarray(np.take(flat, source * canvas.width + columns, axis=0) * 0.9)


def _path(canvas: Canvas, plan: PaintPlan, x: float, line: int, depth: Array, waves: Array) -> None:
    """The broken column of light under the sun or moon."""
    half = 0.02 + 0.075 * depth
    aside = (canvas.x - x) * (canvas.width / canvas.unit)
    column = np.exp(-((aside / half) ** 2))
    broken = smoothstep(0.05, 0.75, waves + 0.25) * (0.35 + 0.65 * np.exp(-depth * 1.6))
    canvas.glow(column * broken * 0.85, plan.look.lamp, line)
    canvas.glow(column * np.exp(-depth * 3) * 0.22, plan.look.lamp, line)


def _breakers(
    canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, line: int, rough: float
) -> None:
    """Crests that grow towards the viewer, each a dark face with foam along its lip."""
    count = 7
    span = 1 - plan.horizon
    deep = plan.colour("sea", plan.look.water)
    for crest in range(count):
        near = ((crest + 0.6 + rng.uniform(-0.2, 0.2)) / count) ** 1.7
        lift = (0.012 + 0.11 * near) * span * (0.4 + rough)
        wave = profile(rng, canvas.width, 5.5 - 2.5 * near, 4, gain=0.48)
        edge = plan.horizon + span * near - lift * (wave + 0.2)
        cover, top = below(canvas, edge)
        fall = canvas.y[top:] - edge[None, :].astype(np.float32)
        reach = lift * 2.6 + 0.004
        face = cover * np.clip(1 - fall / reach, 0, 1) ** 1.4
        tone = mix(mix(deep, plan.look.haze, 0.32), plan.look.near, 0.5 * near)
        canvas.over(face * 0.72, tone, top)
        thin = np.exp(-np.clip(fall, 0, None) / (reach * 0.12))
        canvas.over(cover * thin * 0.4, mix(deep, plan.look.sky[-1], 0.55), top)
        lace = fractal(rng, cover.shape, 9, octaves=5, gain=0.65, stretch=2.5)
        tips = np.clip(wave[None, :] * 1.6 - 0.1, 0, 1)
        foam = (
            smoothstep(0.1, 0.75, lace + 1.6 * thin - 0.75) * cover * np.exp(-fall / (reach * 0.5))
        )
        canvas.over(np.clip(foam * tips * (0.5 + rough), 0, 0.92), _foam(plan), top)


def _foam(plan: PaintPlan) -> Rgb:
    return tinted(plan, (0.96, 0.98, 0.97), 0.05)


def river(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, kind: str) -> None:
    """A river or road that winds from the foreground to the horizon and narrows on its way."""
    line = round(plan.horizon * canvas.height)
    rows = canvas.height - line
    part: Array = (np.arange(rows, dtype=np.float32)[:, None] + 0.5) / rows
    bends = profile(rng, 512, 3.2, 2)[(1 / (0.12 + part[:, 0]) * 58).astype(int) % 512]
    bends = np.convolve(np.pad(bends, 20, "edge"), np.ones(41) / 41, "valid")[:, None]
    middle = (
        plan.focus + (0.5 - plan.focus) * part**1.5 + 0.24 * bends * np.sqrt(part) * (1.1 - part)
    )
    half = 0.004 + (0.24 if kind == "river" else 0.17) * part**1.7
    aside = np.abs(canvas.x - middle) * canvas.width / canvas.unit
    wobble = 0.06 * half * profile(rng, rows, 12, 3)[:, None]
    cover = np.clip((half + wobble - aside) * canvas.unit / 1.5 + 0.5, 0, 1)
    cover = cover * smoothstep(0.015, 0.06, part)
    bank = np.clip((half * 1.14 - aside) * canvas.unit / 3 + 0.5, 0, 1)
    canvas.over(bank * 0.5 * smoothstep(0.015, 0.06, part), plan.look.near, line)
    streak = fractal(rng, (rows, canvas.width), 4, octaves=5, gain=0.6, stretch=5)
    if kind == "river":
        asked = plan.colour("river", plan.look.sky[-2])
        colour = mix(asked, plan.look.water, 0.25)
        canvas.over(cover, colour, line)
        canvas.over(cover * smoothstep(0.1, 1.2, streak) * 0.6, plan.look.sky[-1], line)
        canvas.over(cover * smoothstep(0.2, 1.4, -streak) * 0.35, plan.look.water, line)
    else:
        dust = tinted(plan, plan.colour("road", (0.82, 0.74, 0.6)), 0.1)
        canvas.over(cover * 0.95, dust, line)
        rut = np.exp(-(((aside / half) - 0.5) ** 2) / 0.012)
        canvas.over(
            cover * np.clip(rut * 0.4 + streak * 0.08, 0, 0.5), mix(dust, plan.look.near, 0.6), line
        )


def beach(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator) -> None:
    """Sand in the foreground with the wet line and the lace of the last wave."""
    edge = 0.86 + 0.03 * profile(rng, canvas.width, 1.4, 3) + 0.05 * (canvas.x[0] - 0.5)
    cover, top = below(canvas, edge, softness=3)
    sand = tinted(plan, plan.colour("beach", EARTH["beach"]))
    fall = canvas.y[top:] - edge[None, :].astype(np.float32)
    grain = fractal(rng, cover.shape, 8, octaves=4, gain=0.7, stretch=3)
    canvas.over(cover, sand, top)
    canvas.over(cover * np.exp(-fall / 0.03) * 0.5, mix(sand, plan.look.water, 0.55), top)
    canvas.over(cover * np.clip(grain * 0.09, 0, 0.3), plan.look.near, top)
    lace = np.exp(-(((fall - 0.004 - 0.004 * grain) / 0.004) ** 2))
    canvas.over(np.clip(lace * 0.85, 0, 1), _foam(plan), top)
