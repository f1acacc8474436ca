"""The images of the films that are measured: with the detail of photographs, and of dots."""

import resource
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.machine import emit

Frame = NDArray[np.uint8]
Matrix = NDArray[np.float64]

WIDTH, HEIGHT, RATE = 1920, 1080, 30
SOURCE = 2304, 1296
"""Size of the frames, their rate, and the size of the images."""

DOT, SPACING = 5.0, 120


def build(folder: Path) -> None:
    """Write three images with the detail of photographs, and one of dots."""
    from PIL import Image

    for seed in range(3):
        random = np.random.default_rng(seed)
        layers = np.zeros((*SOURCE[::-1], 3))
        for octave in range(2, 10):
            small = random.standard_normal((2**octave, 2**octave, 3)) * 0.62**octave
            for channel in range(3):
                plane = Image.fromarray(small[..., channel].astype(np.float32))
                layers[..., channel] += np.asarray(plane.resize(SOURCE, Image.Resampling.BICUBIC))
        spread = (layers - layers.min()) / np.ptp(layers) * 255
        Image.fromarray(spread.astype(np.uint8)).save(folder / f"{seed}.png")
    y, x = np.mgrid[-20:21, -20:21]
    dot = 200 * np.exp(-(x**2 + y**2) / (2 * DOT**2))
    image = np.full(SOURCE[::-1], 30.0)
    for column, row in dots():
        image[row - 20 : row + 21, column - 20 : column + 21] += dot
    grey = np.clip(image, 0, 255).astype(np.uint8)
    Image.fromarray(np.repeat(grey[..., None], 3, axis=2)).save(folder / "dots.png")
    emit(images=4)


def dots() -> Iterator[tuple[int, int]]:
    """Return the middles of the dots."""
    for row in range(180, SOURCE[1] - 150, SPACING):
        for column in range(180, SOURCE[0] - 150, SPACING):
            yield column, row


def pictures(folder: Path, *names: str) -> list[Frame]:
    """Return images as BGRA pixels."""
    import cv2

    return [
        np.asarray(cv2.cvtColor(np.asarray(cv2.imread(str(folder / f"{name}.png"))),
                                cv2.COLOR_BGR2BGRA), np.uint8)
        for name in names
    ]  # fmt: skip


def processor_seconds() -> float:
    """Return the processor seconds of this process and its children."""
    times = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in times)
