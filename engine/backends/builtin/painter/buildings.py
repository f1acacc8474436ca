"""Buildings: skylines, houses, lighthouses, bridges, castles, gates, mills and tents."""

import numpy as np

from engine.backends.builtin.painter.canvas import Canvas, Patch, Spot, blurred
from engine.backends.builtin.painter.land import tinted
from engine.backends.builtin.painter.noise import smoothstep
from engine.backends.builtin.painter.plan import PaintPlan
from engine.imaging.measure.colour import Rgb, mix
from engine.imaging.silhouettes.curves import Point, Ring, box, disc
from engine.imaging.silhouettes.outlines import outline

NEON_SHARE = 0.6
"""Number of lit windows above which towers carry illuminated signs."""

WINDOW: Rgb = (1.0, 0.83, 0.46)


def rounded(canvas: Canvas, plan: PaintPlan, patch: Patch, colour: Rgb, side: float) -> None:
    """Lay a shape as a round body: light from `side` (-1 left, 1 right), shadow on the other."""
    if not patch.mask.size:
        return
    columns = np.linspace(-1, 1, patch.mask.shape[1], dtype=np.float32)[None, :] * side
    canvas.lay(patch, colour)
    light = smoothstep(0.0, 0.8, columns) * smoothstep(1.25, 0.7, columns)
    canvas.over(patch.mask * light * 0.4, plan.look.lamp, patch.top, patch.left)
    canvas.over(
        patch.mask * smoothstep(0.2, -1.0, columns) * 0.6, plan.look.near, patch.top, patch.left
    )


def halo(canvas: Canvas, at: Point, radius: float, colour: Rgb, strength: float) -> None:
    """A soft glow around a lamp; `radius` in units."""
    far = canvas.distance(at)
    canvas.glow(np.exp(-far / radius) * strength, colour)


def city(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, base: float) -> None:
    """Four depths of towers; at night their windows are lit."""
    aspect = canvas.width / canvas.unit
    stone = plan.colour("city", (0.42, 0.44, 0.52))
    for layer in range(4):
        near = layer / 3
        depth = 0.8 * (1 - near)
        colour = mix(tinted(plan, stone, depth), plan.look.near, 0.25 + 0.55 * near)
        rings: list[Ring] = []
        windows: list[list[Ring]] = [[], [], []]
        x = -0.1
        foot = -(base + 0.012 * layer) * canvas.height / canvas.unit
        while x < aspect + 0.1:
            wide = float(rng.uniform(0.035, 0.085)) * (0.7 + 0.75 * near)
            away = abs((x + wide / 2) / aspect - plan.focus)
            tall = float(rng.uniform(0.3, 1.0)) * (0.42 - 0.26 * near) * plan.scale
            tall *= (1.3 - 1.0 * min(1.0, away * 1.6)) * (canvas.height / canvas.unit) ** 0.7
            rings += _tower(x, foot, wide, max(0.05, tall), rng)
            if layer:
                _windows(
                    windows,
                    (x, foot, wide, max(0.05, tall)),
                    near,
                    rng,
                    _lit_share(plan),
                )
            x += wide * float(rng.uniform(0.9, 1.35))
        patch = canvas.stencil(rings, (0, 0), 1.0)
        pale = np.array(mix(colour, plan.look.haze, 0.5 - 0.2 * near), np.float32)
        down = smoothstep(0.15, 1.0, np.linspace(0, 1, patch.mask.shape[0], dtype=np.float32))
        first = np.array(colour, np.float32)
        canvas.lay(patch, first + (pale - first) * down[:, None, None])
        hues = _window_hues(plan)
        for hue, panes in zip(hues, windows, strict=True):
            glass = canvas.stencil(panes, (0, 0), 1.0)
            strength = (0.5 + 0.45 * near) if plan.look.is_dark else 0.25
            if plan.look.name == "neon" and glass.mask.size:
                aura = blurred(glass.mask, canvas.unit * 0.012)
                canvas.glow(np.clip(aura * 1.5, 0, 0.8), hue, glass.top, glass.left)
            canvas.lay(glass, mix(hue, plan.look.haze, 0.35 * (1 - near)), strength)


