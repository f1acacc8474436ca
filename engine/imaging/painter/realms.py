"""Stages that are no landscape: outer space, under water, and the portrait."""

import math

import numpy as np

from engine.imaging.measure.colour import Rgb, mix
from engine.imaging.painter.canvas import Canvas, Point, Ring, box, curve, disc
from engine.imaging.painter.figures import outline, rim
from engine.imaging.painter.land import tinted
from engine.imaging.painter.noise import fractal, profile, smoothstep
from engine.imaging.painter.plan import Plan
from engine.imaging.painter.sky import light_rays, paint_orb, paint_stars


def space(canvas: Canvas, plan: Plan, rng: np.random.Generator) -> None:
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
        _planet(canvas, plan, rng)
    if plan.has("moon", "crescent"):
        paint_orb(canvas, (1 - plan.focus, 0.2), 0.05, plan.look.lamp, rng, False)
    if plan.has("rocket"):
        rocket(
            canvas,
            plan,
            (1 - plan.focus if plan.has("planet") else plan.focus, 0.66),
            0.3 * plan.scale,
        )


def _planet(canvas: Canvas, plan: Plan, rng: np.random.Generator) -> None:
    at, radius = (plan.focus, float(rng.uniform(0.42, 0.56))), 0.25 * plan.scale
    hue = plan.colour("planet", plan.palette[0][0] if plan.palette else (0.82, 0.6, 0.42))
    far = canvas.distance(at)
    u = (canvas.x - at[0]) * canvas.width / canvas.unit / radius
    v = (canvas.y - at[1]) * canvas.height / canvas.unit / radius
    tilt = float(rng.uniform(-0.5, 0.5))
    along, across = u * math.cos(tilt) + v * math.sin(tilt), v * math.cos(tilt) - u * math.sin(tilt)
    ring = np.hypot(along, across / 0.26)
    bands = smoothstep(1.28, 1.34, ring) * smoothstep(2.05, 1.98, ring)
    tracks = np.interp(
        ring.ravel(), np.linspace(1.2, 2.1, 90), 0.55 + 0.45 * profile(rng, 90, 14, 2)
    ).reshape(ring.shape)
    dust = mix(hue, plan.look.lamp, 0.55)
    canvas.glow(
        np.exp(-np.clip(far / radius - 1, 0, None) * 7) * 0.35, mix(hue, (0.6, 0.75, 1.0), 0.5)
    )
    ringed = rng.uniform() < 0.65
    if ringed:
        canvas.over(np.clip(bands * tracks, 0, 1) * 0.85 * (across < 0), dust)
    disc_ = np.clip((radius - far) * canvas.unit / 1.4 + 0.5, 0, 1)
    canvas.over(disc_, hue)
    swirl = fractal(rng, canvas.shape, 3 / radius * 0.3, octaves=5, gain=0.55, stretch=2.5)
    stripes = np.sin(across * 9 + 0.5 * swirl) * 0.6 + np.sin(across * 21 + swirl) * 0.4
    canvas.over(disc_ * np.clip(stripes, 0, 1) * 0.5, mix(hue, (1, 0.95, 0.85), 0.55))
    canvas.over(disc_ * np.clip(-stripes, 0, 1) * 0.45, mix(hue, (0.2, 0.1, 0.15), 0.5))
    night = smoothstep(-0.35, 0.75, (u * 0.8 + v * 0.5) + 0.25 * np.hypot(u, v) ** 2)
    canvas.over(disc_ * night * 0.93, mix(plan.look.sky[0], (0, 0, 0.02), 0.5))
    if ringed:
        canvas.over(np.clip(bands * tracks, 0, 1) * 0.9 * (across >= 0), dust)


def rocket(canvas: Canvas, plan: Plan, at: Point, size: float) -> None:
    """A rocket on its flame."""
    flame = curve([(-0.07, 0.0), (0.07, 0.0), (0.05, -0.22), (0.0, -0.5), (-0.05, -0.22)])
    canvas.lay(canvas.stencil([flame], at, size), (1.0, 0.68, 0.25), 0.9)
    canvas.lay(
        canvas.stencil([curve([(-0.035, 0.0), (0.035, 0.0), (0.0, -0.28)])], at, size),
        (1.0, 0.96, 0.8),
    )
    body = curve(
        [
            (0.09, 0.0),
            (0.13, 0.3),
            (0.1, 0.62),
            (0.0, 0.9),
            (-0.1, 0.62),
            (-0.13, 0.3),
            (-0.09, 0.0),
        ]
    )
    canvas.lay(canvas.stencil([body], at, size), (0.93, 0.91, 0.87))
    red = plan.colour("rocket", (0.82, 0.25, 0.2))
    fins: list[Ring] = [
        [(s * 0.1, 0.24), (s * 0.24, -0.02), (s * 0.22, -0.08), (s * 0.08, 0.02)] for s in (-1, 1)
    ]
    canvas.lay(canvas.stencil([*fins, [(-0.085, 0.68), (0.085, 0.68), (0.0, 0.91)]], at, size), red)
    canvas.lay(canvas.stencil([disc((0, 0.5), 0.055, 30)], at, size), (0.25, 0.5, 0.62))
    canvas.lay(
        canvas.stencil(
            [curve([(0.02, 0.02), (0.12, 0.1), (0.13, 0.3), (0.09, 0.62), (0.03, 0.7)])], at, size
        ),
        plan.look.near,
        0.25,
    )


