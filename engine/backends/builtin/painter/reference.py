"""Follows reference images: their palette, and roughly the light and dark of the first."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from engine.backends.builtin.painter.canvas import Canvas
from engine.backends.builtin.painter.noise import enlarge
from engine.backends.builtin.painter.plan import PaintPlan
from engine.imaging.decode import decoded
from engine.imaging.errors import ImageError
from engine.imaging.measure.colour import Array
from engine.imaging.measure.palette import dominant

SIDE = 128
"""Width and height of the copy of a reference that is looked at."""

GRID = 8
"""Cells along every side of the layout that is taken from the reference."""


@dataclass(frozen=True, slots=True)
class Guide:
    """Lightness of the reference in a coarse grid, shape (`GRID`, `GRID`), 0..1."""

    lightness: Array


def heed(references: Sequence[bytes], plan: PaintPlan) -> Guide:
    """Take the palette of the references into the plan and return the layout of the first.

    The palette is that of all references together, each as one part of equal size, the same
    image once. The layout is of one: an average of several would be the layout of none.

    Args:
        references: Encoded images, at least one.
        plan: What was decided so far; its palette and pull are changed.

    Raises:
        ValueError: The bytes are no image that can be read safely.
    """
    sheets = [_pixels(reference) for reference in dict.fromkeys(references)]
    colours = dominant(np.concatenate(sheets), 6)
    plan.palette = [*plan.palette, *((swatch.rgb, 0.5 + swatch.share) for swatch in colours)]
    plan.pull = max(plan.pull, 0.72)
    light = sheets[0].mean(axis=-1)
    grid = light.reshape(GRID, SIDE // GRID, GRID, SIDE // GRID).mean(axis=(1, 3))
    return Guide(np.asarray(grid))


def _pixels(reference: bytes) -> Array:
    """A reference as sRGB of 0..1, reduced to a square of `SIDE` pixels, shape (h, w, 3)."""
    try:
        image = decoded(reference, near=(256, 256))
    except ImageError as error:
        raise ValueError(f"the reference image cannot be read: {error}") from error
    image = image.resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(image, dtype=np.float32) / 255


def follow(canvas: Canvas, guide: Guide) -> None:
    """Shift broad light and dark of the sheet two thirds of the way to the guide's."""
    wanted = enlarge(guide.lightness, canvas.shape)
    rows = np.array_split(canvas.pixels.mean(axis=-1), GRID, axis=0)
    cells = [[float(cell.mean()) for cell in np.array_split(row, GRID, axis=1)] for row in rows]
    present = enlarge(np.array(cells), canvas.shape)
    canvas.pixels += (0.66 * (wanted - present))[..., None]
