"""The rules of the checklist: what they ask of a brief, and how true their answers are."""

import itertools
from collections import Counter
from typing import Any

import pytest

from engine.recipes.refine.checklist import Question
from engine.recipes.refine.rules.answers import answers
from engine.recipes.refine.rules.questions import questions
from tests.backends.builtin.images import flat, png
from tests.support.checklist_truth import Case, cases
from tests.support.constructed_pictures import Thing, picture


def asked(brief: str) -> list[tuple[str, str, str]]:
    return [(row["kind"], row["subject"], row.get("value", "")) for row in questions(brief)]


def answered(image: bytes, *wanted: dict[str, Any]) -> list[str]:
    made = [
        Question.model_validate({"id": f"q{at}", "text": "?", **fields})
        for at, fields in enumerate(wanted, 1)
    ]
    return [one["verdict"] for one in answers(image, made, "")["answers"]]


def test_a_brief_becomes_one_question_per_demand():
    assert asked("Three red boats on the left, no birds, at night") == [
        ("object", "boat", ""),
        ("count", "boat", "3"),
        ("object", "bird", "none"),
        ("colour", "boat", "red"),
        ("position", "boat", "left"),
        ("style", "lightness", "night"),
        ("style", "warmth", "night"),
    ]


def test_what_is_asked_of_a_thing_depends_on_its_being_there():
    rows = questions("a red boat and a cat, on the right")
    owners = {row["id"]: row["subject"] for row in rows if row["kind"] == "object"}
    for row in rows:
        expected = [row["subject"]] if row["kind"] in ("colour", "position") else []
        assert [owners[name] for name in row["depends_on"]] == expected


def test_a_picture_is_asked_to_keep_to_the_colours_that_fill_it():
    assert ("colour", "", "teal and navy") in asked("A whale in the sea, teal and navy")
    assert not any(kind == "colour" and not of for kind, of, _ in asked("A red boat, at night"))
    halves = flat((0.09, 0.50, 0.50), 64, 64)
    halves[32:] = (0.09, 0.15, 0.31)
    assert kept(halves) == "yes"
    assert kept(flat((0.9, 0.4, 0.1))) == "no"


def kept(pixels: Any) -> str:
    brief = "A whale, teal and navy"
    made = [Question.model_validate(row) for row in questions(brief)]
    given = {reply["id"]: reply for reply in answers(png(pixels), made, brief)["answers"]}
    return next(given[one.id]["verdict"] for one in made if one.measure == "palette")


@pytest.mark.parametrize("brief", ["", "qwertz", "a" * 30_000, "\x1b[31mno no no", "9 99 999"])
def test_a_brief_without_a_known_word_gives_no_question(brief: str):
    assert questions(brief) == []


@pytest.fixture(scope="module")
def outcomes() -> Counter[str]:
    counted: Counter[str] = Counter()
    for case in itertools.islice(cases(31, 1), 0, None, 2):
        counted.update(_outcomes(case))
    return counted


def _outcomes(case: Case) -> list[str]:
    given = answers(case.image, [question for question, _ in case.questions], "")["answers"]
    return [
        "cannot_tell"
        if one["verdict"] == "cannot_tell"
        else ("right" if (one["verdict"] == "yes") == truth else "wrong")
        for (_, truth), one in zip(case.questions, given, strict=True)
    ]


@pytest.mark.slow
def test_answers_agree_with_what_was_painted(outcomes: Counter[str]):
    """Hold a bound that is looser than the figure of `python -m bench quality`."""
    told = outcomes["right"] + outcomes["wrong"]
    assert outcomes["right"] / told >= 0.9
    assert told / outcomes.total() >= 0.5


def test_what_is_seen_is_not_what_a_file_says():
    two = picture([Thing("cat", "crimson", 0.3), Thing("cat", "crimson", 0.75)], "hills, day", 4)
    of_cats = [
        {"kind": "object", "subject": "cat"},
        {"kind": "count", "subject": "cat", "value": "2"},
        {"kind": "count", "subject": "cat", "value": "3"},
        {"kind": "colour", "subject": "cat", "value": "red"},
        {"kind": "colour", "subject": "cat", "value": "blue"},
    ]
    assert answered(two, *of_cats) == ["yes", "yes", "no", "yes", "no"]


def test_it_says_what_it_cannot_tell():
    image = png(flat((0.4, 0.5, 0.6)))
    wanted = [
        {"kind": "object", "subject": "cat"},
        {"kind": "object", "subject": "dragon"},
        {"kind": "count", "subject": "cat", "value": "many"},
        {"kind": "position", "subject": "cat", "value": "left"},
        {"kind": "relation", "subject": "cat", "value": "beside the boat"},
        {"kind": "other", "subject": "", "value": ""},
        {"kind": "colour", "subject": "cat", "value": "beautiful"},
    ]
    assert answered(image, *wanted) == ["cannot_tell"] * len(wanted)


def test_an_image_of_any_shape_is_looked_at():
    for width, height in ((1, 1), (300, 2), (96, 96), (1200, 100)):
        image = png(flat((0.2, 0.2, 0.3), width, height))
        assert answered(image, {"kind": "object", "subject": "boat"})[0] in ("no", "cannot_tell")
