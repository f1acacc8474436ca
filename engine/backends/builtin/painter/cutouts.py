"""Living things and vessels as cut-out silhouettes, from the outlines in `shapes.toml`."""

import math

import numpy as np

from engine.backends.builtin.painter.buildings import WINDOW, halo
from engine.backends.builtin.painter.canvas import Canvas, Patch
from engine.backends.builtin.painter.land import tinted
from engine.backends.builtin.painter.noise import smoothstep
from engine.backends.builtin.painter.numbers import row
from engine.backends.builtin.painter.plan import PaintPlan
from engine.imaging.measure.colour import Rgb, mix
from engine.imaging.silhouettes.curves import Point, Ring, box, disc
from engine.imaging.silhouettes.outlines import envelope, outline

FUR: dict[str, Rgb] = {
    "cat": (0.13, 0.12, 0.14),
    "fox": (0.82, 0.38, 0.14),
    "wolf": (0.42, 0.44, 0.48),
    "deer": (0.50, 0.33, 0.22),
    "person": (0.20, 0.20, 0.25),
}


def figure(
    canvas: Canvas, plan: PaintPlan, name: str, at: Point, size: float, flip: bool = False
) -> None:
    """An animal or a person: a silhouette with a rim of light from above."""
    dark = plan.look.is_dark or "backlit" in plan.traits or plan.look.name in ("sunset", "fog")
    fur = tinted(plan, plan.colour(name, FUR.get(name, (0.2, 0.2, 0.24))))
    body = mix(fur, plan.look.near, 0.5 if dark and name not in plan.colours else 0.1)
    patch = canvas.stencil(outline(name, "rings", "lines"), at, size, flip)
    canvas.lay(patch, body)
    pale = canvas.stencil(outline(name, "pale"), at, size, flip)
    canvas.lay(pale, mix(body, tinted(plan, (0.96, 0.93, 0.88)), 0.75))
    rim(canvas, patch, mix(plan.look.lamp, plan.look.haze, 0.3), 0.55, size)
    if name == "cat":
        eyes = [disc((x, 0.755), 0.022, 12, 0.8) for x in (-0.045, 0.07)]
        canvas.lay(canvas.stencil(eyes, at, size, flip), (0.95, 0.85, 0.35))


def rim(canvas: Canvas, patch: Patch, colour: Rgb, strength: float, size: float) -> None:
    """Light along the upper edge of a shape."""
    if not patch.mask.size:
        return
    step = max(1, round(size * canvas.unit * 0.013))
    above = np.zeros_like(patch.mask)
    above[step:] = patch.mask[:-step]
    edge = np.clip(patch.mask - above, 0, 1)
    canvas.over(edge * strength, colour, patch.top, patch.left)


def boat(canvas: Canvas, plan: PaintPlan, at: Point, size: float, flip: bool) -> None:
    """A sailing boat with two sails and its shadow on the water."""
    sail = mix(
        plan.colour("boat", (0.97, 0.94, 0.87)),
        tinted(plan, plan.colour("boat", (0.97, 0.94, 0.87))),
        0.6,
    )
    main, jib = outline("boat", "sails")
    canvas.lay(canvas.stencil([main], at, size, flip), sail)
    canvas.lay(canvas.stencil([jib], at, size, flip), mix(sail, plan.look.near, 0.22))
    hull = mix(tinted(plan, (0.36, 0.2, 0.18)), plan.look.near, 0.5)
    canvas.lay(canvas.stencil(outline("boat", "sharp"), at, size, flip), hull)
    mirror(canvas, plan, at, size, sail)


def mirror(canvas: Canvas, plan: PaintPlan, at: Point, size: float, sail: Rgb) -> None:
    """The broken reflection under a vessel."""
    rings: list[Ring] = []
    for step in range(9):
        y = -0.03 - 0.075 * step
        half = 0.36 * (1 - step / 11) * (0.8 + 0.3 * math.sin(step * 2.4))
        lean = 0.03 * math.sin(step * 1.7)
        rings.append(disc((lean, y), half, 16, 0.05))
    canvas.lay(canvas.stencil(rings[2:], at, size), sail, 0.28)
    canvas.lay(canvas.stencil(rings[:4], at, size), plan.look.near, 0.5)


def rowboat(canvas: Canvas, plan: PaintPlan, at: Point, size: float, flip: bool) -> None:
    """A small open boat with an oar."""
    wood = mix(tinted(plan, plan.colour("rowboat", (0.5, 0.24, 0.16))), plan.look.near, 0.3)
    shade: list[Ring] = [disc((0, -0.02), 0.52, 32, 0.09), disc((0.02, -0.12), 0.4, 32, 0.06)]
    canvas.lay(canvas.stencil(shade, at, size), plan.look.near, 0.5)
    patch = canvas.stencil(outline("rowboat", "rings", "lines"), at, size, flip)
    canvas.lay(patch, wood)
    rim(canvas, patch, plan.look.lamp, 0.5, size)


