"""Scores of several images as a table: a row per image, a column per metric."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from db.queries import inspect
from db.rows import ScoreRow
from engine.client.views.image_scores import OVERALL, ImageScores
from engine.text.terminal import clean

MAX_ROWS, MAX_COLUMNS = 64, 12


@dataclass(frozen=True, slots=True)
class ImageScoreRow:
    """One image: its name, True if it was selected, and a value per metric."""

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
    """Return the table of the images scored by some steps; None if they scored none.

    Args:
        scores: Scores of the steps.
        images: The first image of each step of the job.
        lines: The job's steps by their numbers.
        marks: Scores of each image, from any step.
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
    """Return the name of each image: the scope that it was painted in; in the order of painting."""
    names: dict[str, str] = {}
    for step in sorted(images):
        if step in lines:
            scope = lines[step].scope.rpartition("/")[2] or lines[step].name
            names.setdefault(images[step], clean(scope, 30).replace("-", " "))
    return names
