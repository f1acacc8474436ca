"""The scores of several images as a table: a row for each image, a column for each metric."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from db.queries import inspect
from db.rows import ScoreRow
from engine.text.terminal import clean
from tui.snapshots.image_scores import OVERALL, ImageScores

MAX_ROWS, MAX_COLUMNS = 64, 12


@dataclass(frozen=True, slots=True)
class ImageScoreRow:
    """One image: its name, whether it was taken, and a value for each metric."""

    label: str
    taken: bool
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class ImageScoreTable:
    """Scores of several images, the metrics in the order in which they were given."""

    metrics: tuple[str, ...]
    rows: tuple[ImageScoreRow, ...]


def sheet_of(
    scores: Sequence[ScoreRow],
    images: Mapping[int, str],
    lines: Mapping[int, inspect.StepLine],
    marks: ImageScores,
) -> ImageScoreTable | None:
    """The table of the images that steps scored; None where they scored none.

    Args:
        scores: What the steps gave.
        images: The first image of each step of the job.
        lines: The job's steps by their numbers.
        marks: What each image was given, by whatever step.
    """
    scored = {score.image: marks.images.get(score.image, {}) for score in scores if score.image}
    if not scored:
        return None
    names = _names(images, lines)
    order = [*(p for p in names if p in scored), *(p for p in scored if p not in names)]
    metrics = tuple(dict.fromkeys(m for p in order for m in scored[p]))
    metrics = tuple(sorted(metrics, key=lambda m: m != OVERALL))[:MAX_COLUMNS]
    return ImageScoreTable(
        metrics,
        tuple(
            ImageScoreRow(
                label=names.get(image, clean(image[:8])),
                taken=image in marks.taken,
                values=tuple(scored[image].get(metric) for metric in metrics),
            )
            for image in order[:MAX_ROWS]
        ),
    )


def _names(images: Mapping[int, str], lines: Mapping[int, inspect.StepLine]) -> dict[str, str]:
    """What each image is called: the scope that it was painted in; in the order of painting."""
    names: dict[str, str] = {}
    for step in sorted(images):
        if step in lines:
            scope = lines[step].scope.rpartition("/")[2] or lines[step].name
            names.setdefault(images[step], clean(scope, 30).replace("-", " "))
    return names
