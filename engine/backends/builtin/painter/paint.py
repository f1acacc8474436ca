"""Paints an image from a prompt: reads it, plans, paints in layers, grades and finishes.

A procedural painter, not a learned model: it knows the words of `words.toml` and paints what they
name with noise, gradients and cut-out silhouettes. The same arguments give the same bytes on the
same versions of numpy and Pillow.
"""

import io
import zlib
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageFilter

from engine.backends.builtin.painter.abstract import abstract
from engine.backends.builtin.painter.canvas import Canvas, blurred
from engine.backends.builtin.painter.grade import grade, tone
from engine.backends.builtin.painter.medium import finish
from engine.backends.builtin.painter.plan import PaintPlan, plan
from engine.backends.builtin.painter.portrait import portrait
from engine.backends.builtin.painter.reference import follow, heed
from engine.backends.builtin.painter.scene import Source, landscape
from engine.backends.builtin.painter.space import space
from engine.backends.builtin.painter.still import still_life
from engine.backends.builtin.painter.underwater import deep
from engine.backends.builtin.painter.weather import weather
from engine.imaging.vocabulary.reading import read

LARGEST = 1_900_000
"""Pixels that are painted one by one; a larger image is painted smaller and enlarged."""

SMALLEST = 192
"""Shorter side that is painted at least; a smaller image is painted larger and reduced."""


def paint(
    prompt: str,
    negative_prompt: str,
    seed: int,
    width: int,
    height: int,
    reference: bytes | None = None,
    *,
    more_references: Sequence[bytes] = (),
    freedom: float = 1.0,
) -> bytes:
    """Paint one image.

    Args:
        prompt: What to paint; any text, also none.
        negative_prompt: What to leave out: subjects, weathers, colours.
        seed: Source of every choice that the prompt leaves open.
        width: Width in pixels, 64 to 4096.
        height: Height in pixels, 64 to 4096.
        reference: An image to follow in palette and, roughly, in its light and dark.
        more_references: Further ones, to follow in palette; the first of them in light and dark
            as well where there is no `reference`.
        freedom: How far the painter strays in tone and placement, 0 to 2; 1 is its temperament.

    Returns:
        The image as PNG, 8-bit RGB.

    Raises:
        ValueError: The reference is no image, or larger than Pillow takes for safe.
    """
    source = source_of(seed)
    decided = plan(read(prompt, negative_prompt), source("plan"), freedom, prompt)
    references = [*([reference] if reference is not None else []), *more_references]
    guide = heed(references, decided) if references else None
    canvas = Canvas(*_working_size(width, height))
    set_stage(canvas, decided, source)
    weather(canvas, decided, source("weather"))
    if guide is not None:
        follow(canvas, guide)
    image = finished(canvas, decided, source)
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=3)
    return out.getvalue()


def finished(canvas: Canvas, plan: PaintPlan, source: Source) -> Image.Image:
    """Return what is painted as an image: seen through the lens, graded, in its medium."""
    _lens(canvas, plan, source("grain"))
    image = grade(canvas.image(), plan)
    return finish(_focused(image, plan), plan, source("medium"))


def source_of(seed: int) -> Source:
    """Return the source of a seed's generators: one for each part of an image."""

    def generator(name: str) -> np.random.Generator:
        return np.random.default_rng([seed, zlib.crc32(name.encode())])

    return generator


def _working_size(width: int, height: int) -> tuple[int, int]:
    scale = 1.0
    if width * height > LARGEST:
        scale = float((LARGEST / (width * height)) ** 0.5)
    elif min(width, height) < SMALLEST:
        scale = SMALLEST / min(width, height)
    return max(8, round(width * scale)), max(8, round(height * scale))


def set_stage(canvas: Canvas, plan: PaintPlan, source: Source) -> None:
    """Paint the scene with its subjects, before any weather."""
    if plan.stage == "land":
        landscape(canvas, plan, source)
        return
    stages = {"still": still_life, "space": space, "deep": deep, "portrait": portrait}
    stages.get(plan.stage, abstract)(canvas, plan, source(plan.stage))


def _lens(canvas: Canvas, plan: PaintPlan, rng: np.random.Generator) -> None:
    """Bloom around what is bright, darker corners, and the finest grain against banding."""
    luma = np.clip(canvas.pixels[..., 1], 0, 1)
    bright = np.clip((luma - 0.72) * 3, 0, 1)
    canvas.glow(blurred(bright, canvas.unit * 0.022) * 0.2, plan.look.lamp)
    far = ((canvas.x - 0.5) ** 2 + (canvas.y - 0.5) ** 2) * 2
    strength = 0.34 if plan.look.is_dark else 0.2
    canvas.pixels *= (1 - strength * far**1.5)[..., None]
    grain = rng.standard_normal(canvas.shape, dtype=np.float32)
    canvas.pixels += (grain * 0.0075)[..., None]


def _focused(image: Image.Image, plan: PaintPlan) -> Image.Image:
    """Sharpness and detail, as they are asked for."""
    unit = min(image.size)
    step = tone(plan, "sharpness")
    if step > 0.05:
        image = image.filter(ImageFilter.UnsharpMask(unit * 0.0016, round(70 * step), 1))
    elif step < -0.05:
        soft = image.filter(ImageFilter.GaussianBlur(unit * 0.0012 * -step))
        image = Image.blend(image, soft, min(1.0, 0.55 - 0.3 * step))
    detail = plan.step("detail")
    if detail > 0:
        image = image.filter(ImageFilter.UnsharpMask(unit * 0.012, round(40 * detail), 2))
    elif detail < 0:
        image = image.filter(ImageFilter.GaussianBlur(unit * 0.003 * -detail))
    return image
