"""Procedural visuals at 1080p: processor time of a frame, colours beside the palette, bytes.

A song of 20 seconds with 120 beats a minute, loud from the middle on. Times are of the process and
in turn over the frames of two stretches of film, the early start of `feedback` included. Distances
are those in OKLab times 100 from each colour to the nearest blend of three colours of the palette.

Usage: python -m bench.cases.visuals speed VISUAL FRAMES
       python -m bench.cases.visuals bytes VISUAL
"""

import hashlib
import sys
import time

import numpy as np
from numpy.typing import NDArray

from bench.machine import emit
from engine.imaging.measure.colour import from_hex, oklab
from engine.video.plan import Visual
from engine.video.procedural import draw
from tests.support.signals import song_signals

SIZE, RATE = (1920, 1080), 30
PALETTE = ("#FF6B35", "#F7C59F", "#004E89", "#1A1A2E")
SONG = song_signals(20.0, loud_from=10.0)
FIRST = 10 * RATE
PARTS = 12
"""Blends along the side of a triangle of three colours."""


def frame(visual: Visual, number: int) -> NDArray[np.uint8]:
    """Return a frame of the song."""
    return draw(visual, SONG, number / RATE, number, PALETTE, SIZE, 7, RATE)


def speed(visual: Visual, frames: int) -> None:
    """Measure the processor time of frames in order, and the colours of the last one."""
    import cv2

    cv2.setNumThreads(1)
    frame(visual, 0)
    start = time.process_time()
    for number in range(FIRST, FIRST + frames):
        image = frame(visual, number)
    seconds = (time.process_time() - start) / frames
    emit(milliseconds=1000 * seconds, distance=_distance(image))


def sums(visual: Visual) -> None:
    """Print the hash of four frames, drawn from the last to the first."""
    numbers = (FIRST + 130, FIRST + 61, FIRST + 60, 5)
    images = {number: frame(visual, number).tobytes() for number in numbers}
    emit(sums=[hashlib.sha256(images[number]).hexdigest() for number in sorted(images)])


def _distance(image: NDArray[np.uint8]) -> float:
    lab = oklab(image[::12, ::12, 2::-1].reshape(-1, 3) / 255)
    corners = oklab(np.array([from_hex(colour) for colour in PALETTE]))
    shares = [(a, b, PARTS - a - b) for a in range(PARTS + 1) for b in range(PARTS + 1 - a)]
    picks = ((0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3))
    weights = np.array(shares) / PARTS
    blends = np.concatenate([weights @ corners[list(pick)] for pick in picks])
    nearest = [np.linalg.norm(colour - blends, axis=1).min() for colour in lab]
    return 100 * float(np.mean(nearest))


if __name__ == "__main__":
    if sys.argv[1] == "speed":
        speed(sys.argv[2], int(sys.argv[3]))  # type: ignore[arg-type]
    else:
        sums(sys.argv[2])  # type: ignore[arg-type]
