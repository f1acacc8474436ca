"""How alike images are, drawn from what a step answered."""

import json

import pytest

from db.queries.inspect import StepLine
from tui.snapshots.similarity import MAX_IMAGES, alike_of


def line(number: int, scope: str) -> StepLine:
    key = f"{scope}/generate"
    return StepLine(number, key, scope, "generate", "done", "g", "toy", "", 1, 0, "", None, None)


LINES = {n: line(n, f"scene-{n}/variation-1") for n in (1, 2)}
IMAGES = {1: "a" * 64, 2: "b" * 64}


def texts(hashes: list[str], values: object, **other: object) -> tuple[str, str]:
    measure = {"measure": "palette", "higher_is_more_similar": False, "values": values} | other
    asked = {"images": [{"hash": hash_} for hash_ in hashes]}
    return json.dumps(asked), json.dumps({"likenesses": [measure]})


def test_images_are_called_after_their_scenes() -> None:
    found = alike_of(*texts(["a" * 64, "b" * 64], [[0, 5.5], [5.5, 0]]), IMAGES, LINES)
    assert found[0].measure == "palette: higher is less alike"
    assert found[0].names == ("scene 1", "scene 2")
    assert found[0].values == ((0, 5.5), (5.5, 0))


def test_what_is_shown_is_bounded_and_clean() -> None:
    many = 40
    square = [[0.0] * many for _ in range(many)]
    hashes = ["\x1b[2Jx"] * many
    found = alike_of(*texts(hashes, square, measure="\x1b[31mhue\u202e"), IMAGES, LINES)
    assert len(found[0].names) == len(found[0].values) == MAX_IMAGES
    assert found[0].measure.startswith("hue:")
    assert "\x1b" not in "".join(found[0].names)


@pytest.mark.parametrize(
    ("request_", "result"),
    [
        ("{}", "{}"),
        ("", ""),
        ("[" * 100_000, "{}"),
        ('{"images": []}', '{"likenesses": 3}'),
        ('{"images": [{"hash": 1}]}', '{"likenesses": [{}]}'),
        texts(["a"], [[1, 2]]),
        texts(["a", "b"], [[1]]),
        texts(["a"], [["x"]]),
    ],
)
def test_anything_else_is_no_comparison(request_: str, result: str) -> None:
    assert alike_of(request_, result, IMAGES, LINES) == ()
