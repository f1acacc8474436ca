"""Visuals by name."""

from typing import Protocol

from engine.video.plan import Signals, Visual
from engine.video.procedural.flow import Flow
from engine.video.procedural.inks import Bytes
from engine.video.procedural.levels import Track


class Stage(Protocol):
    """A visual that is ready to draw frames of one song, palette and size."""

    def frame(self, time: float, frame: int) -> Bytes:
        """Return the frame of a number and its time in seconds, BGRA."""
        ...


def stage_of(
    visual: Visual,
    signals: Signals,
    palette: tuple[str, ...],
    size: tuple[int, int],
    seed: int,
    frame_rate: float,
) -> Stage:
    """Return a visual, ready to draw; see `engine.video.procedural.draw`.

    Raises:
        ValueError: There is no such visual, or a colour cannot be read.
    """
    track = Track(signals)
    if visual == "flow":
        return Flow(track, palette, size, seed)
    raise ValueError(f"no visual named {visual!r}")
