"""Cells: what an entry becomes with axes and choices, and how each is named and labelled."""

from pathlib import Path
from typing import Any

import pytest

from engine.intake import InputError
from engine.intake.entries import InputEntry
from engine.intake.grid.axes import BadAxis, parse_axes, parse_axis
from engine.intake.grid.cells import Grid, expand
from engine.intake.problems import Problem

FIELDS = ("id", "prompt", "seed", "width", "height")


def cells(grid: Grid, *entries: dict[str, Any], seed: int = 0) -> list[InputEntry]:
    given = [InputEntry(number, None, data) for number, data in enumerate(entries, 1)]
    found = list(expand(given, grid, source="in.json", fields=FIELDS, seed=seed))
    assert all(isinstance(one, InputEntry) for one in found)
    return [one for one in found if isinstance(one, InputEntry)]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("seed=1..3", [("1",), ("2",), ("3",)]),
        ("seed=3..1", [("3",), ("2",), ("1",)]),
        ("cfg=0.5..1.5..0.5", [("0.5",), ("1.0",), ("1.5",)]),
        ('prompt="a, b", c', [("a, b",), ("c",)]),
        ("width+height=512+768,768+512", [("512", "768"), ("768", "512")]),
        ('prompt=["a, b", 3]', [("a, b",), (3,)]),
        ("w+h=[[1, 2], [3, 4]]", [(1, 2), (3, 4)]),
        ("fal.model=a/b,c", [("a/b",), ("c",)]),
    ],
)
def test_an_axis_is_read(text: str, rows: list[tuple[Any, ...]]) -> None:
    assert list(parse_axis(text).rows) == rows


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed", "is not an axis"),
        ("=1", "is not an axis"),
        ("a b=1", "is not an axis"),
        ("seed=1..99999999", "more than 100000 values"),
        ("seed=1..2..0", "step 0"),
        ("seed=1..100001", "more than 100000"),
        ("w+h=1,2+3", "needs 2 values"),
        ("w+w=1+2", "names one thing twice"),
        ("seed=1,2,1", "has '1' twice"),
        ("w+h=1+2,1+2", "twice"),
        ("seed=[1,", "are no JSON"),
        ("seed=[]", "has no values"),
        ('seed="1', "cannot be read"),
    ],
)
def test_an_axis_that_is_none_is_refused(text: str, message: str) -> None:
    with pytest.raises(BadAxis, match=message.replace("+", r"\+")):
        parse_axis(text)


def test_two_axes_of_one_thing_are_refused() -> None:
    with pytest.raises(BadAxis, match="Two axes set 'width'"):
        parse_axes(["width=1", "width+height=1+2"])


def test_axes_multiply_and_joined_names_stay_together() -> None:
    grid = Grid(parse_axes({"seed": [1, 2], "width+height": [[512, 768], [768, 512]]}))
    found = cells(grid, {"id": "fox", "prompt": "a fox"})
    assert [one.data["id"] for one in found] == ["fox-1", "fox-2", "fox-3", "fox-4"]
    assert [one.axes for one in found][1] == {"seed": "1", "width+height": "768+512"}
    assert {(one.data["width"], one.data["height"]) for one in found} == {(512, 768), (768, 512)}
    assert {one.group for one in found} == {"fox"}


def test_settings_are_apart_from_fields() -> None:
    grid = Grid(parse_axes(["target_score=1,2", "fal.model=a,b"]))
    found = cells(grid, {"prompt": "a fox"})
    assert found[-1].settings == {"target_score": "2", "fal.model": "b"}
    assert found[-1].data == {"prompt": "a fox", "id": "0001-a-fox-4"}


def test_choices_are_axes_and_so_are_several_entries() -> None:
    grid = Grid(dynamic=True)
    found = cells(grid, {"prompt": "a {red|blue} {fox|hare}"}, {"id": "owl", "prompt": "an owl"})
    assert found[0].axes == {
        "entry": "0001-a-red-blue-fox-hare",
        "choice": "red",
        "choice 2": "fox",
    }
    assert found[-1].axes == {"entry": "owl"}
    assert found[-1].data["id"] == "owl"


def test_without_choices_a_text_stays_as_it_is() -> None:
    found = cells(Grid(parse_axes(["seed=1"])), {"prompt": "a {red|blue} fox"})
    assert found[0].data["prompt"] == "a {red|blue} fox"


def test_too_many_cells_are_refused_before_any() -> None:
    with pytest.raises(InputError, match="makes 1048576 cells, and 10000 are the limit"):
        cells(Grid(dynamic=True), {"prompt": "{a|b}" * 20})
    with pytest.raises(InputError, match="makes more than 1000000000000000000 cells"):
        cells(Grid(dynamic=True), {"prompt": "{a|b}" * 400})


def test_a_sample_is_of_the_whole_grid_and_the_same_each_time() -> None:
    grid = Grid(dynamic=True, sample=20)
    found = cells(grid, {"prompt": "{a|b}" * 300}, {"prompt": "{c|d}" * 300})
    assert len({one.data["id"] for one in found}) == 20
    assert {one.number for one in found} == {1, 2}
    assert found == cells(grid, {"prompt": "{a|b}" * 300}, {"prompt": "{c|d}" * 300})
    assert found != cells(grid, {"prompt": "{a|b}" * 300}, {"prompt": "{c|d}" * 300}, seed=1)


def test_a_choice_without_end_names_entry_and_field(tmp_path: Path) -> None:
    entry = InputEntry(3, 7, {"prompt": "a {red"})
    (problem,) = expand([entry], Grid(dynamic=True), source="in.json", fields=FIELDS)
    assert isinstance(problem, Problem)
    assert str(problem).startswith("in.json, line 7, entry 3, field 'prompt': has a { without")
