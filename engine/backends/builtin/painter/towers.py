"""Landmarks: lighthouses, castles, gates, mills and tents."""

import math

import numpy as np

from engine.backends.builtin.painter.buildings import WINDOW, halo, rounded
from engine.backends.builtin.painter.canvas import Canvas
from engine.backends.builtin.painter.land import tinted
from engine.backends.builtin.painter.plan import PaintPlan
from engine.imaging.measure.colour import mix
from engine.imaging.silhouettes.curves import Point, Ring, box
from engine.imaging.silhouettes.outlines import lintel, outline


def _girth(height: float) -> float:
    """Half the width of the lighthouse at a height of 0..1."""
    return 0.115 - 0.04 * height


def lighthouse(
    canvas: Canvas, plan: PaintPlan, at: Point, size: float, rng: np.random.Generator
) -> None:
    """A banded tower with gallery and lamp; its beam is seen when it is dark."""
    asked = plan.colours.get("lighthouse")
    white = tinted(plan, (0.97, 0.95, 0.9))
    red = tinted(plan, asked or (0.80, 0.2, 0.17))
    side = 1.0 if rng.uniform() < 0.5 else -1.0
    body = outline("lighthouse", "sharp_body")
    bands: list[Ring] = [
        [
            (-_girth(t), 0.78 * t),
            (_girth(t), 0.78 * t),
            (_girth(t + 0.19), 0.78 * (t + 0.19)),
            (-_girth(t + 0.19), 0.78 * (t + 0.19)),
        ]
        for t in (0.0, 0.4, 0.8)
    ]
    beam_y = at[1] - 0.86 * size * canvas.unit / canvas.height
    if plan.look.is_dark or plan.weather & {"fog", "storm", "rain"}:
        _beam(canvas, plan, (at[0], beam_y), side)
    rounded(canvas, plan, canvas.stencil(body, at, size), white, side)
    rounded(canvas, plan, canvas.stencil(bands, at, size), red, side)
    dark = mix(plan.look.near, (0.1, 0.1, 0.12), 0.5)
    canvas.lay(canvas.stencil(outline("lighthouse", "sharp_gallery"), at, size), dark)
    canvas.lay(
        canvas.stencil([box(-0.046, 0.825, 0.046, 0.905)], at, size), mix(WINDOW, (1, 1, 1), 0.4)
    )
    roof = outline("lighthouse", "sharp_roof")
    canvas.lay(canvas.stencil(roof, at, size), mix(red, plan.look.near, 0.35))
    panes = [box(-0.016, t, 0.016, t + 0.05) for t in (0.22, 0.5)]
    canvas.lay(canvas.stencil(panes, at, size), dark)
    halo(canvas, (at[0], beam_y), 0.045 * size / 0.4, WINDOW, 0.9 if plan.look.is_dark else 0.35)


def _beam(canvas: Canvas, plan: PaintPlan, at: Point, side: float) -> None:
    across = (canvas.x - at[0]) * canvas.width / canvas.unit
    down = (canvas.y - at[1]) * canvas.height / canvas.unit
    for way, strength in ((side, 0.62), (-side, 0.3)):
        along = across * way
        slant = down + 0.06 * along
        half = 0.012 + 0.13 * np.clip(along, 0, None)
        light = np.exp(-((slant / half) ** 2)) * np.exp(-np.clip(along, 0, None) * 1.5)
        canvas.glow(light * (along > 0) * strength, mix(plan.look.lamp, WINDOW, 0.4))


def castle(
    canvas: Canvas, plan: PaintPlan, at: Point, size: float, rng: np.random.Generator
) -> None:
    """Towers with pointed roofs around a keep."""
    stone = mix(tinted(plan, plan.colour("castle", (0.55, 0.53, 0.56)), 0.15), plan.look.near, 0.3)
    roof = mix(tinted(plan, (0.35, 0.3, 0.42), 0.1), plan.look.near, 0.45)
    walls: list[Ring] = [box(-0.5, -0.1, 0.5, 0.3)]
    roofs: list[Ring] = []
    lamps: list[Ring] = []
    for x, wide, tall in (
        (-0.5, 0.09, 0.5),
        (-0.24, 0.08, 0.68),
        (0.02, 0.13, 0.84),
        (0.27, 0.08, 0.6),
        (0.5, 0.09, 0.46),
    ):
        top = tall * float(rng.uniform(0.92, 1.08))
        walls += [box(x - wide, -0.1, x + wide, top)]
        roofs.append([(x - wide * 1.25, top), (x + wide * 1.25, top), (x, top + wide * 3.2)])
        lamps += [box(x - 0.014, top * 0.72, x + 0.014, top * 0.72 + 0.05)]
    walls += [box(x, 0.3, x + 0.05, 0.35) for x in np.arange(-0.42, 0.42, 0.09)]
    canvas.lay(canvas.stencil(walls, at, size), stone)
    canvas.lay(
        canvas.stencil([box(0.02, -0.1, 0.15, 0.84), box(0.27, -0.1, 0.35, 0.6)], at, size),
        plan.look.near,
        0.25,
    )
    canvas.lay(canvas.stencil(roofs, at, size), roof)
    canvas.lay(
        canvas.stencil(lamps, at, size), WINDOW if plan.look.is_dark else plan.look.near, 0.9
    )


