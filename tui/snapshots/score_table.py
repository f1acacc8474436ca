"""The scores of several pictures as a table: a row for each picture, a column for each metric."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from db.queries import inspect
from db.rows import Score
from engine.text.terminal import clean
from tui.snapshots.image_scores import OVERALL, Marks

MOST_ROWS, MOST_COLUMNS = 64, 12


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One picture: its name, whether it was taken, and a value for each metric."""

    label: str
    taken: bool
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Scores of several pictures, the metrics in the order in which they were given."""

    metrics: tuple[str, ...]
    rows: tuple[SheetRow, ...]


def sheet_of(
    scores: Sequence[Score],
    pictures: Mapping[int, str],
    lines: Mapping[int, inspect.StepLine],
    marks: Marks,
) -> Sheet | None:
    """The table of the pictures that steps scored; None where they scored none.

    Args:
        scores: What the steps gave.
        pictures: The first picture of each step of the job.
        lines: The job's steps by their numbers.
        marks: What each picture was given, by whatever step.
    """
    scored = {score.image: marks.pictures.get(score.image, {}) for score in scores if score.image}
    if not scored:
        return None
    names = _names(pictures, lines)
    order = [*(p for p in names if p in scored), *(p for p in scored if p not in names)]
    metrics = tuple(dict.fromkeys(m for p in order for m in scored[p]))
    metrics = tuple(sorted(metrics, key=lambda m: m != OVERALL))[:MOST_COLUMNS]
    return Sheet(
        metrics,
        tuple(
            SheetRow(
                label=names.get(picture, clean(picture[:8])),
                taken=picture in marks.taken,
                values=tuple(scored[picture].get(metric) for metric in metrics),
            )
            for picture in order[:MOST_ROWS]
        ),
    )


def _names(pictures: Mapping[int, str], lines: Mapping[int, inspect.StepLine]) -> dict[str, str]:
    """What each picture is called: the scope that it was painted in; in the order of painting."""
    names: dict[str, str] = {}
    for step in sorted(pictures):
        if step in lines:
            scope = lines[step].scope.rpartition("/")[2] or lines[step].name
            names.setdefault(pictures[step], clean(scope, 30).replace("-", " "))
    return names
