"""Plants: ridges of pines, single trees, grass, fields of grain and of flowers."""

import math

import numpy as np

from engine.backends.builtin.painter.canvas import Canvas
from engine.backends.builtin.painter.land import EARTH, below, layer_of, shadow, tinted
from engine.backends.builtin.painter.noise import fractal, profile, smoothstep
from engine.backends.builtin.painter.plan import PaintPlan
from engine.imaging.measure.colour import Array, Rgb, mix
from engine.imaging.silhouettes.curves import Point, Ring, disc


def forest(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, low: bool = False) -> None:
    """Rows of pines, pale in the distance and dark in front."""
    count = 3 if low else 5
    base = plan.colour("forest", EARTH["forest"])
    end = 0.35 if low else 0.95
    for layer in range(count):
        near = layer / (count - 1)
        depth = 0.75 * (1 - near) ** 1.1
        ground = plan.horizon + (1 - plan.horizon) * end * near**1.2
        edge = ground - 0.03 * (1 + near) * profile(rng, canvas.width, 2.0, 3)
        size = (0.05 + 0.22 * near**1.4) * (0.6 if low else 1.0)
        colour = mix(tinted(plan, base, depth), plan.look.near, 0.5 * near)
        pine_row(canvas, plan, rng, edge, size, colour, gap=0.45 * near if not low else 0.2)


def pine_row(
    canvas: Canvas,
    plan: PaintPlan,
    rng: np.random.Generator,
    edge: Array,
    size: float,
    colour: Rgb,
    gap: float,
) -> None:
    """One row of pines along a line; `size` in units, `gap` the share of the middle left open."""
    aspect = canvas.width / canvas.unit
    rings: list[list[Point]] = []
    x = -size * 0.2
    while x < aspect + size * 0.2:
        x += size * float(rng.uniform(0.12, 0.42))
        tall = size * float(rng.uniform(0.55, 1.15))
        place = x / aspect
        if abs(place - plan.focus) < gap * 0.5 * float(rng.uniform(0.6, 1.1)):
            continue
        ground = float(np.interp(place, canvas.x[0], edge)) * canvas.height / canvas.unit
        rings.append(pine((x, -ground - size * 0.05), tall, rng))
    cover, top = below(canvas, edge)
    layer: Array = np.zeros(canvas.shape, dtype=np.float32)
    layer[top:] = cover
    patch = canvas.stencil(rings, (0, 0), 1.0)
    if patch.mask.size:
        rows, columns = patch.mask.shape
        view = layer[patch.top : patch.top + rows, patch.left : patch.left + columns]
        np.maximum(view, patch.mask, out=view)
        top = min(top, patch.top)
    layer = layer[top:]
    shadow(canvas, plan, layer, top)
    down = (canvas.y[top:] - top / canvas.height) / max(0.05, 1 - top / canvas.height)
    pale = np.array(mix(colour, plan.look.haze, 0.4), np.float32)
    first = np.array(colour, np.float32)
    canvas.over(layer, first + (pale - first) * smoothstep(0.05, 0.9, down)[..., None], top)


def pine(foot: Point, tall: float, rng: np.random.Generator) -> list[Point]:
    """The outline of a pine as one ring in local coordinates, `tall` high."""
    tiers = 7
    wide = tall * float(rng.uniform(0.17, 0.25))
    right: list[Point] = []
    for tier in range(tiers):
        part = (tier + 1) / tiers
        reach = wide * part**0.9 * float(rng.uniform(0.82, 1.15))
        high = tall * (1 - 0.88 * part)
        right.append((foot[0] + reach, foot[1] + high - tall * 0.02))
        right.append((foot[0] + reach * 0.5, foot[1] + high + tall * 0.015))
    left = [(2 * foot[0] - x, y + tall * float(rng.uniform(-0.01, 0.01))) for x, y in right]
    trunk = wide * 0.12
    base = [(foot[0] + trunk, foot[1]), (foot[0] - trunk, foot[1])]
    return [(foot[0], foot[1] + tall), *right, *base, *left[::-1]]


def branches(
    foot: Point, tall: float, rng: np.random.Generator, lean: float = 0.0
) -> tuple[list[Ring], list[Point]]:
    """A bare tree by repeated forking: the limbs as rings, and the tips where leaves grow."""
    rings: list[Ring] = []
    tips: list[Point] = []
    todo = [(foot, math.pi / 2 + lean, tall * 0.3, tall * 0.045, 0)]
    while todo:
        start, angle, length, wide, level = todo.pop()
        bend = angle + float(rng.uniform(-0.16, 0.16))
        end = (start[0] + length * math.cos(bend), start[1] + length * math.sin(bend))
        across = (-math.sin(bend), math.cos(bend))
        thin = wide * 0.66
        rings.append(
            [
                (start[0] + across[0] * wide, start[1] + across[1] * wide),
                (end[0] + across[0] * thin, end[1] + across[1] * thin),
                (end[0] - across[0] * thin, end[1] - across[1] * thin),
                (start[0] - across[0] * wide, start[1] - across[1] * wide),
            ]
        )
        if level >= 3:
            tips.append(end)
        if level < 7:
            for side in (-1, 1):
                turn = bend + side * float(rng.uniform(0.22, 0.58)) + 0.05 * (math.pi / 2 - bend)
                todo.append((end, turn, length * float(rng.uniform(0.66, 0.86)), thin, level + 1))
    return rings, tips