def _lit_share(plan: PaintPlan) -> float:
    """Part of the windows that are lit at most."""
    if plan.look.name == "neon":
        return 0.7
    return 0.5 if plan.look.is_dark else 0.12


def _window_hues(plan: PaintPlan) -> list[Rgb]:
    if plan.look.name == "neon":
        return [(1.0, 0.35, 0.7), (0.35, 0.95, 1.0), (1.0, 0.8, 0.45)]
    return [WINDOW, (1.0, 0.72, 0.36), (0.85, 0.92, 1.0)]


def _tower(x: float, foot: float, wide: float, tall: float, rng: np.random.Generator) -> list[Ring]:
    rings: list[Ring] = [box(x, foot - 0.2, x + wide, foot + tall)]
    kind = float(rng.uniform())
    if kind < 0.25:
        inset = wide * 0.2
        rings.append(box(x + inset, foot + tall, x + wide - inset, foot + tall * 1.12))
    elif kind < 0.38:
        rings.append(
            [(x, foot + tall), (x + wide, foot + tall), (x + wide / 2, foot + tall * 1.16)]
        )
    if kind < 0.15 or kind > 0.9:
        middle = x + wide / 2
        rings.append(
            [
                (middle - 0.0018, foot + tall),
                (middle + 0.0018, foot + tall),
                (middle, foot + tall * 1.3),
            ]
        )
    return rings


def _windows(
    panes: list[list[Ring]],
    tower: tuple[float, float, float, float],
    near: float,
    rng: np.random.Generator,
    share: float,
) -> None:
    x, foot, wide, tall = tower
    pitch = 0.0095 + 0.007 * near
    columns, rows = int(wide / pitch) - 1, int(tall / pitch / 1.25) - 1
    if columns < 1 or rows < 1:
        return
    lit = rng.uniform(0, 1, (rows, columns)) < share * float(rng.uniform(0.2, 1.0))
    margin = (wide - columns * pitch) / 2
    if share > NEON_SHARE and rng.uniform() < 0.45:
        left, low = x + wide * float(rng.uniform(0.1, 0.7)), foot + tall * 0.4
        sign = box(left, low, left + wide * 0.14, low + tall * float(rng.uniform(0.25, 0.5)))
        panes[int(rng.integers(2))].append(sign)
    for row, column in zip(*np.nonzero(lit), strict=True):
        left, low = x + margin + column * pitch, foot + (row + 0.6) * pitch * 1.25
        panes[int((row * 7 + column * 3) % 5 % 3)].append(
            box(left + pitch * 0.2, low, left + pitch * 0.75, low + pitch * 0.6)
        )


def house(
    canvas: Canvas, plan: PaintPlan, at: Point, size: float, rng: np.random.Generator
) -> None:
    """A house with a gable, a chimney and, when it is dark, light in the windows."""
    wall = tinted(plan, plan.colour("house", (0.72, 0.42, 0.33)), 0.05)
    roof = mix(tinted(plan, (0.32, 0.24, 0.26)), plan.look.near, 0.45)
    flip = bool(rng.uniform() < 0.5)
    put = Spot(canvas, at, size, flip).put
    put(outline("house", "sharp_chimney"), mix(roof, wall, 0.3))
    put(outline("house", "sharp_front"), wall)
    put(outline("house", "sharp_flank"), mix(wall, plan.look.near, 0.4))
    put(outline("house", "sharp_slope"), roof)
    put(outline("house", "sharp_eave"), mix(roof, plan.look.near, 0.4))
    lit = plan.look.is_dark or plan.look.name in ("fog", "storm", "sunset")
    pane = WINDOW if lit else mix(plan.look.near, plan.look.sky[1], 0.3)
    panes = [
        box(-0.4, 0.14, -0.28, 0.3),
        box(-0.16, 0.14, -0.04, 0.3),
        box(0.18, 0.12, 0.29, 0.26),
        box(0.4, 0.12, 0.51, 0.26),
    ]
    put(panes, pane)
    bars = [
        box(-0.345, 0.14, -0.335, 0.3),
        box(-0.105, 0.14, -0.095, 0.3),
        box(-0.4, 0.215, -0.28, 0.225),
        box(-0.16, 0.215, -0.04, 0.225),
    ]
    put(bars, mix(wall, plan.look.near, 0.5))
    if lit:
        lift = 0.2 * size * canvas.unit / canvas.height
        halo(canvas, (at[0], at[1] - lift), 0.3 * size, WINDOW, 0.4)


