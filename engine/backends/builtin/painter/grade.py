"""The last look over the colours: tone, saturation, warmth and palette, as one lookup table.

All of it is computed in OKLab for the nodes of a small cube of colours; Pillow then interpolates
the image's millions of pixels between the nodes (`ImageFilter.Color3DLUT`).
"""

import numpy as np
from PIL import Image, ImageFilter

from engine.backends.builtin.painter.noise import smoothstep
from engine.backends.builtin.painter.plan import PaintPlan
from engine.imaging.measure.colour import Array, Rgb, chroma, oklab, srgb

NODES = 21
"""Nodes of the lookup table along every axis."""

MOODS: dict[str, dict[str, float]] = {
    "calm": {"contrast": -0.9, "saturation": -0.3},
    "melancholic": {"saturation": -1.1, "brightness": -0.5, "warmth": -0.7},
    "joyful": {"brightness": 0.8, "saturation": 1.1, "warmth": 0.4},
    "dramatic": {"contrast": 1.5, "saturation": 0.3},
    "mysterious": {"brightness": -0.9, "saturation": -0.3, "warmth": -0.3},
    "warm": {"warmth": 1.5, "saturation": 0.3},
    "cold": {"warmth": -1.7},
    "dreamy": {"contrast": -0.9, "sharpness": -0.9, "brightness": 0.5},
    "vivid": {"saturation": 1.7, "contrast": 0.4},
    "muted": {"saturation": -1.7},
    "dark": {"brightness": -1.6},
    "light": {"brightness": 1.6},
}
"""Effect of each mood on the tone, in correction steps at full strength."""


def tone(plan: PaintPlan, name: str) -> float:
    """All that bears on one tone, in steps: corrections, moods as far as followed, the drift."""
    moods = sum(MOODS[mood].get(name, 0.0) * degree for mood, degree in plan.moods.items())
    return plan.step(name) + moods


