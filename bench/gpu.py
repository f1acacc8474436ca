"""`python -m bench.gpu FOLDER`: what a GPU gives through the engine, beside bare loops.

SDXL in its full size with random weights in bfloat16: pictures per second through the engine and
its model host, and by a bare loop; then with a second model on the same card, whose scores are
computed between the pictures. One command of less than ten minutes, for a machine with a GPU that
is lent for a while: it prints a table and writes `gpu.json` to FOLDER. `--tiny` runs the same code
with tiny models on the processor.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.figures import Figure, at_least, table
from bench.machine import describe_machine, measured
from engine.models.hosts.devices import CPU, find_devices
from engine.models.hosts.nvml import open_nvml, read_device

SHARE = 0.98
"""Pictures per second through the engine, of those of a bare loop."""
BUDGET_GIB = {"sdxl": 24.0, "tiny": 1.0}
"""Memory that both models may fill: of a card that people have, and of the tiny ones."""


def options() -> argparse.Namespace:
    """Return the arguments of the command."""
    parser = argparse.ArgumentParser(prog="python -m bench.gpu", description=__doc__)
    parser.add_argument("folder", type=Path, help="where gpu.json is written")
    parser.add_argument("--tiny", action="store_true", help="tiny models on the processor")
    parser.add_argument("--jobs", type=int, default=48, help="pictures per run")
    parser.add_argument("--batch", type=int, default=4, help="pictures per call")
    parser.add_argument("--rounds", type=int, default=2, help="runs of each, by turns")
    return parser.parse_args()


def main() -> int:
    """Measure, print and write; exit code 1 if a goal is missed, 2 without a GPU."""
    chosen = options()
    device = CPU if chosen.tiny else find_devices()[0].id
    if device == CPU and not chosen.tiny:
        print("No GPU here; --tiny runs the same code on the processor.", file=sys.stderr)
        return 2
    scale, started = "tiny" if chosen.tiny else "sdxl", time.monotonic()
    environment = {"OMP_NUM_THREADS": "1"} if chosen.tiny else {}
    with tempfile.TemporaryDirectory(prefix="gpu-") as name:
        measured("gpu", "build", scale, name, environment=environment)
        seconds = _runs(chosen, scale, Path(name), device, environment)
    figures = _figures(scale, device, chosen.jobs, chosen.batch, seconds)
    report = {
        "machine": describe_machine(),
        "device": _describe(device),
        "scale": scale,
        "jobs": chosen.jobs,
        "batch": chosen.batch,
        "seconds": seconds,
        "took_seconds": time.monotonic() - started,
        "figures": [[f.name, f.found, f.goal, f.met] for f in figures],
    }
    chosen.folder.mkdir(parents=True, exist_ok=True)
    (chosen.folder / "gpu.json").write_text(json.dumps(report, indent=2) + "\n")
    print(table(figures))
    return 1 if any(figure.met is False for figure in figures) else 0


def _runs(
    chosen: argparse.Namespace,
    scale: str,
    folder: Path,
    device: str,
    environment: Mapping[str, str],
) -> dict[str, list[float]]:
    """Run every case by turns; return the seconds of each."""
    seconds: dict[str, list[float]] = {}
    numbers = (chosen.jobs, chosen.batch, device)
    for number in range(chosen.rounds):
        cases: dict[str, tuple[Any, ...]] = {
            "loop": ("diffusion", "loop", scale, folder / "model", *numbers),
            "engine": ("diffusion", "engine", scale, folder / "model", *numbers),
            "apart": ("gpu", "apart", scale, folder, *numbers),
            "overlapped": ("gpu", "overlapped", scale, folder, *numbers, BUDGET_GIB[scale]),
        }
        for case, arguments in cases.items():
            print(f"round {number + 1}: {case}", file=sys.stderr, flush=True)
            result = measured(*arguments, environment=environment)
            seconds.setdefault(case, []).append(result["seconds"])
            if "painting" in result:
                seconds.setdefault("painting", []).append(result["painting"])
    return seconds


def _figures(
    scale: str, device: str, jobs: int, batch: int, seconds: Mapping[str, list[float]]
) -> list[Figure]:
    def ratio(one: str, other: str) -> float:
        pairs = zip(seconds[one], seconds[other], strict=True)
        return statistics.median(a / b for a, b in pairs)

    rates = {case: jobs / statistics.median(values) for case, values in seconds.items()}
    return [
        at_least(
            f"{jobs} pictures of {scale} on {device}, {batch} in a call: share of a bare loop",
            ratio("loop", "engine"),
            SHARE,
            f"{{:.3f}} ({rates['engine']:.2f}/s, loop {rates['loop']:.2f}/s)",
        ),
        at_least(
            f"the same, each scored by a second model, both in {BUDGET_GIB[scale]:g} GiB: times a "
            "loop that paints all, then scores all",
            ratio("apart", "overlapped"),
            1,
            f"{{:.3f}} ({rates['overlapped']:.2f}/s, loop {rates['apart']:.2f}/s)",
        ),
        Figure(
            "the same: share of a loop that only paints",
            f"{ratio('painting', 'overlapped'):.3f} ({rates['painting']:.2f}/s)",
        ),
    ]


def _describe(device: str) -> dict[str, Any]:
    """Return what NVML says of a device, as far as it can be asked."""
    nvml = open_nvml() if device.startswith("cuda") else None
    if nvml is None:
        return {"id": device}
    handle = nvml.nvmlDeviceGetHandleByIndex(int(device.partition(":")[2] or 0))
    figures = read_device(nvml, handle)
    return {
        "id": device,
        "name": str(nvml.nvmlDeviceGetName(handle)),
        "bytes": figures.total,
        "celsius": figures.celsius,
        "driver": str(nvml.nvmlSystemGetDriverVersion()),
    }


if __name__ == "__main__":
    sys.exit(main())