def village(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, base: float) -> None:
    """A row of small houses on the shore or at the foot of the hills."""
    colours = plan.colours.get("village")
    hues: list[Rgb] = (
        [colours]
        if colours
        else [(0.75, 0.35, 0.28), (0.9, 0.85, 0.74), (0.83, 0.66, 0.35), (0.5, 0.56, 0.6)]
    )
    spread = 0.34
    for x in np.linspace(-spread, spread, 7):
        at = (
            float(plan.focus + x + rng.uniform(-0.02, 0.02)),
            base + float(rng.uniform(0.004, 0.02)),
        )
        plan.colours["house"] = hues[int(rng.integers(len(hues)))]
        house(canvas, plan, at, float(rng.uniform(0.085, 0.12)) * plan.scale, rng)


def bridge(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator) -> None:
    """A bridge across the water: stone arches, or towers with hanging cables."""
    tone = mix(tinted(plan, plan.colour("bridge", (0.62, 0.3, 0.24)), 0.12), plan.look.near, 0.25)
    base, rise = plan.horizon, canvas.height / canvas.unit
    aspect = canvas.width / canvas.unit
    deck = 0.13 * plan.scale
    foot = -base * rise
    put = Spot(canvas, (0, 0), 1.0).put
    if rng.uniform() < 0.5:
        span = 0.27 * plan.scale
        arches: list[Ring] = []
        x = (plan.focus * aspect) % span - span
        while x < aspect + span:
            arches.append(
                [
                    *disc((x, foot), span * 0.42, 40, 0.72),
                    (x + span * 0.42, foot),
                    (x + span * 0.42, foot - 0.3),
                    (x - span * 0.42, foot - 0.3),
                ]
            )
            x += span
        put([box(-0.1, foot - 0.015, aspect + 0.1, foot + deck)], tone, holes=arches)
        put(
            [box(-0.1, foot + deck, aspect + 0.1, foot + deck + 0.014)],
            mix(tone, plan.look.lamp, 0.3),
        )
        return
    half, tall = 0.3 * plan.scale * max(1.0, aspect * 0.8), 0.36 * plan.scale
    middle = plan.focus * aspect
    rings: list[Ring] = [box(-0.1, foot + deck, aspect + 0.1, foot + deck + 0.016)]
    for tower in (middle - half, middle + half):
        rings += [
            box(tower - 0.022, foot - 0.02, tower - 0.006, foot + tall),
            box(tower + 0.006, foot - 0.02, tower + 0.022, foot + tall),
        ]
        rings += [
            box(tower - 0.02, foot + level, tower + 0.02, foot + level + 0.014)
            for level in (tall * 0.62, tall * 0.8, tall - 0.014)
        ]
    for start, end in (
        (middle - half, middle + half),
        (middle + half, middle + 3 * half),
        (middle - 3 * half, middle - half),
    ):
        t = np.linspace(0, 1, 40)
        sag = foot + deck + 0.02 + (tall - deck - 0.02) * (2 * t - 1) ** 2
        line = [(start + (end - start) * float(u), float(v)) for u, v in zip(t, sag, strict=True)]
        rings.append([*line, *[(px, py - 0.005) for px, py in line[::-1]]])
        rings += [box(px - 0.0009, foot + deck, px + 0.0009, py) for px, py in line[1::2]]
    put(rings, tone)
