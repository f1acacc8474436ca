"""Four scorers on a set of four images, beside a naive script for each."""

import statistics
import tempfile
from pathlib import Path

from bench.cases.scoring import METRICS
from bench.figures import Figure, at_least
from bench.machine import measured

ONE_THREAD = {"OMP_NUM_THREADS": "1"}


def scoring(*, long: bool) -> list[Figure]:
    """Processor time of four scripts for that of one task, from start to end and once loaded."""
    with tempfile.TemporaryDirectory(prefix="scoring-") as folder:
        measured("scoring", "build", folder, environment=ONE_THREAD)
        rounds = [_whole(Path(folder)) for _ in range(5 if long else 1)]
        loaded = measured("scoring", "beside", folder, 15 if long else 5, environment=ONE_THREAD)
    ratio = statistics.median(scripts / one for scripts, one in rounds)
    scripts, one = (statistics.median(seconds) for seconds in zip(*rounds, strict=True))
    alone, together = loaded["alone"], loaded["together"]
    return [
        at_least(
            "4 images by 4 scorers: processor time of a script each for that of one task",
            ratio,
            2,
            f"{{:.1f}} ({scripts:.1f} s and {one:.1f} s, start and loading included)",
        ),
        at_least(
            "the same with every model loaded already",
            alone / together,
            2,
            f"{{:.1f}} ({alone * 1000:.0f} ms and {together * 1000:.0f} ms)",
        ),
        Figure("how far apart their numbers are at most", f"{loaded['apart']:.0e}"),
    ]


def _whole(folder: Path) -> tuple[float, float]:
    """Processor seconds of the four scripts, and of the one task, as processes of their own."""
    scripts = sum(
        measured("scoring", "script", folder, metric, environment=ONE_THREAD)["seconds"]
        for metric in METRICS
    )
    return scripts, measured("scoring", "together", folder, environment=ONE_THREAD)["seconds"]
