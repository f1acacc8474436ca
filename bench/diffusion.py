"""Images of a diffusion model through the engine, beside a bare loop over the same pipeline."""

import statistics
import tempfile
from pathlib import Path

from bench.figures import Figure, at_least
from bench.machine import measured
from engine.models.hosts.devices import CPU, find_devices

JOBS, BATCH = 64, 4
ONE_THREAD = {"OMP_NUM_THREADS": "1"}


def diffusion(*, long: bool) -> list[Figure]:
    """Throughput against a bare loop: tiny on the processor; in the long form SDXL on a GPU."""
    found = [_beside("tiny", CPU, goal=0.95, rounds=5 if long else 3)]
    if long:
        found.append(_on_an_accelerator())
    return found


def _on_an_accelerator() -> Figure:
    device = find_devices()[0]
    if device.kind == CPU:
        return Figure("SDXL in bfloat16 on a GPU, share of a bare loop", "no GPU here")
    return _beside("sdxl", device.id, goal=0.98, rounds=3)


def _beside(scale: str, device: str, *, goal: float, rounds: int) -> Figure:
    environment = ONE_THREAD if device == CPU else {}
    shares, bare, ours = [], [], []
    with tempfile.TemporaryDirectory(prefix="model-") as folder:
        model = Path(folder) / scale
        measured("diffusion", "build", scale, model, environment=environment)
        for _ in range(rounds):
            seconds = {
                what: measured(
                    "diffusion", what, scale, model, JOBS, BATCH, device, environment=environment
                )["seconds"]
                for what in ("loop", "engine")
            }
            bare.append(JOBS / seconds["loop"])
            ours.append(JOBS / seconds["engine"])
            shares.append(seconds["loop"] / seconds["engine"])
    words = f"{statistics.median(ours):.2f}/s, loop {statistics.median(bare):.2f}/s"
    return at_least(
        f"{JOBS} images of {scale} on {device}, {BATCH} in a call: share of a bare loop",
        statistics.median(shares),
        goal,
        f"{{:.2f}} ({words})",
    )
