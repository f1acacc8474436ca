"""The rooms and the arrows between them: what the page about them says, and how many there are."""

import re
from pathlib import Path

import pytest

from bench.structure import WHOLE, arrows, circles

PAGE = Path(__file__).parents[1] / "docs/design/architecture.md"
MOST = 94
"""Arrows between rooms; one that is added has to replace another."""


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    return arrows(["engine", *WHOLE])[1]


def test_the_chart_shows_no_arrow_that_is_not_there(graph: dict[str, set[str]]) -> None:
    drawn = re.findall(r"^    (\w+) --> (\w+)$", PAGE.read_text(), re.MULTILINE)
    real = {
        (one.removeprefix("engine."), other.removeprefix("engine."))
        for one, others in graph.items()
        for other in others
    }
    assert drawn
    assert set(drawn) - real == set()


def test_there_are_no_more_arrows_than_before_and_no_circle(graph: dict[str, set[str]]) -> None:
    assert sum(map(len, graph.values())) <= MOST
    assert circles(graph) == []
