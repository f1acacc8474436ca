"""Ground in layers that dissolve in haze with distance: mountains, hills, dunes, snow, cliffs."""

import numpy as np

from engine.backends.builtin.painter.canvas import Canvas, blurred, shifted
from engine.backends.builtin.painter.noise import fractal, profile, smoothstep
from engine.backends.builtin.painter.plan import PaintPlan
from engine.imaging.measure.colour import Array, Rgb, mix
from engine.imaging.silhouettes.curves import Ring, disc

EARTH: dict[str, Rgb] = {
    "mountain": (0.40, 0.43, 0.52),
    "hill": (0.37, 0.51, 0.30),
    "forest": (0.16, 0.33, 0.26),
    "desert": (0.90, 0.67, 0.40),
    "snow-land": (0.90, 0.94, 0.98),
    "beach": (0.90, 0.80, 0.60),
    "field": (0.87, 0.71, 0.33),
    "flower": (0.36, 0.52, 0.28),
    "cliff": (0.34, 0.32, 0.32),
    "road": (0.49, 0.52, 0.33),
}
"""Colours of the ground in white daylight."""

HERO = (
    (0.0, 1.0, 0.36),
    (0.14, 0.78, 0.22),
    (0.3, 0.5, 0.22),
    (-0.17, 0.66, 0.24),
    (-0.36, 0.45, 0.26),
)
"""Peaks of a massif: how far from its summit, how high, how wide, the summit first."""

SNOW: Rgb = (0.95, 0.96, 0.98)


def tinted(plan: PaintPlan, base: Rgb, depth: float = 0.0) -> Rgb:
    """A daylight colour under the image's light, dissolved in haze by `depth` (0 near, 1 far)."""
    ambient = plan.look.ambient
    lit = (base[0] * ambient[0], base[1] * ambient[1], base[2] * ambient[2])
    if base in plan.colours.values():
        lit = mix(lit, base, 0.6)
    backlit = 0.7 if "backlit" in plan.traits else 0.0
    return mix(mix(lit, plan.look.near, backlit * (1 - depth)), plan.look.haze, depth)


def below(canvas: Canvas, line: Array, softness: float = 1.0) -> tuple[Array, int]:
    """Coverage of everything under a skyline, and the row where the field begins.

    Args:
        canvas: The sheet.
        line: Height of the skyline in every column, in fractions from the top, shape (width,).
        softness: Width of the edge in pixels.
    """
    top = int(np.clip(np.floor(float(line.min()) * canvas.height) - 2, 0, canvas.height - 1))
    rows = np.arange(top, canvas.height, dtype=np.float32)[:, None]
    edge = (line * canvas.height).astype(np.float32)[None, :]
    return np.clip((rows - edge) / softness + 0.5, 0, 1), top


def shadow(canvas: Canvas, plan: PaintPlan, cover: Array, top: int) -> None:
    """The soft shadow that a layer of cut paper throws on what lies behind it."""
    if plan.medium != "paper":
        return
    soft = blurred(cover, canvas.unit * 0.014)
    canvas.over(shifted(soft, -int(canvas.unit * 0.008)) * 0.42, (0.06, 0.05, 0.09), top)


def mountains(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, low: bool = False) -> None:
    """Two to four ranges; the middle one is the hero, with lit and shaded faces and snow."""
    count = 3 if low else 4
    dark = plan.colour("mountain", EARTH["mountain"])
    hero = 1
    for layer in range(count):
        depth = 0.82 - 0.78 * layer / max(1, count - 1)
        rise = (0.17, 0.43, 0.2, 0.1)[layer] * (0.55 if low else 1.0) * min(1.3, plan.scale)
        line = 0.34 + 0.66 * profile(rng, canvas.width, 4.5, 7, gain=0.5, smooth=False)
        if layer == hero and not low:
            line = 0.62 * line - 0.1
            craggy = profile(rng, canvas.width, 26, 4, gain=0.6, smooth=False)
            for aside, tall, wide in HERO:
                away = canvas.x[0] - plan.focus - aside * float(rng.uniform(0.75, 1.25))
                away = away + 0.025 * craggy
                flank = np.clip(1 - np.abs(away) / (wide * float(rng.uniform(0.8, 1.2))), 0, 1)
                line = np.maximum(line, tall * flank**1.2 + 0.22 * line + 0.09 * craggy * flank)
        else:
            line = line * (0.75 + 0.25 * np.abs(canvas.x[0] - plan.focus))
        edge = plan.horizon + 0.012 - rise * np.clip(line, -0.1, 1.3)
        cover, top = below(canvas, edge)
        body = mix(tinted(plan, dark, depth), plan.look.near, 0.12 * layer)
        shadow(canvas, plan, cover, top)
        bands = [body, mix(body, plan.look.haze, 0.62)]
        _paint_layer(canvas, cover, top, bands, plan.horizon)
        if layer <= hero:
            _faces(canvas, plan, rng, edge, (cover, top), rise, depth)