def deep(canvas: Canvas, plan: Plan, rng: np.random.Generator) -> None:
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
        _whale(canvas, plan, rng, sea)
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


def _whale(canvas: Canvas, plan: Plan, rng: np.random.Generator, sea: Rgb) -> None:
    size = 0.78 * plan.scale * min(1.35, canvas.width / canvas.unit)
    room = size * 0.56 * canvas.unit / canvas.width
    x = min(max(plan.focus, room), 1 - room) if room < 0.5 else 0.5
    at, flip = (x, 0.53), bool(rng.uniform() < 0.5)
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


def _jellyfish(canvas: Canvas, plan: Plan, rng: np.random.Generator) -> None:
    hue = plan.colour("jellyfish", plan.palette[0][0] if plan.palette else (0.95, 0.6, 0.75))
    for number in range(4):
        size = (0.34, 0.2, 0.15, 0.1)[number] * plan.scale
        at = (
            (plan.focus, 0.4)
            if number == 0
            else (float(rng.uniform(0.1, 0.9)), float(rng.uniform(0.15, 0.75)))
        )
        fade = (1.0, 0.7, 0.55, 0.4)[number]
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
        bell = curve(
            [
                (-0.46, -0.04),
                (-0.44, 0.18),
                (-0.26, 0.42),
                (0.0, 0.5),
                (0.26, 0.42),
                (0.44, 0.18),
                (0.46, -0.04),
                (0.3, 0.02),
                (0.15, -0.05),
                (0.0, 0.02),
                (-0.15, -0.05),
                (-0.3, 0.02),
            ]
        )
        canvas.lay(canvas.stencil([bell], at, size), mix(hue, (1, 1, 1), 0.15), 0.72 * fade)
        inner = curve(
            [(-0.3, 0.06), (-0.26, 0.24), (0.0, 0.36), (0.26, 0.24), (0.3, 0.06), (0.0, 0.12)]
        )
        canvas.lay(canvas.stencil([inner], at, size), mix(hue, (1, 1, 1), 0.6), 0.45 * fade)


def _shoal(canvas: Canvas, plan: Plan, rng: np.random.Generator) -> None:
    hue = plan.colour("fish", plan.palette[0][0] if plan.palette else (0.96, 0.52, 0.22))
    flip = bool(rng.uniform() < 0.5)
    for number in range(19):
        near = number / 18
        at = (plan.focus + float(rng.normal(0, 0.2)), 0.48 + float(rng.normal(0, 0.14)))
        size = (0.05 + 0.11 * near**2) * plan.scale * (1.5 if number == 18 else 1.0)
        if number == 18:
            at = (plan.focus, 0.5)
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


def _reef(canvas: Canvas, plan: Plan, rng: np.random.Generator, floor: Rgb, rich: bool) -> None:
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