def tree(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, at: Point, size: float) -> None:
    """A broad tree with a crown in three tones, or bare in winter."""
    rings, tips = branches((0, 0), 1.0, rng)
    bark = mix(tinted(plan, (0.3, 0.22, 0.18)), plan.look.near, 0.5)
    bare = "snow" in plan.weather or plan.has("snow-land") or "melancholic" in plan.moods
    canvas.lay(canvas.stencil(rings, at, size), bark)
    if bare and "tree" not in plan.colours:
        return
    leaf = plan.colour("tree", EARTH["hill"] if plan.look.name != "golden" else (0.82, 0.45, 0.16))
    leaf = tinted(plan, leaf)
    tones = (mix(leaf, plan.look.near, 0.55), leaf, mix(leaf, plan.look.lamp, 0.42))
    for tone, (colour, lift, shrink) in enumerate(
        zip(tones, (-0.03, 0.0, 0.045), (1.15, 0.9, 0.55), strict=True)
    ):
        chosen = tips[:: tone + 1]
        crown: list[Ring] = [
            disc(
                (
                    x + float(rng.uniform(-0.04, 0.04)) - 0.01 * tone,
                    y + lift + float(rng.uniform(-0.03, 0.03)),
                ),
                float(rng.uniform(0.025, 0.055)) * shrink,
                10,
            )
            for x, y in chosen
        ]
        canvas.lay(canvas.stencil(crown, at, size), colour, 0.95)


def palm(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, at: Point, size: float) -> None:
    """A palm that leans, with feathered fronds."""
    lean = float(rng.uniform(-0.25, 0.25))
    ends = [(lean * t**1.6, t * 0.95) for t in np.linspace(0, 1, 12)]
    trunk = [(x - 0.028 + 0.01 * y, y) for x, y in ends] + [
        (x + 0.028 - 0.01 * y, y) for x, y in ends[::-1]
    ]
    rings: list[Ring] = []
    crown = ends[-1]
    for turn in np.linspace(-0.5, math.pi + 0.5, 11):
        reach = float(rng.uniform(0.34, 0.46))
        spine = [
            (
                crown[0] + reach * t * math.cos(turn),
                crown[1] + reach * t * math.sin(turn) * 0.62 - 0.3 * reach * t**2.2 * 2,
            )
            for t in np.linspace(0, 1, 9)
        ]
        wide = [0.045 * math.sin(math.pi * min(1.0, t * 0.9 + 0.1)) for t in np.linspace(0, 1, 9)]
        rings.append(
            [(x, y + w * 0.4) for (x, y), w in zip(spine, wide, strict=True)]
            + [(x, y - w) for (x, y), w in zip(spine[::-1], wide[::-1], strict=True)]
        )
    dark = mix(tinted(plan, (0.18, 0.3, 0.2)), plan.look.near, 0.7)
    asked = plan.colours.get("palm")
    if asked is None:
        canvas.lay(canvas.stencil([trunk, *rings], at, size), dark)
        return
    canvas.lay(canvas.stencil([trunk], at, size), dark)
    canvas.lay(canvas.stencil(rings, at, size), mix(tinted(plan, asked), plan.look.near, 0.12))


def grass(
    canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, colour: Rgb, tall: float, base: float
) -> None:
    """Blades along the lower edge, `tall` in units; `base` the height of their feet (from top)."""
    aspect = canvas.width / canvas.unit
    rings: list[Ring] = []
    for _ in range(int(150 * aspect)):
        x = float(rng.uniform(-0.02, aspect + 0.02))
        away = abs(x / aspect - 0.5) * 2
        high = tall * float(rng.uniform(0.3, 1.0)) * (0.45 + 0.55 * away)
        lean = float(rng.normal(0.02, 0.06)) * high * 6
        wide = 0.0035 + 0.004 * float(rng.uniform())
        foot = -base * canvas.height / canvas.unit
        rings.append(
            [
                (x - wide, foot),
                (x - wide * 0.3 + lean * 0.35, foot + high * 0.6),
                (x + lean, foot + high),
                (x + wide * 0.6 + lean * 0.35, foot + high * 0.6),
                (x + wide, foot),
            ]
        )
    canvas.lay(canvas.stencil(rings, (0, 0), 1.0), colour)