def torii(canvas: Canvas, plan: PaintPlan, at: Point, size: float) -> None:
    """A Japanese gate, vermilion unless the prompt says otherwise."""
    red = tinted(plan, plan.colour("torii", (0.86, 0.27, 0.16)))
    canvas.lay(canvas.stencil(outline("torii", "sharp_posts", "sharp_beams"), at, size), red)
    low, top = lintel()
    canvas.lay(canvas.stencil([[*low, *top[::-1]]], at, size), mix(red, plan.look.near, 0.15))
    cap = [(x, y + 0.035) for x, y in top]
    canvas.lay(canvas.stencil([[*top, *cap[::-1]]], at, size), plan.look.near, 0.9)
    feet = [box(x - 0.065, -0.12, x + 0.065, -0.03) for x in (-0.42, 0.42)]
    canvas.lay(canvas.stencil(feet, at, size), plan.look.near, 0.9)


def _turned(angle: float, u: float, v: float) -> Point:
    """A point of a sail, turned about the windmill's axle."""
    c, s = math.cos(angle), math.sin(angle)
    return u * c - v * s, 0.63 + u * s + v * c


def windmill(
    canvas: Canvas, plan: PaintPlan, at: Point, size: float, rng: np.random.Generator
) -> None:
    """A tower mill with four latticed sails."""
    wall = tinted(plan, plan.colour("windmill", (0.85, 0.8, 0.72)), 0.1)
    body: Ring = [(-0.17, -0.06), (0.17, -0.06), (0.1, 0.58), (-0.1, 0.58)]
    rounded(canvas, plan, canvas.stencil([body], at, size), wall, 1.0)
    cap: Ring = [(-0.12, 0.57), (0.12, 0.57), (0.09, 0.66), (0, 0.71), (-0.09, 0.66)]
    dark = mix(tinted(plan, (0.4, 0.27, 0.22)), plan.look.near, 0.5)
    canvas.lay(canvas.stencil([cap, box(-0.03, -0.06, 0.03, 0.1)], at, size), dark)
    start = float(rng.uniform(0.2, 1.2))
    sails: list[Ring] = []
    for quarter in range(4):
        angle = start + quarter * math.pi / 2
        bars = [box(0, -0.008, 0.5, 0.008)]
        bars += [box(u, 0, u + 0.012, 0.09) for u in np.linspace(0.1, 0.48, 8)]
        bars += [box(0.1, v, 0.49, v + 0.01) for v in (0.045, 0.085)]
        sails += [[_turned(angle, u, v) for u, v in bar] for bar in bars]
    canvas.lay(canvas.stencil(sails, at, size), dark)


def tent(canvas: Canvas, plan: PaintPlan, at: Point, size: float) -> None:
    """A tent lit from inside when it is dark."""
    cloth = tinted(plan, plan.colour("tent", (0.9, 0.55, 0.25)))
    lit = mix(plan.colour("tent", (0.95, 0.62, 0.3)), WINDOW, 0.5) if plan.look.is_dark else cloth
    canvas.lay(canvas.stencil(outline("tent", "sharp_front"), at, size), lit)
    canvas.lay(
        canvas.stencil(outline("tent", "sharp_flank"), at, size),
        mix(lit, plan.look.near, 0.45),
    )
    canvas.lay(
        canvas.stencil([[(-0.3, 0), (-0.14, 0.38), (-0.08, 0)]], at, size),
        mix(lit, plan.look.near, 0.6),
    )
    if plan.look.is_dark:
        halo(
            canvas,
            (at[0], at[1] - 0.2 * size * canvas.unit / canvas.height),
            size * 0.42,
            WINDOW,
            0.5,
        )
