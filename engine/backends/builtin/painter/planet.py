"""A planet with bands, ring and night side."""

import math

import numpy as np

from engine.backends.builtin.painter.canvas import Canvas
from engine.backends.builtin.painter.noise import fractal, profile, smoothstep
from engine.backends.builtin.painter.plan import PaintPlan
from engine.imaging.measure.colour import mix
from engine.imaging.silhouettes.curves import Point


def paint_planet(
    canvas: Canvas, plan: PaintPlan, rng: np.random.Generator, at: Point, radius: float
) -> None:
    """Paint a banded planet, often ringed, with its night side; `radius` in units."""
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
