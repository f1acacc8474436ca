"""Compositions without a subject: constructed shapes, flowing bands, and arches of colour."""

import math

import numpy as np

from engine.backends.builtin.painter.canvas import Canvas, blurred, shifted
from engine.backends.builtin.painter.noise import fractal, profile
from engine.backends.builtin.painter.plan import PaintPlan
from engine.imaging.measure.colour import Rgb, mix
from engine.imaging.silhouettes.curves import Ring, box, disc

INKS: tuple[tuple[Rgb, ...], ...] = (
    (
        (0.85, 0.31, 0.22),
        (0.95, 0.72, 0.29),
        (0.14, 0.33, 0.42),
        (0.93, 0.88, 0.78),
        (0.11, 0.14, 0.2),
    ),
    (
        (0.16, 0.42, 0.45),
        (0.91, 0.56, 0.42),
        (0.96, 0.85, 0.65),
        (0.35, 0.2, 0.33),
        (0.55, 0.68, 0.6),
    ),
    (
        (0.2, 0.24, 0.5),
        (0.86, 0.4, 0.47),
        (0.97, 0.77, 0.6),
        (0.43, 0.62, 0.68),
        (0.94, 0.92, 0.86),
    ),
)


def abstract(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator) -> None:
    """Paint one of three kinds of composition in the asked colours, or in the seed's own."""
    asked = [colour for colour, _ in plan.palette]
    palette = list(INKS[int(rng.integers(len(INKS)))])
    inks = (asked + palette)[: max(5, len(asked))] if asked else palette
    ground = mix(inks[-1] if len(asked) < 4 else asked[-1], plan.look.sky[-1], 0.45)
    canvas.gradient([mix(ground, plan.look.lamp, 0.15), ground], 0, canvas.height)
    wash = fractal(rng, canvas.shape, 2, octaves=5, gain=0.6)
    canvas.pixels += (0.02 * wash)[..., None]
    kind = float(rng.uniform())
    if "calm" in plan.moods or "dreamy" in plan.moods:
        kind *= 0.5
    if kind < 0.34:
        _bands(canvas, plan, rng, inks)
    elif kind < 0.6:
        _arches(canvas, plan, rng, inks)
    else:
        _constructed(canvas, plan, rng, inks)


