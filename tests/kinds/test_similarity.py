"""Similarity of images, drawn from the result of the step that compared them."""

import json
import sqlite3

import pytest

from db.queries.inspect import StepLine
from engine.client.views.files import DrawnResult, draw_result
from engine.kinds.figures import MAX_COLUMNS

NAMES = {"a" * 64: "scene 1", "b" * 64: "scene 2"}


def texts(hashes: list[str], values: object, **other: object) -> tuple[str, str]:
    measure = {"measure": "palette", "method": "m", "higher_is_more_similar": False}
    measure |= {"values": values} | other
    images = [{"hash": hash_, "media_type": "image/png", "size": 1} for hash_ in hashes]
    return json.dumps({"images": images}), json.dumps({"likenesses": [measure]})


def drawn(request: str, result: str, kind: str = "similarity") -> DrawnResult | None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE steps (id, request, result)")
    connection.execute("INSERT INTO steps VALUES (1, ?, ?)", (request, result))
    fields = ("compare", "", "compare", "done", "g", "toy", "", 1, 0, "", None, None)
    return draw_result(connection, StepLine(1, *fields, kind), NAMES, 200)


def lines(found: DrawnResult | None) -> list[str]:
    assert found is not None
    return ["".join(span.text for span in line) for line in found.lines.lines]


def test_images_are_called_after_their_scenes() -> None:
    heading, names, *rows = lines(drawn(*texts(["a" * 64, "b" * 64], [[0, 5.5], [5.5, 0]])))
    assert heading == "palette: higher is less alike"
    assert names.split() == ["scene", "1", "scene", "2"]
    assert [row.split()[-2:] for row in rows] == [["0", "5.5"], ["5.5", "0"]]


def test_results_of_other_kinds_are_not_compared() -> None:
    asked, answered = texts(["a" * 64, "b" * 64], [[0, 5.5], [5.5, 0]])
    for kind in ("data", "scores", "image", "not-installed"):
        assert drawn(asked, answered, kind) is None


def test_what_is_shown_is_bounded_and_clean() -> None:
    many = 40
    square = [[0.0] * many for _ in range(many)]
    hashes = [f"{number:064x}" for number in range(many)]
    found = lines(drawn(*texts(hashes, square, measure="\x1b[31mhue\u202e")))
    assert len(found) == MAX_COLUMNS + 2
    assert len(found[2].split()) == MAX_COLUMNS + 1
    assert found[0].startswith("hue:")
    assert "".join(found).isprintable()


@pytest.mark.parametrize(
    ("request_", "result"),
    [
        ("{}", "{}"),
        ("", ""),
        ("[" * 100_000, "{}"),
        ('{"images": []}', '{"likenesses": 3}'),
        ('{"images": [{"hash": 1}]}', '{"likenesses": [{}]}'),
        texts(["a" * 64], [["x"]]),
        texts(["\x1b[2Jx", "b" * 64], [[1]]),
    ],
)
def test_anything_else_is_a_sentence(request_: str, result: str) -> None:
    assert lines(drawn(request_, result)) == ["This similarity cannot be drawn."]
