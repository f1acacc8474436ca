"""Procedural visuals: pictures that follow a song and need no model, no image and no network.

Each frame depends on the signals of the song, the palette, the seed and its number only, so any
process computes the same bytes for it.
"""

from typing import TYPE_CHECKING, Any

from engine.video.plan import Signals, Visual

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.video.procedural.stages import Stage

_MAX_STAGES = 4
"""Visuals that are kept ready at once: a dissolve needs two."""

_stages: "dict[tuple[Any, ...], tuple[Signals, Stage]]" = {}


def draw(
    visual: Visual,
    signals: Signals,
    time: float,
    frame: int,
    palette: tuple[str, ...],
    size: tuple[int, int],
    seed: int,
    frame_rate: float = 30.0,
) -> "NDArray[np.uint8]":
    """Draw one frame of a visual.

    What frames have in common is kept for the next call, by the identity of `signals`: pass the
    same object for all frames of a film.

    Args:
        visual: Name of the visual.
        signals: The song as numbers.
        time: Time of the frame in seconds of the film.
        frame: Number of the frame in the film, from 0; its time is `frame / frame_rate`.
        palette: Colours as `#rrggbb`; the visual's own if empty.
        size: Width and height in pixels.
        seed: Seed of the visual.
        frame_rate: Frames per second of the film.

    Returns:
        BGRA, opaque, shape (height, width, 4); the caller may change it in place.

    Raises:
        ValueError: There is no such visual, or a colour cannot be read.
    """
    return _stage(visual, signals, palette, size, seed, frame_rate).frame(time, frame)


def _stage(
    visual: Visual,
    signals: Signals,
    palette: tuple[str, ...],
    size: tuple[int, int],
    seed: int,
    frame_rate: float,
) -> "Stage":
    from engine.video.procedural.stages import stage_of

    key = (visual, id(signals), palette, size, seed, frame_rate)
    entry = _stages.pop(key, None)
    if entry is None:
        entry = signals, stage_of(visual, signals, palette, size, seed, frame_rate)
    _stages[key] = entry
    while len(_stages) > _MAX_STAGES:
        del _stages[next(iter(_stages))]
    return entry[1]
