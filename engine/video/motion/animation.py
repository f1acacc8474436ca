"""An animation frame by frame: movement, strength and noise, and which frames are diffused.

Directions and units are Deforum's: a zoom above 1 goes in, an angle above 0 turns against the
clock, in degrees, a translation moves the image to the right and down, in pixels. Each value is of
the step from the frame before to its frame.
"""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from engine.video.motion.options import MAX_FRAMES, SCHEDULES, Border
from engine.video.schedules import read_schedule

Matrix = NDArray[np.floating[Any]]
"""Affine movement of points (x, y, 1), shape (3, 3)."""

Row = tuple[float, ...]


class Animation(BaseModel):
    """All that the frames of an animation depend on, besides prompt, model and seed.

    Attributes:
        width: Width in pixels.
        height: Height in pixels.
        cadence: Every how many frames one is diffused; those between are moved and blended.
        zoom: Zoom of each frame.
        angle: Turning of each frame in degrees.
        across: Shift of each frame to the right in pixels.
        down: Shift of each frame downwards in pixels.
        strength: Share of the last image that stays, of each frame, 0 to 1.
        noise: Deviation of the noise that is added before diffusion, as a share of white.
        border: Content of places that a movement uncovers.
        coherent: True to keep the colours of the first frame.
        seed: Seed of the first frame; frame n has the seed n higher.
        follows_seed: False to use the first seed for all frames.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: int = Field(ge=8)
    height: int = Field(ge=8)
    cadence: int = Field(1, ge=1)
    zoom: Row
    angle: Row
    across: Row
    down: Row
    strength: Row
    noise: Row
    border: Border = "replicate"
    coherent: bool = True
    seed: int = 0
    follows_seed: bool = True

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        rows = (self.zoom, self.angle, self.across, self.down, self.strength, self.noise)
        if {len(row) for row in rows} != {self.frames} or not 1 <= self.frames <= MAX_FRAMES:
            raise ValueError(f"needs values for all of 1 to {MAX_FRAMES} frames")
        if min(self.zoom) <= 0:
            raise ValueError("zoom must be above 0")
        return self

    @property
    def frames(self) -> int:
        """Number of frames."""
        return len(self.zoom)

    @property
    def keys(self) -> tuple[int, ...]:
        """Frames that are diffused, from the first to the last."""
        return tuple(sorted({*range(0, self.frames, self.cadence), self.frames - 1}))

    def seed_of(self, frame: int) -> int:
        """Return the seed of a frame."""
        return (self.seed + frame * self.follows_seed) % 2**63

    def denoising(self, frame: int) -> float:
        """Return the share of the denoising steps that a frame takes: what strength leaves."""
        return min(1.0, max(0.02, 1 - self.strength[frame]))

    def movement(self, start: int, stop: int) -> Matrix:
        """Return the movement from one frame to another; to an earlier one it is reversed."""
        if stop < start:
            return np.asarray(np.linalg.inv(self.movement(stop, start)))
        moved = np.eye(3)
        for frame in range(start + 1, stop + 1):
            moved = self._step(frame) @ moved
        return moved

    def _step(self, frame: int) -> Matrix:
        turn, zoom = np.deg2rad(self.angle[frame]), self.zoom[frame]
        cosine, sine = np.cos(turn) * zoom, np.sin(turn) * zoom
        x, y = (self.width - 1) / 2, (self.height - 1) / 2
        about = np.array(
            [
                [cosine, sine, (1 - cosine) * x - sine * y],
                [-sine, cosine, sine * x + (1 - cosine) * y],
                [0, 0, 1],
            ]
        )
        shift = np.array([[1, 0, self.across[frame]], [0, 1, self.down[frame]], [0, 0, 1]])
        return np.asarray(about @ shift)


def animation_of(
    schedules: Mapping[str, str], frames: int, amount: float, **fields: Any
) -> Animation:
    """Return an animation that follows schedules.

    Args:
        schedules: Schedule by its name in Deforum, for all of `SCHEDULES`.
        frames: Number of frames.
        amount: Factor of all movement; 1 for that of the schedules, 0 for none.
        fields: Other fields of the animation.

    Raises:
        ScheduleError: A schedule cannot be read.
    """
    seed = int(fields.get("seed", 0))
    rows = {name: read_schedule(schedules[name], frames, seed) for name in SCHEDULES}
    return Animation(
        zoom=tuple(max(0.05, 1 + (value - 1) * amount) for value in rows["zoom"]),
        angle=tuple(value * amount for value in rows["angle"]),
        across=tuple(value * amount for value in rows["translation_x"]),
        down=tuple(value * amount for value in rows["translation_y"]),
        strength=tuple(min(1.0, max(0.0, value)) for value in rows["strength_schedule"]),
        noise=tuple(min(1.0, max(0.0, value)) for value in rows["noise_schedule"]),
        **fields,
    )
