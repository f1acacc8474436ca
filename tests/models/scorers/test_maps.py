"""From raw numbers to 0 to 100."""

import math
from itertools import pairwise
from typing import get_args

import pytest

from engine.models.scorers.calibration import MAPS
from engine.models.scorers.models import Metric


def test_every_metric_has_a_map_with_a_version() -> None:
    assert set(MAPS) == set(get_args(Metric))
    assert all(made.version.rpartition("-")[2].isdigit() for made in MAPS.values())


@pytest.mark.parametrize("metric", sorted(MAPS))
def test_a_map_rises_from_0_to_100_and_stays_level_beyond(metric: str) -> None:
    low, high = MAPS[metric].anchors[0][0], MAPS[metric].anchors[-1][0]
    steps = [low + (high - low) * n / 200 for n in range(201)]
    values = [MAPS[metric](raw) for raw in steps]
    assert (values[0], values[-1]) == (0, 100)
    assert all(a < b for a, b in pairwise(values))
    assert (MAPS[metric](low - 5), MAPS[metric](high + 5)) == (0, 100)


@pytest.mark.parametrize(
    ("metric", "raw", "value"),
    [
        ("pickscore", 21.5, 50),
        ("clipscore", 0.7153, 25),  # captions that do not fit, on average
        ("clipscore", 0.8584, 75),  # captions that fit
        ("aesthetic", 5.5, 50),
        ("vqascore", 0.72, 72),
        ("hpsv2", 0.25, 50),
        ("imagereward", 0, 50),
    ],
)
def test_the_anchors_are_the_documented_ones(metric: str, raw: float, value: float) -> None:
    assert MAPS[metric](raw) == pytest.approx(value)


def test_the_map_of_clipscore_is_one_line() -> None:
    """Its ends lie where the line through the two published means reaches 0 and 100."""
    anchors = MAPS["clipscore"].anchors
    slopes = [(d - b) / (c - a) for (a, b), (c, d) in pairwise(anchors)]
    assert slopes == pytest.approx([50 / (0.8584 - 0.7153)] * 3, rel=1e-3)


@pytest.mark.parametrize("raw", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_has_no_value(raw: float) -> None:
    with pytest.raises(ValueError, match="no value"):
        MAPS["pickscore"](raw)