def _paint_layer(canvas: Canvas, cover: Array, top: int, ends: list[Rgb], bottom: float) -> None:
    """A layer that is densest at its ridge and pales towards its foot, where mist lies."""
    span = max(0.02, bottom - top / canvas.height)
    part = smoothstep(0.1, 1.1, (canvas.y[top:] - top / canvas.height) / span)[..., None]
    first, last = np.array(ends[0], np.float32), np.array(ends[1], np.float32)
    canvas.over(cover, first + (last - first) * part, top)


def _faces(
    canvas: Canvas,
    plan: PaintPlan,
    rng: np.random.Generator,
    edge: Array,
    region: tuple[Array, int],
    rise: float,
    depth: float,
) -> None:
    """Lit and shaded flanks, drawn by dragging the ridge's slope down the face, and snow."""
    cover, top = region
    bottom = min(canvas.height, round((plan.horizon + 0.02) * canvas.height))
    cover = cover[: bottom - top]
    if not cover.size:
        return
    fall = canvas.y[top:bottom] - edge[None, :].astype(np.float32)
    rough = fractal(rng, cover.shape, 16 * cover.shape[0] / canvas.unit + 1, octaves=5, gain=0.62)
    smooth = np.convolve(edge, np.ones(max(3, canvas.width // 160)), "same")
    slope = np.sign(np.gradient(smooth)).astype(np.float32)
    drag = (fall * 0.55 + 0.011 * rough * np.clip(fall * 14, 0, 1)) * canvas.unit
    columns = (np.arange(canvas.width)[None, :] + drag).astype(np.int32) % canvas.width
    lit = np.clip(slope[columns] * 0.5 + 0.5 + 0.07 * rough, 0, 1)
    fade = np.exp(-np.clip(fall, 0, None) / (rise * 0.75))
    light = mix(plan.look.lamp, plan.look.haze, 0.35 + 0.4 * depth)
    canvas.over(cover * lit * fade * (0.34 - 0.18 * depth), light, top)
    canvas.over(cover * (1 - lit) * fade * 0.3, plan.look.near, top)
    snowy = plan.has("snow-land") or "snow" in plan.weather or rise > 0.2
    if snowy:
        line = 0.2 + 0.45 * ("snow" in plan.weather or plan.has("snow-land"))
        cap = smoothstep(0.07, -0.07, fall / rise - line + 0.13 * rough)
        white = tinted(plan, SNOW, depth * 0.75)
        dim = mix(white, plan.look.sky[1], 0.45)
        canvas.over(cover * cap * lit * 0.95, mix(white, plan.look.lamp, 0.3), top)
        canvas.over(cover * cap * (1 - lit) * 0.75, dim, top)


def hills(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, kind: str = "hill") -> None:
    """Rolling layers from the horizon to the foreground, each with a lit crest."""
    base = plan.colour(kind, EARTH.get(kind, EARTH["hill"]))
    count = 5
    for layer in range(count):
        near = layer / (count - 1)
        depth = 0.78 * (1 - near) ** 1.2
        start = plan.horizon + (1.06 - plan.horizon) * near**1.25 * 0.86
        bump = profile(rng, canvas.width, 1.6 + 1.6 * (1 - near), 2, gain=0.3)
        edge = start - (0.04 + 0.075 * near) * (bump + 0.35)
        turn = mix(base, ((0.62, 0.60, 0.28), (0.20, 0.42, 0.34))[layer % 2], 0.22)
        shade = mix(tinted(plan, turn, depth), plan.look.near, 0.2 * near)
        layer_of(canvas, plan, rng, edge, shade)
        if 0 < layer < 4 and "minimal" not in plan.traits:
            _copses(canvas, rng, edge, mix(shade, plan.look.near, 0.55), 0.006 + 0.02 * near)


def _copses(
    canvas: Canvas, rng: np.random.Generator, edge: Array, colour: Rgb, size: float
) -> None:
    """Clumps of trees and hedges along a crest, to give the hills their scale."""
    aspect = canvas.width / canvas.unit
    rings: list[Ring] = []
    for _ in range(7):
        start, count = float(rng.uniform(0, 1)), int(rng.integers(2, 9))
        for tree in range(count):
            x = start + tree * size * 0.9 / aspect
            ground = float(np.interp(x, canvas.x[0], edge)) * canvas.height / canvas.unit
            copse_size = size * float(rng.uniform(0.55, 1.15))
            rings.append(
                disc((x * aspect, -ground + copse_size * 0.5), copse_size * 0.62, 14, 1.15)
            )
    canvas.lay(canvas.stencil(rings, (0, 0), 1.0), colour, 0.9)


def layer_of(
    canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, edge: Array, colour: Rgb
) -> None:
    """One layer of ground: lit along its crest, darker towards its foot, brushed lengthwise."""
    cover, top = below(canvas, edge)
    shadow(canvas, plan, cover, top)
    canvas.over(cover, colour, top)
    fall = canvas.y[top:] - edge[None, :].astype(np.float32)
    brush = fractal(rng, cover.shape, 5, octaves=5, gain=0.65, stretch=4.0)
    light = mix(colour, plan.look.lamp, 0.5)
    crest = np.exp(-np.clip(fall, 0, None) / 0.03) * (0.6 + 0.25 * brush)
    canvas.over(cover * np.clip(crest, 0, 1) * 0.5, light, top)
    dim = mix(colour, plan.look.near, 0.55)
    canvas.over(cover * np.clip(fall * 3.2 + 0.14 * brush, 0, 0.8), dim, top)


def dunes(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator) -> None:
    """Dunes with sharp crests: one flank in light, the other in shadow, and wind ripples."""
    sand = plan.colour("desert", EARTH["desert"])
    count = 5
    side = 1 if rng.uniform() < 0.5 else -1
    for layer in range(count):
        near = layer / (count - 1)
        start = plan.horizon + (1.0 - plan.horizon) * near**1.2 * 0.8
        wave = profile(rng, canvas.width, 1.3 + 1.4 * (1 - near), 2, gain=0.35)
        edge = start - (0.045 + 0.12 * near) * (wave + 0.3)
        cover, top = below(canvas, edge)
        depth = 0.72 * (1 - near) ** 1.3
        light, dim = tinted(plan, sand, depth), tinted(plan, mix(sand, plan.look.near, 0.5), depth)
        shadow(canvas, plan, cover, top)
        fall = canvas.y[top:] - edge[None, :].astype(np.float32)
        sweep = (np.arange(canvas.width)[None, :] + side * fall * 1.1 * canvas.unit).astype(int)
        slope = np.gradient(edge) * canvas.width
        lit = smoothstep(-0.05, 0.05, side * slope[sweep.clip(0, canvas.width - 1)])
        canvas.over(cover, light, top)
        canvas.over(cover * (1 - lit) * 0.78, dim, top)
        grain = fractal(rng, cover.shape, 2, octaves=2, stretch=4)
        ripple = np.sin(fall * (320 - 200 * near) + 2.5 * grain)
        canvas.over(cover * np.clip(ripple, 0, 1) * 0.07 * (0.3 + near), plan.look.lamp, top)
        canvas.over(cover * np.exp(-np.clip(fall, 0, None) / 0.006) * 0.55, plan.look.lamp, top)


def snowfield(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator) -> None:
    """Drifts of snow that take their shadows from the sky."""
    for layer in range(4):
        near = layer / 3
        start = plan.horizon + (1.0 - plan.horizon) * near**1.15 * 0.82
        edge = start - 0.05 * (profile(rng, canvas.width, 1.5, 3, gain=0.35) + 0.3)
        cover, top = below(canvas, edge)
        white = tinted(plan, plan.colour("snow-land", SNOW), 0.5 * (1 - near))
        shadow(canvas, plan, cover, top)
        canvas.over(cover, white, top)
        fall = canvas.y[top:] - edge[None, :].astype(np.float32)
        drift = fractal(rng, cover.shape, 3, octaves=4, gain=0.45, stretch=4)
        dim = mix(white, plan.look.sky[1], 0.42)
        canvas.over(
            cover * np.clip(smoothstep(-0.4, 1.3, drift) * 0.6 + fall * 1.1, 0, 0.75), dim, top
        )


def headland(
    canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, at: float, height: float
) -> float:
    """A rock that runs in from the nearer side and ends in a cliff.

    Args:
        canvas: The sheet.
        plan: The plan.
        rng: Source of the rock's outline.
        at: Where something stands on it, 0..1.
        height: Height of the top over the horizon, in fractions of the sheet.

    Returns:
        Height of the ground at `at`, in fractions from the top.
    """
    sign = 1.0 if at >= 0.5 else -1.0
    outward = (at - canvas.x[0]) * sign
    top = plan.horizon - height
    slope = top + 0.05 * np.clip(-outward, 0, 1) + 0.014 * profile(rng, canvas.width, 9, 4)
    drop = smoothstep(0.07, 0.17, outward + 0.022 * profile(rng, canvas.width, 14, 4, smooth=False))
    foot = plan.horizon + 0.085
    edge = slope + (foot - slope) * drop
    cover, first = below(canvas, edge)
    base = foot + 0.012 * profile(rng, canvas.width, 8, 4) - 0.03 * np.clip(outward - 0.1, 0, 1)
    under, row = below(canvas, base)
    cover[row - first :] *= 1 - under[max(0, first - row) :] if row >= first else 1
    rock = tinted(plan, plan.colour("cliff", EARTH["cliff"]), 0.08)
    canvas.over(cover, rock, first)
    crag = fractal(rng, cover.shape, 5, octaves=5, gain=0.65, stretch=0.45)
    canvas.over(cover * np.clip(crag * 0.5 + 0.15, 0, 0.55), mix(rock, plan.look.near, 0.75), first)
    canvas.over(cover * np.clip(-crag * 0.4, 0, 0.4), mix(rock, plan.look.lamp, 0.45), first)
    fall = canvas.y[first:] - edge[None, :].astype(np.float32)
    turf = mix(tinted(plan, plan.colour("hill", EARTH["hill"])), plan.look.near, 0.25)
    canvas.over(cover * smoothstep(0.026, 0.004, fall + 0.008 * crag) * (1 - drop), turf, first)
    return float(np.interp(at, canvas.x[0], edge))
