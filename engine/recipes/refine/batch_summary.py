"""The summary of a whole batch, written as its jobs come by and never held in memory."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine.contract.folder import Folder
from engine.recipes.common.documents import VERSION, to_json
from engine.recipes.refine.documents import batch_entry, batch_head, totals
from engine.recipes.refine.report import BatchReport, JobReport, Totals


def write_batch(reports: Iterable[JobReport], batch: BatchReport, path: Path) -> None:
    """Write `batch_summary.json`: the batch, one job per line, and the totals.

    The file appears whole at the end, private to its owner. If the jobs cannot all be read,
    what was there before stays.

    Args:
        reports: The jobs in the order of the input; read once, one at a time.
        batch: The batch.
        path: The file to write; its folder is created if it is missing.

    Raises:
        ExportError: The folder is a link, or a folder stands where the file belongs.
        OSError: The file cannot be written.
    """
    sums = _Sums()
    with Folder(path.parent) as folder, folder.replacing(path.name, tidy=True) as stream:
        stream.write(b'{\n"version": %d,\n"batch": ' % VERSION + _line(batch_head(batch)))
        stream.write(b',\n"jobs": [')
        for number, report in enumerate(reports):
            stream.write((b",\n" if number else b"\n") + _line(batch_entry(report)))
            sums.add(report)
        stream.write(b'\n],\n"totals": ' + _line(sums.document()) + b"\n}\n")


class _Sums:
    """Sums over the jobs that have gone by."""

    def __init__(self) -> None:
        self.states: Counter[str] = Counter()
        self.best: float | None = None
        self.cost = self.calls = self.iterations = 0
        self.seconds = 0.0

    def add(self, report: JobReport) -> None:
        self.states[report.state] += 1
        self.cost += report.totals.cost_microdollars
        self.seconds += report.totals.seconds
        self.calls += report.totals.calls
        self.iterations += report.totals.iterations
        best = report.best_iteration
        if best is not None and best.score is not None:
            self.best = best.score if self.best is None else max(self.best, best.score)

    def document(self) -> dict[str, Any]:
        sums = Totals(
            cost_microdollars=self.cost,
            seconds=self.seconds,
            calls=self.calls,
            iterations=self.iterations,
        )
        return {"jobs": dict(self.states), "best_score": self.best, **totals(sums)}


def _line(document: dict[str, Any]) -> bytes:
    return to_json(document, indent=None).rstrip(b"\n")