def ship(
    canvas: Canvas, plan: PaintPlan, at: Point, size: float, flip: bool, rng: np.random.Generator
) -> None:
    """A steamer with lit portholes and a trail of smoke."""
    hull = mix(tinted(plan, plan.colour("ship", (0.3, 0.2, 0.22)), 0.08), plan.look.near, 0.4)
    side = -1.0 if flip else 1.0
    for puff in range(14):
        t = puff / 14
        x, y = -0.1 - 0.95 * t, 0.56 + 0.22 * t**0.7 + float(rng.uniform(-0.02, 0.02))
        lift = at[1] - y * size * canvas.unit / canvas.height
        place = (at[0] + side * x * size * canvas.unit / canvas.width, lift)
        far = canvas.distance(place)
        wide = size * (0.035 + 0.1 * t)
        canvas.over(
            np.exp(-((far / wide) ** 2)) * (0.42 * (1 - t)),
            mix(plan.look.cloud[1], plan.look.near, 0.2),
        )
    canvas.lay(canvas.stencil(outline("ship", "sharp"), at, size, flip), hull)
    stack = tinted(plan, (0.8, 0.28, 0.2))
    canvas.lay(canvas.stencil(outline("ship", "funnels"), at, size, flip), stack)
    lamps = [disc((x, 0.205), 0.012, 10) for x in np.linspace(-0.26, 0.24, 11)]
    canvas.lay(
        canvas.stencil(lamps, at, size, flip), WINDOW if plan.look.is_dark else (0.9, 0.9, 0.88)
    )
    if plan.look.is_dark:
        halo(
            canvas,
            (at[0], at[1] - 0.2 * size * canvas.unit / canvas.height),
            size * 0.2,
            WINDOW,
            0.35,
        )
    mirror(canvas, plan, at, size, hull)


def birds(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, count: int) -> None:
    """A loose flock that crosses the sky."""
    tone = plan.colour("bird", mix(plan.look.near, plan.look.haze, 0.15))
    middle = (
        1 - plan.focus + float(rng.uniform(-0.1, 0.1)),
        plan.horizon * float(rng.uniform(0.35, 0.6)),
    )
    big = 2.4 if plan.things[:1] == ["bird"] else 1.0
    places, _gap = row(middle[0], count, 0.14)
    for number in range(count):
        at = (middle[0] + float(rng.normal(0, 0.12)), middle[1] + float(rng.normal(0, 0.06)))
        size = float(rng.uniform(0.018, 0.045)) * big * plan.scale
        if "bird" in plan.numbers:  # so that they can be counted
            at, size = (places[number][0], at[1]), max(size, 0.03 * big)
        squash = float(rng.uniform(0.5, 1.5))
        tilt = float(rng.uniform(-0.35, 0.35))
        ring = [
            (
                x * math.cos(tilt) - y * squash * math.sin(tilt),
                x * math.sin(tilt) + y * squash * math.cos(tilt),
            )
            for x, y in outline("bird", "rings")[0]
        ]
        canvas.lay(canvas.stencil([ring], at, size, bool(rng.uniform() < 0.5)), tone)


def balloon(
    canvas: Canvas, plan: PaintPlan, at: Point, size: float, rng: np.random.Generator
) -> None:
    """A hot-air balloon in gores of two colours, with its basket."""
    asked = [colour for colour, _ in plan.palette]
    first = plan.colour("balloon", asked[0] if asked else (0.86, 0.32, 0.22))
    second = asked[1] if len(asked) > 1 and "balloon" not in plan.colours else (0.97, 0.88, 0.66)
    half, height = envelope()
    for gore, (left, right) in enumerate(
        zip((-1, -0.78, -0.42, 0, 0.42, 0.78), (-0.78, -0.42, 0, 0.42, 0.78, 1), strict=True)
    ):
        ring = [(w * left, h) for w, h in zip(half, height, strict=True)]
        ring += [(w * right, h) for w, h in zip(half[::-1], height[::-1], strict=True)]
        hue = tinted(plan, first if gore % 2 == 0 else second)
        canvas.lay(
            canvas.stencil([ring], at, size), mix(hue, plan.look.near, 0.09 * max(0, gore - 2))
        )
    body = list(zip(half, height, strict=True))
    body += [(-x, y) for x, y in body[::-1]]
    patch = canvas.stencil([body], at, size)
    down = np.linspace(0, 1, max(1, patch.mask.shape[0]), dtype=np.float32)[:, None]
    canvas.over(
        patch.mask * smoothstep(0.5, 1.1, down) * 0.5, plan.look.near, patch.top, patch.left
    )
    canvas.over(
        patch.mask * smoothstep(0.45, 0.0, down) * 0.22, plan.look.lamp, patch.top, patch.left
    )
    ropes: list[Ring] = [
        [(s * 0.05, 0.06), (s * 0.055, 0.06), (s * 0.045, -0.06), (s * 0.04, -0.06)]
        for s in (-1, 1)
    ]
    canvas.lay(
        canvas.stencil([*ropes, box(-0.05, -0.14, 0.05, -0.05)], at, size),
        mix((0.4, 0.25, 0.15), plan.look.near, 0.4),
    )
    if plan.look.is_dark:
        halo(
            canvas,
            (at[0], at[1] - 0.1 * size * canvas.unit / canvas.height),
            size * 0.16,
            WINDOW,
            0.6,
        )