def _shaded(
    canvas: Canvas,
    ring: list[Ring],
    colour: Rgb,
    rng: np.random.Generator,
    at: tuple[float, float] = (0, 0),
) -> None:
    """A shape with the soft shadow of a sheet of paper and a slow gradient."""
    patch = canvas.stencil(ring, at, 1.0)
    if not patch.mask.size:
        return
    soft = blurred(patch.mask, canvas.unit * 0.012)
    canvas.over(
        shifted(soft, canvas.unit // 130) * 0.3 * (1 - patch.mask),
        (0.08, 0.07, 0.1),
        patch.top,
        patch.left,
    )
    rows, columns = patch.mask.shape
    turn = float(rng.uniform(-1, 1))
    fade = (
        np.linspace(0, 1, rows)[:, None] * (1 - abs(turn))
        + np.linspace(0, 1, columns)[None, :] * turn
    )
    light, dark = (
        np.array(mix(colour, (1, 1, 0.95), 0.16), np.float32),
        np.array(mix(colour, (0.1, 0.08, 0.15), 0.2), np.float32),
    )
    canvas.lay(patch, light + (dark - light) * np.clip(fade, 0, 1)[..., None].astype(np.float32))


def _constructed(
    canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, inks: list[Rgb]
) -> None:
    """Discs, bars and quarter circles in balance around a large disc."""
    aspect, rise = canvas.width / canvas.unit, canvas.height / canvas.unit
    focus = plan.focus * aspect
    big = 0.3 * plan.scale
    for number in range(5 if "minimal" in plan.traits else 12):
        colour = inks[number % len(inks)]
        x, y = float(rng.uniform(0.05, 0.95)) * aspect, -float(rng.uniform(0.05, 0.95)) * rise
        size, kind = float(rng.uniform(0.05, 0.2)), number % 4
        angle = float(rng.choice([0.0, math.pi / 4, math.pi / 2, -math.pi / 4]))
        if number == 0:
            _shaded(canvas, [disc((focus, -rise * 0.45), big, 96)], colour, rng)
            continue
        c, s = math.cos(angle), math.sin(angle)
        if kind == 1:
            corners = box(-size * 2, -size * 0.14, size * 2, size * 0.14)
        elif kind == 2:
            corners = [
                (0.0, 0.0),
                *[(size * math.cos(t), size * math.sin(t)) for t in np.linspace(0, math.pi, 40)],
            ]
        elif kind == 3:
            corners = [(-size, -size * 0.8), (size, -size * 0.8), (0.0, size)]
        else:
            corners = disc((0, 0), size * 0.6, 64)
        _shaded(canvas, [[(x + u * c - v * s, y + u * s + v * c) for u, v in corners]], colour, rng)
    line = inks[-1]
    for _ in range(3):
        radius = float(rng.uniform(0.32, 0.6))
        patch = canvas.stencil(
            [disc((focus, -rise * 0.45), radius, 120)],
            (0, 0),
            1.0,
            holes=[disc((focus, -rise * 0.45), radius - 0.003, 120)],
        )
        canvas.lay(patch, mix(line, plan.look.near, 0.5), 0.7)


def _bands(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, inks: list[Rgb]) -> None:
    """Flowing bands like folded paper or distant hills."""
    count = 6 if "minimal" in plan.traits else 11
    edge = 0.1 + 0.05 * profile(rng, canvas.width, 1.6, 2)
    radius = 0.15 * plan.scale
    far = canvas.distance((plan.focus, 0.25))
    canvas.glow(np.exp(-np.clip(far - radius, 0, None) * 6) * 0.4, plan.look.lamp)
    canvas.over(
        np.clip((radius - far) * canvas.unit / 1.5 + 0.5, 0, 1),
        mix(inks[1 % len(inks)], plan.look.lamp, 0.3),
    )
    aspect, rise = canvas.width / canvas.unit, canvas.height / canvas.unit
    for number in range(count):
        sway = profile(rng, canvas.width, 1.5, 2, gain=0.4)
        edge = np.maximum(edge + 0.02, 0.28 + 0.7 * number / count + 0.1 * sway)
        step = max(1, canvas.width // 160)
        line = [
            (float(x) * aspect, -float(y) * rise)
            for x, y in zip(canvas.x[0, ::step], edge[::step], strict=True)
        ]
        ring = [
            (-0.1, -rise - 0.1),
            (-0.1, line[0][1]),
            *line,
            (aspect + 0.1, line[-1][1]),
            (aspect + 0.1, -rise - 0.1),
        ]
        tone = mix(inks[number % len(inks)], plan.look.near, 0.25 * number / count)
        _shaded(canvas, [ring], tone, rng)


def _arches(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, inks: list[Rgb]) -> None:
    """Nested arches that stand side by side, as in posters of the seventies."""
    aspect, rise = canvas.width / canvas.unit, canvas.height / canvas.unit
    spots = [
        (plan.focus, 0.4, 1.0),
        (plan.focus - 0.36, 0.25, 0.72),
        (plan.focus + 0.36, 0.26, 0.78),
    ]
    for place, radius, high in sorted(spots, key=lambda spot: spot[1]):
        x, base = place * aspect, -rise - 0.05
        top = base + rise * (0.35 + 0.3 * high) * plan.scale**0.5
        steps = 6
        for ring in range(steps):
            r = radius * plan.scale * (1 - ring / steps)
            crown = [
                (x + r * math.cos(t), top + r * math.sin(t)) for t in np.linspace(0, math.pi, 60)
            ]
            _shaded(
                canvas,
                [[(x + r, base), *crown, (x - r, base)]],
                inks[(ring + int(place * 7)) % len(inks)],
                rng,
            )
