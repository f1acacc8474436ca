"""Procedural visuals: processor time of a frame, colours, the same bytes in other processes."""

from typing import get_args

from bench.figures import Figure, at_most
from bench.machine import measured
from engine.video.plan import Visual

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
MILLISECONDS, DISTANCE = 44.0, 2.0


def visuals(*, long: bool) -> list[Figure]:
    """Time and colours of each visual, and whether two processes draw the same."""
    figures = []
    for visual in get_args(Visual):
        report = measured("visuals", "speed", visual, 240 if long else 60, environment=ONE_THREAD)
        name = f"visual {visual}, 1080p"
        figures += [
            at_most(
                f"{name}: processor time of a frame",
                report["milliseconds"],
                MILLISECONDS,
                "{:.0f} ms",
                " ms",
            ),
            at_most(
                f"{name}: distance to blends of the palette (OKLab x 100)",
                report["distance"],
                DISTANCE,
                "{:.2f}",
            ),
        ]
    return [*figures, _differing(get_args(Visual))]


def _differing(names: tuple[str, ...]) -> Figure:
    runs = [[measured("visuals", "bytes", name)["sums"] for name in names] for _ in range(2)]
    differing = sum(one != other for one, other in zip(*runs, strict=True))
    return at_most("visuals that differ between two processes", differing, 0, "{:.0f} of 4 visuals")
