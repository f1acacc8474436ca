"""Skies: the gradient, stars, sun and moon, aurora, and four kinds of cloud."""

import math

import numpy as np

from engine.backends.builtin.painter.canvas import Canvas, blurred
from engine.backends.builtin.painter.clouds import paint_clouds
from engine.backends.builtin.painter.noise import fractal, profile, smoothstep
from engine.backends.builtin.painter.plan import PaintPlan
from engine.imaging.measure.colour import Array, Rgb, mix


def paint_sky(
    canvas: Canvas, plan: PaintPlan, rng: np.random.Generator
) -> tuple[float, float] | None:
    """Paint the sky down to a little under the horizon.

    Returns:
        Where the sun or moon stands, in fractions of width and height; None if there is none.
    """
    bottom = min(canvas.height, round((plan.horizon + 0.03) * canvas.height))
    stops = list(plan.look.sky)
    if "sky" in plan.colours:
        asked = plan.colours["sky"]
        stops = [mix(stop, asked, 0.75 - 0.15 * at) for at, stop in enumerate(stops)]
    canvas.gradient(stops, 0, bottom, power=0.9)
    if bottom < canvas.height:
        canvas.gradient([stops[-1], plan.look.haze], bottom, canvas.height)
    _breath(canvas, rng)
    clear = not plan.weather & {"storm", "fog", "rain", "snow"} and plan.look.name != "overcast"
    if plan.look.name in ("night", "moonlight", "aurora") or plan.has("star", "galaxy"):
        paint_stars(canvas, plan, rng, density=1.6 if plan.has("star", "galaxy") else 0.8)
    if plan.look.name == "aurora":
        paint_aurora(canvas, plan, rng)
    lamp = _body(canvas, plan, rng, clear)
    paint_clouds(canvas, plan, rng, clear)
    return lamp


def _breath(canvas: Canvas, rng: np.random.Generator) -> None:
    """Uneven brushing: a sky of one even gradient looks printed, not painted."""
    wash = fractal(rng, canvas.shape, 1.6, octaves=4, gain=0.55, stretch=2.2)
    canvas.pixels += (0.018 * wash)[..., None]


def paint_stars(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, density: float) -> None:
    """Scatter stars of uneven brightness, fewer towards the horizon, and a few large ones."""
    area = canvas.width * canvas.height / canvas.unit**2
    count = int(420 * density * area)
    x, y = rng.uniform(0, 1, count), rng.uniform(0, 1, count) ** 1.25
    power = rng.pareto(2.2, count) * 0.16 + 0.12
    tint = rng.uniform(0, 1, count)
    limit = plan.horizon if plan.stage == "land" else 1.0
    size = max(1.0, canvas.unit / 1000)
    glints = np.zeros(canvas.shape, dtype=np.float32)
    rows = (y * limit * canvas.height).astype(int).clip(0, canvas.height - 1)
    columns = (x * canvas.width).astype(int).clip(0, canvas.width - 1)
    fade = 1 - 0.85 * y if plan.stage == "land" else np.ones(count)
    np.maximum.at(glints, (rows, columns), np.clip(power * fade * (0.8 + tint * 0.4), 0, 1))
    halo = blurred(np.clip(glints * 1.6, 0, 1), 1.4 * size) * 2.4
    canvas.glow(np.clip(glints * 0.9 + halo, 0, 1), mix(plan.look.lamp, (0.8, 0.88, 1.0), 0.5))
    for _ in range(int(7 * density)):
        at = (float(rng.uniform(0.03, 0.97)), float(rng.uniform(0.03, 0.8) * limit))
        _sparkle(canvas, at, float(rng.uniform(0.004, 0.009)), plan.look.lamp)


def _sparkle(canvas: Canvas, at: tuple[float, float], size: float, colour: Rgb) -> None:
    thin = size * 0.13
    arms = [(0, size * 1.6), (thin, thin), (size * 1.6, 0), (thin, -thin), (0, -size * 1.6)]
    ring = [*arms, (-thin, -thin), (-size * 1.6, 0), (-thin, thin)]
    canvas.lay(canvas.stencil([ring], at, 1.0), colour, 0.9)


