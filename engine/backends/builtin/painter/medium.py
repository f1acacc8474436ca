"""Medium of the image: gouache unless the prompt names watercolour, ink, oil..."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter

from engine.backends.builtin.painter.noise import fractal, smoothstep
from engine.backends.builtin.painter.plan import PaintPlan
from engine.imaging.measure.colour import Array, Rgb

PAPER: Rgb = (0.965, 0.945, 0.895)
Finish = Callable[[Image.Image, PaintPlan, np.random.Generator], Image.Image]


def finish(image: Image.Image, plan: PaintPlan, rng: np.random.Generator) -> Image.Image:
    """Turn the painted image into one of the plan's medium."""
    return FINISHES.get(plan.medium, gouache)(image, plan, rng)


def _floats(image: Image.Image) -> Array:
    return np.asarray(image, dtype=np.float32) / 255


def _image(pixels: Array) -> Image.Image:
    return Image.fromarray(np.clip(pixels * 255 + 0.5, 0, 255).astype(np.uint8))


def _tooth(rng: np.random.Generator, shape: tuple[int, int], fine: float = 90) -> Array:
    """The surface of rough paper, mean 0, deviation 1."""
    return fractal(rng, shape, fine, octaves=3, gain=0.75)


def _moved(pixels: Array, across: Array, down: Array) -> Array:
    """The image with every pixel fetched from a little aside (offsets in pixels)."""
    height, width = pixels.shape[:2]
    rows = np.clip(np.arange(height)[:, None] + down, 0, height - 1).astype(np.intp)
    columns = np.clip(np.arange(width)[None, :] + across, 0, width - 1).astype(np.intp)
    return np.asarray(np.take(pixels.reshape(-1, 3), rows * width + columns, axis=0))


def _smoothed(image: Image.Image, size: int = 5) -> Image.Image:
    """Areas of even colour with clean edges: a median filter at half size."""
    small = image.reduce(2) if min(image.size) > 640 else image
    return small.filter(ImageFilter.MedianFilter(size)).resize(image.size, Image.Resampling.BICUBIC)


def gouache(image: Image.Image, plan: PaintPlan, rng: np.random.Generator) -> Image.Image:
    """Opaque paint on fine paper: hardly any texture."""
    pixels = _floats(image)
    tooth = _tooth(rng, pixels.shape[:2], 120)
    return _image(pixels * (1 + 0.011 * tooth)[..., None])


def film(image: Image.Image, plan: PaintPlan, rng: np.random.Generator) -> Image.Image:
    """Grain, strongest in the middle tones, and a little halation."""
    pixels = _floats(image)
    glow = _floats(image.filter(ImageFilter.GaussianBlur(min(image.size) * 0.012)))
    warm = np.clip(glow - 0.62, 0, 1) * np.array([0.5, 0.26, 0.16], np.float32)
    pixels = pixels + warm * (1 - pixels)
    grain = rng.standard_normal(pixels.shape[:2], dtype=np.float32)
    middle = 4 * pixels.mean(axis=-1) * (1 - pixels.mean(axis=-1))
    return _image(pixels + (grain * (0.012 + 0.03 * middle))[..., None])


def watercolour(image: Image.Image, plan: PaintPlan, rng: np.random.Generator) -> Image.Image:
    """Wavering edges, pigment that settles in the paper and along the rims, a free border."""
    pixels = _floats(_smoothed(image, 5))
    shape = pixels.shape[:2]
    unit = min(shape)
    sway = fractal(rng, shape, 9, octaves=4, gain=0.55)
    other = fractal(rng, shape, 9, octaves=4, gain=0.55)
    pixels = _moved(pixels, sway * unit * 0.0035, other * unit * 0.0035)
    soft = _floats(_image(pixels).filter(ImageFilter.GaussianBlur(unit * 0.005)))
    pixels = pixels - 0.55 * np.clip(soft - pixels, 0, 0.25)
    paper = np.array(PAPER, np.float32)
    wash = fractal(rng, shape, 2.5, octaves=5, gain=0.6)
    tooth = _tooth(rng, shape, 130)
    density = np.clip(0.86 + 0.11 * wash + 0.05 * tooth, 0, 1)[..., None]
    pixels = paper * (1 - density) + pixels * density
    x = np.minimum(np.arange(shape[1]), np.arange(shape[1])[::-1])[None, :] / unit
    y = np.minimum(np.arange(shape[0]), np.arange(shape[0])[::-1])[:, None] / unit
    border = np.minimum(x, y) - 0.036 - 0.007 * sway - 0.0015 * tooth
    inside = smoothstep(-0.004, 0.004, border)
    rim = np.exp(-((border / 0.006) ** 2)) * inside
    pixels = pixels * (1 - 0.22 * rim)[..., None]
    out = paper + (pixels - paper) * inside[..., None]
    return _image(out * (1 + 0.018 * tooth)[..., None])


