"""Visuals by name."""

from collections.abc import Callable
from typing import Protocol, get_args

from engine.video.plan import Signals, Visual
from engine.video.procedural.feedback import Feedback
from engine.video.procedural.flow import Flow
from engine.video.procedural.inks import Bytes
from engine.video.procedural.levels import Track
from engine.video.procedural.particles import Particles
from engine.video.procedural.spectrum import Spectrum


class Stage(Protocol):
    """A visual that is ready to draw frames of one song, palette and size."""

    def frame(self, time: float, frame: int) -> Bytes:
        """Return the frame of a number and its time in seconds, BGRA."""
        ...


_ALONE: dict[str, Callable[[Track, tuple[str, ...], tuple[int, int], int], Stage]] = {
    "flow": Flow,
    "particles": Particles,
    "spectrum": Spectrum,
}
"""Visuals whose frames stand alone."""


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
    if visual == "feedback":
        return Feedback(track, palette, size, seed, frame_rate)
    if visual not in _ALONE:
        raise ValueError(f"no visual named {visual!r}; there are {', '.join(get_args(Visual))}")
    return _ALONE[visual](track, palette, size, seed)
