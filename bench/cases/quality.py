"""The loop against one image and against the best of several, at the same cost, by other judges.

Every arm is a batch of the recipe `refine` in a workspace of its own, run by the engine as any
other; only its settings differ. What it chose is judged by two measures that it does not read: the
distance to a colour script, and what the painter really painted (`bench.cases.quality_truth`).

Usage: python -m bench.cases.quality FOLDER ARM SEEDS SIDE
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.cases.quality_briefs import Brief, briefs
from bench.cases.quality_truth import demands_met
from bench.machine import emit
from engine.runtime.artifacts import ArtifactStore

IMAGES = 8
"""Images of one brief and seed in every arm but the first."""

NEVER = {"target_score": 100.0}
"""Settings with which no arm stops early, so that all cost the same."""

ARMS: dict[str, dict[str, Any]] = {
    "one image": {"max_iterations": 1},
    "best of 8": {"max_iterations": 1, "candidates": 8, "max_images": 8},
    "best of 8 by checklist": {
        "max_iterations": 1, "candidates": 8, "max_images": 8, "evaluation": "checklist",
    },
    "plain refine": {"max_iterations": 8, "max_images": 8},
    "candidates, described": {"max_iterations": 8, "candidates": 5, "max_images": 8},
    "candidates and checklist": {
        "max_iterations": 8, "candidates": 5, "max_images": 8, "evaluation": "checklist",
    },
    "candidates in pairs": {
        "max_iterations": 8, "candidates": 5, "max_images": 8, "evaluation": "pairwise",
    },
}  # fmt: skip
"""Settings of each arm."""

LOOP = ("one image", "best of 8", "plain refine", "candidates and checklist", "candidates in pairs")
"""Arms of the short form."""

FULL = tuple(ARMS)
"""Arms of the long form."""


def entry(brief: Brief, seed: int, side: int) -> dict[str, Any]:
    """Return the entry of an input file for a brief and a seed."""
    return {
        "id": f"{brief.id}-{seed}",
        "prompt": brief.text,
        "seed": seed,
        "width": side,
        "height": side,
    }


def run(folder: Path, arm: str, seeds: int, side: int) -> list[dict[str, Any]]:
    """Run an arm and return a row per brief and seed."""
    from safelight import open_workspace

    with tempfile.TemporaryDirectory(dir=folder) as inputs:
        file = Path(inputs) / "briefs.json"
        entries = [entry(brief, seed, side) for brief in briefs() for seed in range(seeds)]
        file.write_text(json.dumps(entries))
        with open_workspace(folder / "workspace") as workspace:
            batch = workspace.run("refine", file, settings={**NEVER, **ARMS[arm]})
            reports = {report.key: report for report in workspace.results(batch)}
            return [
                _row(brief, seed, reports[f"{brief.id}-{seed}"], workspace)
                for brief in briefs()
                for seed in range(seeds)
            ]


def _row(brief: Brief, seed: int, report: Any, workspace: Any) -> dict[str, Any]:
    from tests.support.colour_scripts import distance

    best = report.best_iteration
    image = ArtifactStore(workspace.paths.artifacts).path(best.artifact.hash).read_bytes()
    met, asked = demands_met(brief.text, best.prompt, best.seed, image)
    return {
        "brief": brief.id,
        "seed": seed,
        "distance": distance(image, brief.script),
        "met": met,
        "asked": asked,
        "score": best.score,
        "seconds": report.totals.seconds,
    }


def main() -> None:
    """Print the rows of an arm."""
    folder, arm, seeds, side = sys.argv[1:]
    emit(rows=run(Path(folder), arm, int(seeds), int(side)))


if __name__ == "__main__":
    main()
