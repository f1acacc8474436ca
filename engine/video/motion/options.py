"""Names and limits of animations, as plain data without numpy."""

from typing import Literal

Border = Literal["replicate", "reflect", "wrap"]
"""Content of places that a movement uncovers."""

SCHEDULES = (
    "zoom",
    "angle",
    "translation_x",
    "translation_y",
    "strength_schedule",
    "noise_schedule",
)
"""Schedules that an animation follows, by their names in Deforum."""

MAX_FRAMES = 3600
"""Frames of an animation, at most."""
