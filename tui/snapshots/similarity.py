"""How alike images are, from the result of the step that compared them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from db.queries import inspect
from engine.text.terminal import clean

MAX_IMAGES, MAX_MEASURES = 12, 8

_FORMER_DIRECTION = "higher_is_more_alike"
"""Key of `higher_is_more_similar` in results of earlier releases."""


@dataclass(frozen=True, slots=True)
class SimilarityTable:
    """How alike images are by one measure, a row and a column for each.

    Attributes:
        measure: Its name, and which way it points, cleaned.
        names: What the images are called.
        values: A symmetric square.
    """

    measure: str
    names: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]


def alike_of(
    request: str, result: str, images: Mapping[int, str], lines: Mapping[int, inspect.StepLine]
) -> tuple[SimilarityTable, ...]:
    """What a step that compared images found; nothing of any other step.

    Args:
        request: What the step was asked, as JSON.
        result: What it answered.
        images: The first image of each step of the job.
        lines: The job's steps by their numbers.
    """
    try:
        asked, found = json.loads(request), json.loads(result)
        hashes = [str(image["hash"]) for image in asked["images"]]
        measures = [_measure(item) for item in found["likenesses"][:MAX_MEASURES]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ()
    names = tuple(_name(hash_, images, lines) for hash_ in hashes[:MAX_IMAGES])
    size = len(names)
    return tuple(
        SimilarityTable(said, names, tuple(row[:size] for row in values[:size]))
        for said, values in measures
        if len(values) == len(hashes)
    )


def _measure(item: Mapping[str, Any]) -> tuple[str, tuple[tuple[float, ...], ...]]:
    former = _FORMER_DIRECTION in item
    more = "more" if item[_FORMER_DIRECTION if former else "higher_is_more_similar"] else "less"
    values = tuple(tuple(float(value) for value in row) for row in item["values"])
    if any(len(row) != len(values) for row in values):
        raise ValueError("no square")
    return f"{clean(str(item['measure']), 40)}: higher is {more} alike", values


def _name(hash_: str, images: Mapping[int, str], lines: Mapping[int, inspect.StepLine]) -> str:
    """The outermost scope that an image was painted in."""
    for step, image in images.items():
        if image == hash_ and step in lines:
            return clean(lines[step].scope.partition("/")[0], 20).replace("-", " ")
    return clean(hash_[:8])