def paint_aurora(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator) -> None:
    """Hang two or three curtains of light, bright at the hem and fading upwards."""
    hues: list[Rgb] = [(0.25, 0.95, 0.62), (0.2, 0.8, 0.85), (0.65, 0.35, 0.9)]
    for layer in range(3):
        hem = 0.3 + 0.1 * layer + 0.16 * profile(rng, canvas.width, 2.2, 3)
        hem *= plan.horizon / 0.6
        rays = (
            0.55
            + 0.45 * profile(rng, canvas.width, 46, 2)
            + 0.25 * profile(rng, canvas.width, 5, 2)
        )
        height = 0.3 + 0.14 * profile(rng, canvas.width, 4, 3)
        above = (hem[None, :] - canvas.y) / height[None, :]
        sheet = np.where(above > 0, np.exp(-2.6 * np.maximum(above, 0)), np.exp(26 * above))
        light = (sheet * np.clip(rays, 0, 1.3)[None, :] * (0.75, 0.55, 0.42)[layer]).astype(
            np.float32
        )
        canvas.glow(np.clip(light, 0, 1), hues[layer])
        canvas.glow(np.clip(light * np.clip(above * 0.8, 0, 1), 0, 1), hues[(layer + 2) % 3])


def _body(
    canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, clear: bool
) -> tuple[float, float] | None:
    """Sun, moon or crescent, where the light asks for one or the prompt names it."""
    name = plan.look.name
    low = name in ("sunset", "dawn", "golden")
    wanted = plan.has("moon", "sun", "crescent")
    shown = wanted or (clear and low) or name == "moonlight"
    side = float(rng.choice([-1, 1]))
    x = float(np.clip(plan.focus - side * rng.uniform(0.12, 0.3), 0.1, 0.9))
    y = float(rng.uniform(0.14, 0.3))
    if low and not plan.has("moon", "crescent"):
        y = plan.horizon - float(rng.uniform(0.04, 0.17))
    if "symmetrical" in plan.traits or ("centred" in plan.traits and wanted):
        x = plan.focus
    if not shown:
        return (x, y) if name in ("day", "noon", "dusk", "night", "fog") else None
    radius = float(rng.uniform(0.042, 0.065)) * (1.4 if wanted else 1.0)
    if wanted and "close" in plan.traits:
        radius *= 1.7
    sun = plan.has("sun") or not (plan.look.is_dark or plan.has("moon", "crescent"))
    lamp = plan.colour("sun" if sun else "moon", plan.look.lamp)
    paint_orb(canvas, (x, y), radius * plan.scale**0.5, lamp, rng, sun, plan.has("crescent"))
    return x, y


def paint_orb(
    canvas: Canvas,
    at: tuple[float, float],
    radius: float,
    lamp: Rgb,
    rng: np.random.Generator,
    sun: bool,
    crescent: bool = False,
) -> None:
    """A sun or moon with its glow; `radius` in units. A moon has seas, a crescent a dark side."""
    far = canvas.distance(at)
    canvas.glow(np.exp(-far / (radius * 5.5)) * (0.62 if sun else 0.42), lamp)
    canvas.glow(np.exp(-((far / (radius * 1.9)) ** 2)) * 0.4, lamp)
    edge = 1.2 / canvas.unit
    face = np.clip((radius - far) / edge, 0, 1)
    if crescent:
        shadow = canvas.distance(
            (at[0] + radius * 0.52 * canvas.unit / canvas.width, at[1] - 0.008)
        )
        face = face * np.clip((shadow - radius * 0.93) / edge, 0, 1)
    canvas.over(face, lamp)
    if not sun:
        seas = fractal(rng, canvas.shape, 0.22 / radius, octaves=3)
        canvas.over(face * smoothstep(0.2, 1.1, seas) * 0.16, (0.55, 0.55, 0.6))


def light_rays(
    canvas: Canvas, at: tuple[float, float], colour: Rgb, rng: np.random.Generator, strength: float
) -> None:
    """Fans of light that spread from a point, soft at their ends."""
    across = (canvas.x - at[0]) * canvas.width
    down = (canvas.y - at[1]) * canvas.height
    angle = np.arctan2(down, across) / (2 * math.pi) + 0.5
    spokes = rng.standard_normal(56)
    fan: Array = np.interp(angle.ravel(), np.arange(56) / 56, spokes, period=1).reshape(angle.shape)
    fade = np.exp(-np.hypot(across, down) / (canvas.unit * 0.55))
    canvas.glow(np.clip(smoothstep(-0.1, 1.3, fan) * fade * strength, 0, 1), colour)