def grade(image: Image.Image, plan: PaintPlan) -> Image.Image:
    """Apply the plan's tone and palette to an image."""
    small = np.asarray(image.reduce(max(1, min(image.size) // 96)), dtype=np.float32) / 255
    lightness = oklab(small)[..., 0]
    pivot = float(lightness.mean())
    low, high = (float(value) for value in np.quantile(lightness, [0.12, 0.88]))
    axis = np.linspace(0, 1, NODES)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    lab = oklab(np.stack([red, green, blue], axis=-1).reshape(-1, 3))
    pull = 1 - (1 - plan.pull) * 0.6 ** plan.step("palette")
    free = _free(lab, plan)
    lab = lab + (_drawn(lab, plan.palette, min(0.95, pull), low, high) - lab) * free[:, None]
    lab = _more(lab, [(c, s) for c, s in plan.more if s > 0], low, high, free)
    lab = _toned(lab, plan, pivot)
    unwanted = [(c, -s) for c, s in plan.more if s < 0] + [(c, 4.0) for c in plan.removed]
    for colour, strength in unwanted:
        lab = _less(lab, colour, strength)
    table = srgb(lab).astype(np.float32)
    return image.filter(ImageFilter.Color3DLUT(NODES, table.ravel()))


def _toned(lab: Array, plan: PaintPlan, pivot: float) -> Array:
    light = np.clip(lab[:, 0], 0, 1)
    power = 2 ** (-0.33 * tone(plan, "brightness"))
    light, pivot = light**power, pivot**power
    slope = 1.15 * 1.2 ** tone(plan, "contrast")
    light = pivot + (light - pivot) * slope
    light = np.where(light < 0.08, 0.08 * np.exp((light - 0.08) / 0.08), light)
    light = np.where(light > 0.93, 1 - 0.07 * np.exp(-(light - 0.93) / 0.07), light)
    colour = lab[:, 1:] * 1.26 ** tone(plan, "saturation")
    strength = chroma(np.column_stack([light, colour]))
    held = np.where(strength > 0.11, 0.11 + 0.09 * np.tanh((strength - 0.11) / 0.09), strength)
    colour = colour * (held / (strength + 1e-9))[:, None]
    warmth = tone(plan, "warmth") * np.clip(light * 2.2, 0.25, 1)
    colour = colour + warmth[:, None] * np.array([0.006, 0.02])
    fade = np.clip(light * 6, 0, 1) * np.clip((1.02 - light) * 9, 0.25, 1)
    colour = colour * np.clip(fade, 0, 1)[:, None]
    return np.column_stack([light, colour])


def _drawn(
    lab: Array, palette: list[tuple[Rgb, float]], pull: float, low: float, high: float
) -> Array:
    """Draw colours, the quiet ones above all, to the nearest of the palette; keep lightness.

    Lightness counts most in what is near: the dark colours of a palette take the shadows and the
    light ones the lights (`low` and `high` bound what the image has of either).
    """
    if not palette or pull <= 0:
        return lab
    targets = oklab(np.array([colour for colour, _ in palette]))
    weights = np.array([weight for _, weight in palette])
    level = targets.copy()
    level[:, 0] = np.clip(level[:, 0], low, high)
    gaps = ((lab[:, None] - level[None]) * np.array([0.9, 0.75, 0.75])) ** 2
    near = weights * np.exp(-gaps.sum(axis=-1) / (2 * 0.11**2)) + 1e-9
    share = near / near.sum(axis=1, keepdims=True)
    goal = share @ targets
    out = lab.copy()
    spared = 1 - 0.7 * smoothstep(0.08, 0.16, chroma(lab))[:, None]
    out[:, 1:] += (goal[:, 1:] - lab[:, 1:]) * pull * spared
    return out


def _free(lab: Array, plan: PaintPlan) -> Array:
    """Weight of each pixel in colour shifts: 1, down to 0.2 on a subject of a requested colour."""
    free = np.ones(len(lab))
    for colour in plan.colours.values():
        target = oklab(np.array(colour))
        wanted = float(chroma(target))
        if wanted < 0.05:
            continue
        hue = np.arctan2(lab[:, 2], lab[:, 1]) - float(np.arctan2(target[2], target[1]))
        turn = (np.degrees(hue) + 180) % 360 - 180
        alike = np.exp(-((turn / 22) ** 2)) * smoothstep(0.15, 0.5, chroma(lab) / wanted)
        free = np.minimum(free, 1 - 0.8 * alike)
    return free


def _more(
    lab: Array, asked: list[tuple[Rgb, float]], low: float, high: float, free: Array
) -> Array:
    """Turn tones towards colours to be intensified, each in its own range of lightness.

    As a printer tones shadows blue and highlights cream: a colour takes what is about as light as
    itself (or the image's nearest tones, if it has none so light or so dark), and rather what
    is already like it; a strong accent of another hue is spared. Lightness is kept, so that the
    drawing stays.
    """
    if not asked:
        return lab
    targets = oklab(np.array([colour for colour, _ in asked]))
    strength = np.array([value for _, value in asked])
    level = np.clip(targets[:, 0], low, high)
    band = np.exp(-(((lab[:, None, 0] - level) / 0.15) ** 2))
    alike = ((lab[:, None, 1:] - targets[None, :, 1:]) ** 2).sum(axis=-1)
    spared = np.exp(-((chroma(lab) / 0.12) ** 2))[:, None]
    strength = strength * free[:, None]
    pull = strength * band * (0.32 * spared + 0.68 * np.exp(-alike / 0.13**2))
    total = pull.sum(axis=1, keepdims=True)
    goal = (pull / (total + 1e-9)) @ targets
    amount = 1 - 0.55**total
    out = lab.copy()
    out[:, 1:] += (goal[:, 1:] - lab[:, 1:]) * amount
    return out


def _less(lab: Array, colour: Rgb, strength: float) -> Array:
    """Take a colour away: hues turn grey, black and white give way to the middle."""
    target = oklab(np.array(colour))
    gap = lab - target
    close = np.exp(-((gap[:, 0] / 0.4) ** 2) - (gap[:, 1] ** 2 + gap[:, 2] ** 2) / 0.11**2)
    amount = 1 - 0.6 ** (strength * close)
    out = lab.copy()
    if float(chroma(target)) > 0.04:
        out[:, 1:] *= (1 - 0.9 * amount)[:, None]
    else:
        out[:, 0] += (-0.25 if target[0] > 0.5 else 0.25) * amount
    return out
