"""Runs a batch from Python: queue, run, follow with a callback, read the results.

python examples/use_from_python.py [WORKSPACE]
"""

import sys
from pathlib import Path

from engine.client.watch import BatchUpdate
from safelight import open_workspace

PROMPTS = Path(__file__).with_name("prompts.json")


def say(update: BatchUpdate) -> None:
    """Print what has happened since the last call."""
    for event in update.events:
        if event.type == "job.done":
            print(f"{update.batch.ended}/{update.batch.total} {event.message}")


def main(folder: str, **settings: int) -> None:
    """Run the example prompts and print the best of each.

    Args:
        folder: The workspace; created if it does not exist.
        **settings: Settings of the recipe, and `seed`.
    """
    with open_workspace(folder) as workspace:
        batch = workspace.run("refine", PROMPTS, settings={"seed": 11, **settings}, progress=say)
        for report in workspace.results(batch):
            best = report.best_iteration
            if best is not None:
                print(f"{best.score:5.1f}  {report.title}: iteration {best.number}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "demo-python")