def field(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator) -> None:
    """Rows of grain that run to a vanishing point, brushed by wind."""
    line = round(plan.horizon * canvas.height)
    rows = canvas.height - line
    part: Array = (np.arange(rows, dtype=np.float32)[:, None] + 0.5) / rows
    base = tinted(plan, plan.colour("field", EARTH["field"]))
    far = mix(base, plan.look.haze, 0.6)
    near = mix(base, plan.look.near, 0.45)
    canvas.gradient([far, base, base, near], line, canvas.height)
    spread = (canvas.x - plan.focus) * canvas.width / canvas.unit / (0.06 + part)
    wind = fractal(rng, (rows, canvas.width), 3, octaves=5, gain=0.6, stretch=3)
    furrow = np.sin(spread * 9 + wind * 0.8) * np.clip(part * 3, 0, 1)
    canvas.over(np.clip(furrow, 0, 1) * 0.32, mix(base, plan.look.near, 0.6), line)
    canvas.over(
        np.clip(-furrow, 0, 1) * 0.3 + np.clip(wind, 0, 1) * 0.1,
        mix(base, plan.look.lamp, 0.55),
        line,
    )
    ears: Array = rng.standard_normal((rows, canvas.width), dtype=np.float32)
    ears = (ears + np.roll(ears, 1, axis=0) + np.roll(ears, 2, axis=0)) * part
    canvas.pixels[line:] += (ears * 0.022)[..., None]


def flowers(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator) -> None:
    """A meadow strewn with flowers: dots in the distance, petals and stems in front."""
    base = tinted(plan, EARTH["flower"])
    for layer in range(4):
        near = layer / 3
        edge = (
            plan.horizon
            + (1 - plan.horizon) * near**1.3 * 0.7
            + 0.02 * profile(rng, canvas.width, 2, 3)
        )
        tone = mix(mix(base, plan.look.haze, 0.55 * (1 - near)), plan.look.near, 0.3 * near)
        layer_of(canvas, plan, rng, edge, tone)
    asked = [colour for colour, _ in plan.palette]
    hues = [plan.colours["flower"]] if "flower" in plan.colours else asked[:3]
    hues = hues or [(0.87, 0.22, 0.18), (0.95, 0.75, 0.25), (0.93, 0.9, 0.86)]
    aspect = canvas.width / canvas.unit
    for band in range(9):
        near = band / 8
        count = int((170 - 145 * near) * aspect)
        size = 0.0035 + 0.042 * near**1.9 * plan.scale
        deep = plan.horizon + (1.04 - plan.horizon) * (near**1.5 + 0.035)
        _flower_band(canvas, plan, rng, hues, (count, size, deep, near))


def _flower_band(
    canvas: Canvas,
    plan: PaintPlan,
    rng: np.random.Generator,
    hues: list[Rgb],
    band: tuple[int, float, float, float],
) -> None:
    count, size, deep, near = band
    aspect, rise = canvas.width / canvas.unit, canvas.height / canvas.unit
    groups: list[list[Ring]] = [[] for _ in hues]
    shades: list[Ring] = []
    hearts: list[Ring] = []
    stems: list[Ring] = []
    for _ in range(count):
        x, y = (
            float(rng.uniform(0, aspect)),
            -rise * (deep + float(rng.normal(0, 0.012 + 0.03 * near))),
        )
        flower_size = size * float(rng.uniform(0.7, 1.25))
        which = int(rng.integers(len(hues)))
        if near < 0.5:
            groups[which].append(disc((x, y), flower_size, 8, 0.7))
            continue
        turn, tilt = float(rng.uniform(0, 6.28)), float(rng.uniform(0.55, 0.85))
        lean = float(rng.normal(0, 0.5)) * flower_size
        stems.append(
            [
                (x - flower_size * 0.06, y),
                (x + flower_size * 0.06, y),
                (x + lean, y - flower_size * 5),
                (x + lean - flower_size * 0.12, y - flower_size * 5),
            ]
        )
        for petal in range(5):
            angle = turn + petal * 2 * math.pi / 5
            middle = (
                x + flower_size * 0.55 * math.cos(angle),
                y + flower_size * 0.55 * tilt * math.sin(angle),
            )
            groups[which].append(disc(middle, flower_size * 0.56, 12, tilt))
        shades.append(disc((x, y - flower_size * 0.1), flower_size * 0.62, 12, tilt * 0.8))
        hearts.append(disc((x, y), flower_size * 0.26, 10, tilt))
    canvas.lay(
        canvas.stencil(stems, (0, 0), 1.0), mix(tinted(plan, EARTH["flower"]), plan.look.near, 0.55)
    )
    for hue, rings in zip(hues, groups, strict=True):
        colour = mix(tinted(plan, hue), plan.look.haze, 0.35 * (1 - near))
        colour = mix(colour, hue, 0.35)
        canvas.lay(canvas.stencil(rings, (0, 0), 1.0), colour)
        if shades:
            canvas.lay(
                canvas.stencil(shades, (0, 0), 1.0),
                mix(colour, plan.look.near, 0.4),
                0.35 / len(hues),
            )
    canvas.lay(
        canvas.stencil(hearts, (0, 0), 1.0), mix(plan.look.near, (0.95, 0.8, 0.3), 0.35), 0.9
    )
