"""The portrait: a head in profile as in a cut-paper image, before a disc of light."""

import numpy as np

from engine.backends.builtin.painter.canvas import Canvas, Spot
from engine.backends.builtin.painter.cutouts import rim
from engine.backends.builtin.painter.land import tinted
from engine.backends.builtin.painter.noise import fractal
from engine.backends.builtin.painter.plan import PaintPlan
from engine.backends.builtin.painter.still_life_objects import blossom
from engine.imaging.measure.colour import Rgb, mix
from engine.imaging.silhouettes.curves import box, disc
from engine.imaging.silhouettes.outlines import outline


def portrait(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator) -> None:
    """Paint the backdrop with its disc and the sitter in the asked colours."""
    wall = plan.colour("sky", plan.look.sky[1])
    canvas.gradient([mix(wall, plan.look.near, 0.2), wall, plan.look.sky[2]], 0, canvas.height)
    brush = fractal(rng, canvas.shape, 2.5, octaves=6, gain=0.62, stretch=1.5)
    canvas.pixels += (0.03 * brush)[..., None]
    asked = [colour for colour, _ in plan.palette]
    light = asked[0] if asked else mix(plan.look.sky[-1], plan.look.lamp, 0.5)
    far, radius = canvas.distance((plan.focus, 0.43)), 0.33 * plan.scale
    canvas.over(np.clip((radius - far) * canvas.unit / 1.5, 0, 1), light)
    canvas.glow(np.exp(-np.clip(far - radius, 0, None) * 9) * 0.35, light)
    cloth = tinted(plan, asked[1] if len(asked) > 1 else (0.25, 0.4, 0.45))
    flip = bool(rng.uniform() < 0.5)
    _sitter(Spot(canvas, (plan.focus, 0.985), 0.86 * plan.scale, flip), plan, cloth)


def _sitter(spot: Spot, plan: PaintPlan, cloth: Rgb) -> None:
    near = plan.look.near
    skin = mix(tinted(plan, plan.colour("portrait", (0.80, 0.56, 0.45))), near, 0.18)
    hair = mix(tinted(plan, (0.24, 0.14, 0.13)), near, 0.45)

    def put(part: str, colour: Rgb, opacity: float = 1.0) -> None:
        spot.put(outline("portrait", part), colour, opacity)

    put("back", hair)
    put("neck", mix(skin, near, 0.28))
    put("shoulders", cloth)
    put("face", skin)
    put("cheek", mix(skin, near, 0.5), 0.4)
    put("eye", near, 0.85)
    put("brow", hair)
    put("lips", (0.62, 0.2, 0.2), 0.8)
    put("hair", mix(hair, plan.look.lamp, 0.06))
    put("ear", mix(skin, near, 0.3))
    edge = outline("portrait", "shoulders", "hair", "back")
    patch = spot.canvas.stencil(edge, spot.at, spot.size, spot.flip)
    rim(spot.canvas, patch, plan.look.lamp, 0.6, spot.size * 0.4)
    if plan.has("flower"):
        spot.put(blossom((-0.1, 0.6), 0.08), plan.colour("flower", (0.9, 0.3, 0.3)))
        spot.put([disc((-0.1, 0.6), 0.03, 16)], (0.97, 0.8, 0.4))
    spot.put([box(-2, -0.2, 2, -0.05)], cloth)