def ink(image: Image.Image, plan: PaintPlan, rng: np.random.Generator) -> Image.Image:
    """Washes of ink in four depths on warm paper; a named colour stays as an accent."""
    smooth = _smoothed(image, 5)
    pixels = _floats(smooth)
    shape = pixels.shape[:2]
    light = pixels @ np.array([0.3, 0.55, 0.15], np.float32)
    low, high = np.quantile(light[::8, ::8], [0.03, 0.93])
    dark = 1 - np.clip((light - low) / max(0.12, high - low), 0, 1)
    bleed = fractal(rng, shape, 7, octaves=5, gain=0.55)
    tooth = _tooth(rng, shape, 110)
    wet = dark + 0.022 * bleed
    steps = sum(smoothstep(edge, edge + 0.07, wet) for edge in (0.22, 0.45, 0.66, 0.84))
    density = 0.65 * np.asarray(steps) / 4 + 0.35 * dark
    dry = smoothstep(1.0, 2.2, tooth) * smoothstep(0.35, 0.75, dark) * 0.1
    density = np.clip(density * (0.94 + 0.05 * bleed) - dry, 0, 1)[..., None]
    black, paper = np.array([0.09, 0.09, 0.115], np.float32), np.array(PAPER, np.float32)
    out = paper * (1 - density) + black * density
    if plan.palette or plan.colours:
        grey = pixels.mean(axis=-1, keepdims=True)
        vivid = smoothstep(0.14, 0.34, np.abs(pixels - grey).max(axis=-1))[..., None]
        out = out + (pixels * 0.9 + 0.06 - out) * vivid * 0.8
    return _image(out * (1 + 0.02 * tooth)[..., None])


