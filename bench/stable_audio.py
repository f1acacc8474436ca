"""Sounds of stable-audio-tools through the engine, beside a bare loop over its own function."""

import importlib.util
import statistics
import tempfile
from pathlib import Path

from bench.figures import Figure, at_least
from bench.machine import measured
from tests.support.tiny_stable_audio import PACKAGES

JOBS, BATCH = 48, 4
ONE_THREAD = {"OMP_NUM_THREADS": "1"}


def stable_audio(*, long: bool) -> list[Figure]:
    """Throughput of a tiny model on the processor against a bare loop."""
    name = f"{JOBS} sounds of a tiny Stable Audio on cpu, {BATCH} in a call: share of a bare loop"
    if lacking := [one for one in PACKAGES if importlib.util.find_spec(one) is None]:
        return [Figure(name, f"could not be measured: {lacking[0]} is not installed")]
    bare, ours, shares = [], [], []
    with tempfile.TemporaryDirectory(prefix="model-") as folder:
        path = Path(folder)
        measured("stable_audio", "build", path, environment=ONE_THREAD)
        for _ in range(5 if long else 3):
            loop, engine = (
                measured("stable_audio", what, path, JOBS, BATCH, environment=ONE_THREAD)["seconds"]
                for what in ("loop", "engine")
            )
            bare.append(JOBS / loop)
            ours.append(JOBS / engine)
            shares.append(loop / engine)
    words = f"{statistics.median(ours):.2f}/s, loop {statistics.median(bare):.2f}/s"
    return [at_least(name, statistics.median(shares), 0.95, f"{{:.2f}} ({words})")]