def portrait(canvas: Canvas, plan: Plan, rng: np.random.Generator) -> None:
    """A head in profile as in a cut-paper portrait, before a disc of light."""
    wall = plan.colour("sky", plan.look.sky[1])
    canvas.gradient([mix(wall, plan.look.near, 0.2), wall, plan.look.sky[2]], 0, canvas.height)
    brush = fractal(rng, canvas.shape, 2.5, octaves=6, gain=0.62, stretch=1.5)
    canvas.pixels += (0.03 * brush)[..., None]
    asked = [colour for colour, _ in plan.palette]
    disc_hue = asked[0] if asked else mix(plan.look.sky[-1], plan.look.lamp, 0.5)
    at, size = (plan.focus, 0.985), 0.86 * plan.scale
    far = canvas.distance((plan.focus, 0.43))
    canvas.over(np.clip((0.33 * plan.scale - far) * canvas.unit / 1.5, 0, 1), disc_hue)
    canvas.glow(np.exp(-np.clip(far - 0.33 * plan.scale, 0, None) * 9) * 0.35, disc_hue)
    skin = mix(tinted(plan, plan.colour("portrait", (0.80, 0.56, 0.45))), plan.look.near, 0.18)
    hair = mix(tinted(plan, (0.24, 0.14, 0.13)), plan.look.near, 0.45)
    cloth = tinted(plan, asked[1] if len(asked) > 1 else (0.25, 0.4, 0.45))
    flip = bool(rng.uniform() < 0.5)
    put = lambda ring, colour, opacity=1.0: canvas.lay(  # noqa: E731
        canvas.stencil([curve(ring)], at, size, flip), colour, opacity
    )
    put(HAIR_BACK, hair)
    put(NECK, mix(skin, plan.look.near, 0.28))
    put(SHOULDERS, cloth)
    put(FACE, skin)
    put(CHEEK, mix(skin, plan.look.near, 0.5), 0.4)
    put([(0.1, 0.515), (0.125, 0.528), (0.15, 0.517), (0.125, 0.512)], plan.look.near, 0.85)
    put([(0.09, 0.555), (0.13, 0.572), (0.165, 0.56), (0.13, 0.56)], hair)
    put([(0.155, 0.385), (0.185, 0.393), (0.155, 0.373), (0.13, 0.378)], (0.62, 0.2, 0.2), 0.8)
    put(HAIR, mix(hair, plan.look.lamp, 0.06))
    put(
        [(-0.03, 0.47), (-0.005, 0.50), (-0.01, 0.44), (-0.03, 0.42)],
        mix(skin, plan.look.near, 0.3),
    )
    patch = canvas.stencil([curve(SHOULDERS), curve(HAIR), curve(HAIR_BACK)], at, size, flip)
    rim(canvas, patch, plan.look.lamp, 0.6, size * 0.4)
    if plan.has("flower"):
        petals = [
            disc((-0.1 + 0.05 * math.cos(a), 0.6 + 0.05 * math.sin(a)), 0.045, 16)
            for a in np.arange(6) * math.pi / 3
        ]
        canvas.lay(canvas.stencil(petals, at, size, flip), plan.colour("flower", (0.9, 0.3, 0.3)))
        canvas.lay(canvas.stencil([disc((-0.1, 0.6), 0.03, 16)], at, size, flip), (0.97, 0.8, 0.4))
    canvas.lay(canvas.stencil([box(-2, -0.2, 2, -0.05)], at, size), cloth)


HAIR_BACK: Ring = [
    (-0.12, 0.62),
    (-0.24, 0.55),
    (-0.28, 0.42),
    (-0.22, 0.30),
    (-0.12, 0.30),
    (-0.02, 0.40),
    (0.02, 0.55),
]
NECK: Ring = [(-0.13, 0.38), (-0.14, 0.25), (-0.2, 0.12), (0.1, 0.1), (0.03, 0.22), (0.06, 0.32)]
SHOULDERS: Ring = [
    (-0.14, 0.19),
    (-0.3, 0.13),
    (-0.42, 0.0),
    (-0.46, -0.2),
    (0.34, -0.2),
    (0.3, 0.0),
    (0.2, 0.11),
    (0.06, 0.17),
    (-0.04, 0.14),
]
FACE: Ring = [
    (-0.1, 0.62), (0.0, 0.67), (0.1, 0.66), (0.165, 0.61), (0.178, 0.555), (0.172, 0.53), (0.19, 0.49), (0.225, 0.445),
    (0.215, 0.43), (0.185, 0.425), (0.192, 0.405), (0.198, 0.39), (0.18, 0.382), (0.19, 0.365), (0.172, 0.35), (0.178, 0.315),
    (0.15, 0.285), (0.09, 0.29), (0.02, 0.34), (-0.06, 0.38), (-0.12, 0.45),
]  # fmt: skip
CHEEK: Ring = [
    (0.15, 0.285),
    (0.09, 0.29),
    (0.02, 0.34),
    (-0.06, 0.38),
    (-0.02, 0.46),
    (0.02, 0.4),
    (0.08, 0.33),
]
HAIR: Ring = [
    (0.172, 0.6), (0.16, 0.66), (0.06, 0.72), (-0.06, 0.71), (-0.17, 0.64), (-0.2, 0.53), (-0.17, 0.44), (-0.1, 0.40),
    (-0.06, 0.44), (-0.05, 0.52), (0.0, 0.545), (0.06, 0.60), (0.12, 0.635),
]  # fmt: skip
