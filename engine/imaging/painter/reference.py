"""Follows a reference picture: its palette, and roughly where it is light and where dark."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, UnidentifiedImageError

from engine.imaging.measure.colour import Array
from engine.imaging.measure.palette import dominant
from engine.imaging.painter.canvas import Canvas
from engine.imaging.painter.noise import enlarge
from engine.imaging.painter.plan import Plan

GRID = 8
"""Cells along every side of the layout that is taken from the reference."""


@dataclass(frozen=True, slots=True)
class Guide:
    """Lightness of the reference in a coarse grid, shape (`GRID`, `GRID`), 0..1."""

    lightness: Array


def heed(reference: bytes, plan: Plan) -> Guide:
    """Takes palette and focus of the reference into the plan and returns its layout.

    Raises:
        ValueError: The bytes are no picture that can be read safely.
    """
    try:
        with Image.open(io.BytesIO(reference)) as opened:
            opened.draft("RGB", (256, 256))
            image = opened.convert("RGB").resize((128, 128), Image.Resampling.BOX)
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise ValueError(f"the reference picture cannot be read: {error}") from error
    pixels = np.asarray(image, dtype=np.float32) / 255
    found = dominant(pixels, 6)
    plan.palette = [*plan.palette, *((swatch.rgb, 0.5 + swatch.share) for swatch in found)]
    plan.pull = max(plan.pull, 0.72)
    grid = pixels.mean(axis=-1).reshape(GRID, 128 // GRID, GRID, 128 // GRID).mean(axis=(1, 3))
    return Guide(np.asarray(grid))


def follow(canvas: Canvas, guide: Guide) -> None:
    """Shifts broad light and dark of the sheet two thirds of the way to the guide's."""
    wanted = enlarge(guide.lightness, canvas.shape)
    rows = np.array_split(canvas.pixels.mean(axis=-1), GRID, axis=0)
    own = [[float(cell.mean()) for cell in np.array_split(row, GRID, axis=1)] for row in rows]
    present = enlarge(np.array(own), canvas.shape)
    canvas.pixels += (0.66 * (wanted - present))[..., None]
