"""Second judge of `quality`: what was painted, by the plan and the layers of the painter.

The loop sees pixels. This judge sees where the plan has put the main subject, and which pixels of
the canvas change with the colour of a thing in the plan: the part of it that has a colour. A place
is met if the subject stands on the named side; a colour if the median of that part in the finished
image is within `NEAR` of the named one in CIELAB.
"""

import io
from dataclasses import replace

import numpy as np
from PIL import Image

from engine.backends.builtin.painter.canvas import Canvas
from engine.backends.builtin.painter.paint import set_stage, source_of
from engine.backends.builtin.painter.plan import PaintPlan, plan
from engine.imaging.measure.colour import Array, from_hex
from engine.imaging.measure.likeness import cielab
from engine.imaging.vocabulary.expectations import GROUNDS
from engine.imaging.vocabulary.reading import Mention, read

NEAR = 30.0
"""Distance in CIELAB up to which a thing has the colour that is asked: plainly the same name."""

ASIDE, AMID = 0.05, 0.06
"""Distance from the middle from which a subject is on a side, and up to which it is in it."""

CHANGED, LEAST_PIXELS = 0.03, 30


def demands_met(brief: str, prompt: str, seed: int, image: bytes) -> tuple[int, int]:
    """Return how many demands on places and colours of things are met, and how many there are.

    Args:
        brief: What was asked for.
        prompt: What the image was painted from.
        seed: The seed that it was painted with.
        image: The finished image.
    """
    asked = read(brief)
    source = source_of(seed)
    decided = plan(read(prompt), source("plan"))
    checks = [_placed(side, decided.focus) for side in asked.names("composition")]
    checks += [
        _coloured(colour, decided, seed, image)
        for colour in asked.of("colour")
        if colour.of and colour.of not in GROUNDS
    ]
    decided_checks = [check for check in checks if check is not None]
    return sum(decided_checks), len(decided_checks)


def _placed(side: str, focus: float) -> bool | None:
    aside = focus - 0.5
    places = {"left": -aside >= ASIDE, "right": aside >= ASIDE, "centred": abs(aside) <= AMID}
    return places.get(side)


def _coloured(colour: Mention, decided: PaintPlan, seed: int, image: bytes) -> bool:
    """Return whether a thing is there and has the colour that is asked."""
    if colour.of not in decided.things:
        return False
    with Image.open(io.BytesIO(image)) as opened:
        finished = np.asarray(opened.convert("RGB"), dtype=float) / 255
    part = _pixels_of(colour.of, decided, seed, (finished.shape[1], finished.shape[0]))
    if part.sum() < LEAST_PIXELS:
        return False
    seen = np.median(cielab(finished[part]), axis=0)
    return float(np.linalg.norm(seen - cielab(np.array(from_hex(colour.value))))) <= NEAR


def _pixels_of(name: str, decided: PaintPlan, seed: int, size: tuple[int, int]) -> Array:
    """Return which pixels show the coloured part of a thing: those that change with its colour."""
    red, blue = (
        _canvas(replace(decided, colours={**decided.colours, name: hue}), seed, size)
        for hue in ((0.9, 0.1, 0.1), (0.1, 0.1, 0.9))
    )
    return np.asarray(np.abs(red - blue).max(axis=-1) > CHANGED)


def _canvas(decided: PaintPlan, seed: int, size: tuple[int, int]) -> Array:
    canvas = Canvas(*size)
    set_stage(canvas, replace(decided, traits=set(decided.traits)), source_of(seed))
    return canvas.pixels