def oil(image: Image.Image, plan: PaintPlan, rng: np.random.Generator) -> Image.Image:
    """Strokes that follow the forms, with ridges of paint that catch the light."""
    pixels = _floats(_smoothed(image, 5))
    shape = pixels.shape[:2]
    unit = min(shape)
    light = _floats(image.convert("L").filter(ImageFilter.GaussianBlur(unit * 0.012)))
    down, across = np.gradient(light)
    upright = np.abs(across) > np.abs(down)
    upright = _floats(
        _image(upright.astype(np.float32)).filter(ImageFilter.GaussianBlur(unit * 0.008))
    )
    lying_strokes = fractal(rng, shape, 26, octaves=3, gain=0.7, stretch=7)
    standing = fractal(rng, (shape[1], shape[0]), 26, octaves=3, gain=0.7, stretch=7).T
    strokes = lying_strokes + (standing - lying_strokes) * upright
    reach = unit * 0.011
    pixels = _moved(
        pixels, strokes * reach * (1 - 0.8 * upright), strokes * reach * (0.2 + 0.8 * upright)
    )
    ridge = strokes - np.roll(strokes, (max(1, unit // 500), max(1, unit // 700)), axis=(0, 1))
    relief = np.clip(ridge * 0.16, -0.14, 0.14)
    tint = 1 + 0.05 * strokes
    return _image(pixels * tint[..., None] + relief[..., None] * (0.25 + 0.75 * pixels))


def riso(image: Image.Image, plan: PaintPlan, rng: np.random.Generator) -> Image.Image:
    """Three inks printed one over the other in dots, each a little out of register."""
    pixels = _floats(image)
    shape = pixels.shape[:2]
    grey = pixels.mean(axis=-1, keepdims=True)
    pixels = np.clip(0.5 + (grey + (pixels - grey) * 1.6 - 0.5) * 1.15, 0, 1)
    asked = [colour for colour, _ in plan.palette if max(colour) - min(colour) > 0.25][:2]
    inks: list[Rgb] = [*asked, (0.0, 0.36, 0.62), (0.95, 0.3, 0.36), (1.0, 0.78, 0.2)]
    chosen = [*inks[:2], inks[-1]] if asked else [inks[0], inks[1], inks[2]]
    absorb = -np.log(np.clip(np.array(chosen, np.float32), 0.03, 0.985))
    wanted = -np.log(np.clip(pixels / np.array(PAPER, np.float32), 0.04, 1.0))
    solve = np.linalg.inv(absorb @ absorb.T + 0.12 * np.eye(3)) @ absorb
    amounts = np.clip(1.15 * (wanted @ solve.T.astype(np.float32)), 0, 1)
    lack = np.clip(wanted - amounts @ absorb.astype(np.float32), 0, None).min(axis=-1)
    amounts = np.concatenate([amounts, np.clip(lack / 1.6, 0, 1)[..., None]], axis=-1)
    absorb = np.concatenate([absorb, [[1.9, 1.9, 1.6]]])
    pitch = max(3.0, min(shape) / 190)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    ink_light = np.zeros((*shape, 3), dtype=np.float32)
    tooth = _tooth(rng, shape, 140)
    for number, angle in enumerate((0.26, 1.31, 0.0, 0.79)):
        shift = rng.uniform(-1, 1, 2) * min(shape) * 0.0022
        u = (x * np.cos(angle) + y * np.sin(angle)) * (np.pi / pitch)
        v = (y * np.cos(angle) - x * np.sin(angle)) * (np.pi / pitch)
        screen = 0.5 + 0.25 * (np.cos(2 * u) + np.cos(2 * v))
        amount = np.roll(amounts[..., number], (round(shift[0]), round(shift[1])), axis=(0, 1))
        cover = smoothstep(-0.18, 0.18, amount * 1.12 - 0.06 - screen + 0.04 * tooth)
        ink_light += (0.55 * amount + 0.45 * cover)[..., None] * absorb[number]
    return _image(np.array(PAPER, np.float32) * np.exp(-ink_light) * (1 + 0.015 * tooth)[..., None])


def pixel(image: Image.Image, plan: PaintPlan, rng: np.random.Generator) -> Image.Image:
    """Square pixels in a palette of 28 colours."""
    scale = 128 / min(image.size)
    size = (max(8, round(image.width * scale)), max(8, round(image.height * scale)))
    small = image.resize(size, Image.Resampling.BOX).filter(ImageFilter.UnsharpMask(1, 80, 0))
    few = small.quantize(28, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")
    return few.resize(image.size, Image.Resampling.NEAREST)


def paper(image: Image.Image, plan: PaintPlan, rng: np.random.Generator) -> Image.Image:
    """Sheets of coloured paper with fibres; the painter threw shadows between the layers."""
    pixels = _floats(_smoothed(image, 5))
    tooth = _tooth(rng, pixels.shape[:2], 60)
    fibre = tooth - np.roll(tooth, (1, 1), axis=(0, 1))
    return _image(
        pixels * (1 + 0.012 * tooth)[..., None] + np.clip(fibre * 0.012, -0.03, 0.03)[..., None]
    )


def woodblock(image: Image.Image, plan: PaintPlan, rng: np.random.Generator) -> Image.Image:
    """Flat inks with soft gradations, drawn contours and the grain of the block."""
    pixels = _floats(_smoothed(image, 5))
    shape = pixels.shape[:2]
    unit = min(shape)
    small = _image(pixels).reduce(2)
    few = small.quantize(16, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    clean = few.convert("RGB").filter(ImageFilter.MedianFilter(5))
    flat = _floats(clean.resize((shape[1], shape[0]), Image.Resampling.BICUBIC))
    pixels = 0.62 * flat + 0.38 * pixels
    grey = _image(pixels).convert("L").filter(ImageFilter.GaussianBlur(unit * 0.0013))
    down, across = np.gradient(_floats(grey))
    line = smoothstep(0.016, 0.05, np.hypot(down, across) * unit / 1000)
    grain = fractal(rng, shape, 34, octaves=4, gain=0.6, stretch=14)
    out = (
        pixels * (1 - 0.72 * line)[..., None]
        + line[..., None] * np.array([0.05, 0.06, 0.12], np.float32) * 0.72
    )
    out = out * (1 + 0.03 * grain)[..., None]
    return _image(out * np.array([1.0, 0.985, 0.94], np.float32))


def pastel(image: Image.Image, plan: PaintPlan, rng: np.random.Generator) -> Image.Image:
    """Chalk that skips over the tooth of tinted paper, in slanting strokes."""
    pixels = _floats(_smoothed(image, 5))
    shape = pixels.shape[:2]
    strokes = fractal(rng, shape, 40, octaves=3, gain=0.7, stretch=5)
    slant = (np.arange(shape[0])[:, None] * 1 + np.arange(shape[1])[None, :]) % shape[1]
    rows = np.broadcast_to(np.arange(shape[0])[:, None], shape)
    strokes = strokes[rows, slant]
    unit = min(shape)
    pixels = _moved(pixels, strokes * unit * 0.006, -strokes * unit * 0.006)
    tooth = _tooth(rng, shape, 150)
    cover = smoothstep(-1.5, 0.5, strokes * 0.6 + tooth * 0.8 + 0.9)[..., None]
    ground = np.array([0.86, 0.81, 0.74], np.float32)
    return _image(ground + (pixels * 1.06 - ground) * (0.3 + 0.7 * cover))


FINISHES: dict[str, Finish] = {
    "watercolour": watercolour,
    "ink": ink,
    "oil": oil,
    "riso": riso,
    "pixel": pixel,
    "paper": paper,
    "woodblock": woodblock,
    "pastel": pastel,
    "film": film,
}
"""Final steps of every medium; gouache if the prompt names none."""
