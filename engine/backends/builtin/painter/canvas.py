"""The sheet that is painted on, and how paint, light and cut-out shapes are laid on it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from engine.imaging.measure.colour import Array, Rgb, mix
from engine.imaging.silhouettes.curves import Point, Ring


@dataclass(frozen=True, slots=True)
class Patch:
    """A cut-out shape on the sheet: coverage 0..1 of shape (h, w) and its corner in pixels."""

    mask: Array
    left: int
    top: int


class Canvas:
    """An image in the making.

    Attributes:
        pixels: sRGB values, float32 of shape (height, width, 3), nominally 0..1.
        width: Width in pixels.
        height: Height in pixels.
        unit: The shorter side in pixels; sizes of things are fractions of it.
        x: Position of every column, 0..1, shape (1, width).
        y: Position of every row from the top, 0..1, shape (height, 1).
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height, self.unit = width, height, min(width, height)
        self.pixels: Array = np.zeros((height, width, 3), dtype=np.float32)
        self.x: Array = ((np.arange(width, dtype=np.float32) + 0.5) / width)[None, :]
        self.y: Array = ((np.arange(height, dtype=np.float32) + 0.5) / height)[:, None]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.height, self.width

    def over(self, mask: Array | float, colour: Rgb | Array, top: int = 0, left: int = 0) -> None:
        """Lay opaque paint where `mask` (h, w) is 1; row 0 of it lies on row `top`."""
        paint = np.asarray(colour, dtype=np.float32)
        cover = np.asarray(mask, dtype=np.float32)
        rows = cover.shape[0] if cover.ndim == 2 else self.height - top
        columns = cover.shape[1] if cover.ndim == 2 and cover.shape[1] > 1 else self.width - left
        view = self.pixels[top : top + rows, left : left + columns]
        change = paint - view
        change *= cover[..., None] if cover.ndim else cover
        view += change

    def glow(self, mask: Array, colour: Rgb, top: int = 0, left: int = 0) -> None:
        """Add light where `mask` (h, w) is above 0, never past white (screen blending)."""
        light = np.asarray(colour, dtype=np.float32)
        rows, columns = mask.shape
        view = self.pixels[top : top + rows, left : left + columns]
        change = 1 - view
        change *= mask.astype(np.float32, copy=False)[..., None]
        change *= light
        view += change

    def lay(self, patch: Patch, colour: Rgb | Array, opacity: float = 1.0) -> None:
        """Lay a cut-out shape in one colour, or in colours of shape (h, w, 3)."""
        if patch.mask.size:
            self.over(patch.mask * opacity, colour, patch.top, patch.left)

    def gradient(self, stops: Sequence[Rgb], top: int, bottom: int, power: float = 1.0) -> None:
        """Fill rows `top` to `bottom` with colours that melt from the first stop to the last."""
        if bottom <= top:
            return
        steps = 96
        places = np.linspace(0, 1, steps) ** power * (len(stops) - 1)
        ramp = []
        for place in places:
            at = min(int(place), max(0, len(stops) - 2))
            ramp.append(mix(stops[at], stops[min(at + 1, len(stops) - 1)], place - at))
        rows = np.linspace(0, steps - 1, bottom - top)
        table = np.array(ramp)
        columns = [np.interp(rows, np.arange(steps), table[:, part]) for part in range(3)]
        self.pixels[top:bottom] = np.stack(columns, axis=-1)[:, None, :]

    def distance(self, centre: Point) -> Array:
        """Distance of every pixel from a point given in fractions, in units, (height, width)."""
        across = (self.x - centre[0]) * (self.width / self.unit)
        down = (self.y - centre[1]) * (self.height / self.unit)
        return np.asarray(np.hypot(across, down))

    def stencil(
        self,
        rings: Sequence[Ring],
        at: Point,
        size: float,
        flip: bool = False,
        holes: Sequence[Ring] = (),
    ) -> Patch:
        """Cut a shape out, with smooth edges.

        Args:
            rings: Closed outlines in local coordinates: x to the right, y up.
            at: Where the local origin lies, in fractions of width and height.
            size: Length of one local unit, as a fraction of the sheet's shorter side.
            flip: Mirrors left and right.
            holes: Outlines that are cut out of the shape.
        """
        scale = size * self.unit
        sign = -1.0 if flip else 1.0
        origin = (at[0] * self.width, at[1] * self.height)
        placed = [_placed(ring, origin, scale, sign) for ring in rings if len(ring) > 2]
        if not placed:
            return Patch(np.zeros((0, 0), dtype=np.float32), 0, 0)
        every = np.concatenate(placed)
        left, top = (max(0, math.floor(edge) - 1) for edge in every.min(axis=0))
        right = min(self.width, math.ceil(float(every[:, 0].max())) + 1)
        bottom = min(self.height, math.ceil(float(every[:, 1].max())) + 1)
        if right <= left or bottom <= top:
            return Patch(np.zeros((0, 0), dtype=np.float32), 0, 0)
        fine = 2 if (right - left) * (bottom - top) > 250_000 else 4
        sheet = Image.new("L", ((right - left) * fine, (bottom - top) * fine))
        draw = ImageDraw.Draw(sheet)
        cut = [_placed(ring, origin, scale, sign) for ring in holes]
        for outline, value in [*((o, 255) for o in placed), *((o, 0) for o in cut)]:
            points = (outline - (left, top)) * fine
            draw.polygon([(float(px), float(py)) for px, py in points], fill=value)
        small = sheet.reduce(fine)
        return Patch(np.asarray(small, dtype=np.float32) / 255, left, top)

    def image(self) -> Image.Image:
        """The sheet as an 8-bit RGB image."""
        levels = np.clip(self.pixels * 255 + 0.5, 0, 255).astype(np.uint8)
        return Image.fromarray(levels, "RGB")


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on a sheet with a scale, where shapes in local coordinates are laid.

    Attributes:
        canvas: The sheet.
        at: Where the local origin lies, in fractions of width and height.
        size: Length of one local unit, as a fraction of the sheet's shorter side.
        flip: Mirrors left and right.
    """

    canvas: Canvas
    at: Point
    size: float
    flip: bool = False

    def put(
        self,
        rings: Sequence[Ring],
        colour: Rgb,
        opacity: float = 1.0,
        holes: Sequence[Ring] = (),
    ) -> Patch:
        """Lay rings in one colour and return the shape that they cut."""
        patch = self.canvas.stencil(rings, self.at, self.size, self.flip, holes)
        self.canvas.lay(patch, colour, opacity)
        return patch

    def up(self, height: float, aside: float = 0.0) -> Point:
        """A local point, `height` over the origin and `aside` of it, in fractions of the sheet."""
        sign = -1.0 if self.flip else 1.0
        x = self.at[0] + sign * aside * self.size * self.canvas.unit / self.canvas.width
        return x, self.at[1] - height * self.size * self.canvas.unit / self.canvas.height


def _placed(ring: Ring, origin: Point, scale: float, sign: float) -> Array:
    points = np.asarray(ring, dtype=np.float64)
    return np.asarray(points * (sign * scale, -scale) + origin)


def shifted(field: Array, down: int, across: int = 0) -> Array:
    """The field moved by whole pixels; what comes in at an edge repeats that edge."""
    rows = np.clip(np.arange(field.shape[0]) - down, 0, field.shape[0] - 1)
    columns = np.clip(np.arange(field.shape[1]) - across, 0, field.shape[1] - 1)
    return np.asarray(field[rows][:, columns])


def blurred(mask: Array, radius: float) -> Array:
    """A Gaussian-like blur of a field of 0..1; `radius` in pixels."""
    shrink = max(1, int(radius / 3))
    levels = (np.clip(mask, 0, 1) * 255).astype(np.uint8)
    image = Image.fromarray(levels, "L")
    size = image.size
    small = image.reduce(shrink) if shrink > 1 else image
    soft = small.filter(ImageFilter.GaussianBlur(radius / shrink))
    return np.asarray(soft.resize(size, Image.Resampling.BICUBIC), dtype=np.float32) / 255
