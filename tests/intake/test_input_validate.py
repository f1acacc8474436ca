"""Entries against an input model: sentences, ids, and everything wrong in one go."""

import io
import json

import pytest
from pydantic import BaseModel, Field

from engine.intake import InputError, load, read
from engine.intake.ids import Ids, made_id
from engine.intake.problems import KEPT_PROBLEMS, SHOWN_PROBLEMS, Problem
from engine.recipes.refine.input import RefineInput
from engine.text.given_ids import given_id

MISSING = "is missing; give a prompt, or a title, scene or mood"


def loaded(entries, model=RefineInput, **options):
    return load(io.BytesIO(json.dumps(entries).encode()), model, name="in.json", **options)


def sentences(entries, model=RefineInput):
    with pytest.raises(InputError) as caught:
        loaded(entries, model)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"prompt": None}, f"field 'prompt': {MISSING}"),
        ({"prompt": "  "}, f"field 'prompt': {MISSING}"),
        ({"prompt": 7}, "field 'prompt': must be text, and is the number 7; put it in quotes"),
        ({"prompt": True}, "field 'prompt': must be text, and is true"),
        ({"prompt": ["a"]}, "field 'prompt': must be text, and is a list"),
        ({"prompt": {}}, "field 'prompt': must be text, and is an object"),
        ({"prompt": "a\0b"}, "field 'prompt': holds a NUL character; take it out"),
        ({"prompt": "\ud800"}, "field 'prompt': holds half of a character"),
        ({"prompt": "x" * 200_001}, "must be at most 200000 characters long, and has 200001"),
        ({"width": 3}, "field 'width': must be at least 64, and is 3"),
        ({"height": 10**9}, "field 'height': must be at most 4096, and is 1000000000"),
        ({"width": "wide"}, "field 'width': must be a whole number, and is 'wide'"),
        ({"width": 64.5}, "field 'width': must be a whole number, and is 64.5"),
        ({"seed": -2}, "field 'seed': must be at least 0, and is -2"),
        ({"seed": 2**63}, f"field 'seed': must be less than {2**63}, and is {2**63}"),
        ({"seed": True}, "field 'seed': must be a whole number, and is true"),
        ({"negativ_prompt": "x"}, "is not a known field; did you mean 'negative_prompt'?"),
        ({"Prompts": "x"}, "field 'Prompts': is not a known field; did you mean 'prompt'?"),
        ({"zzzzz": 1}, "is not a known field; known are id, title, scene, mood, prompt,"),
        ({"id": ""}, "field 'id': must not be empty"),
        ({"id": 1.5}, "field 'id': must be text or a whole number"),
        ({"id": "x" * 201}, "field 'id': must be at most 200 characters, and has 201"),
        ({"id": "a\nb"}, "field 'id': must not hold control characters"),
        ({"id": "a\u202eb"}, "field 'id': must not hold control characters"),
        ({"reference_image": 3}, "field 'reference_image': must be the path of an image"),
        ({"reference_image": "a.png"}, "images are taken in only when a batch is queued"),
    ],
)
def test_a_wrong_field_is_named_in_one_sentence(fields, sentence):
    [said] = sentences([{"prompt": "a cat", **fields}])
    assert said.startswith("in.json, entry 1")
    assert sentence in said


class Listed(BaseModel):
    colours: list[str] = Field(min_length=1, max_length=1)
    words: list[str] = Field(["a"], min_length=2, max_length=2)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"colours": []}, "field 'colours': must have at least 1 entry, and has 0"),
        ({"colours": ["a", "b"]}, "field 'colours': must have at most 1 entry, and has 2"),
        ({"colours": ["a"], "words": ["a"]}, "must have at least 2 entries, and has 1"),
    ],
)
def test_a_limit_of_one_has_its_noun_in_the_singular(fields, sentence):
    assert sentence in "\n".join(sentences([fields], Listed))


def test_everything_wrong_is_said_in_one_go():
    said = sentences(
        [
            {"id": "x", "prompt": "", "width": 1, "hight": 3},
            {"prompt": "fine"},
            17,
            {"id": "x", "prompt": "b"},
            {"seed": float("nan")},
        ]
    )
    assert said == [
        "in.json, entry 1 (id 'x'), field 'hight': is not a known field; did you mean 'height'?",
        f"in.json, entry 1 (id 'x'), field 'prompt': {MISSING}",
        "in.json, entry 1 (id 'x'), field 'width': must be at least 64, and is 1",
        "in.json, entry 3: must be a text or an object with the field 'prompt'",
        "in.json, entry 4 (id 'x'), field 'id': is also the id of entry 1; give it another id",
        "in.json, entry 5, field 'seed': is NaN, which is not a number of JSON",
    ]


def test_a_refusal_in_the_middle_keeps_what_was_found_before():
    data = b'{"prompt": 3}\n\xff\n'
    with pytest.raises(InputError) as caught:
        load(io.BytesIO(data), RefineInput, file_format="jsonl")
    assert [problem.line for problem in caught.value.problems] == [1, 2]


def test_many_problems_are_counted_and_few_are_shown():
    with pytest.raises(InputError) as caught:
        loaded([7] * 1500)
    assert len(caught.value.problems) == KEPT_PROBLEMS
    assert caught.value.total == 1500
    lines = str(caught.value).splitlines()
    assert len(lines) == SHOWN_PROBLEMS + 1
    assert lines[-1] == "and 1400 more"


def test_many_unknown_fields_of_one_entry_are_counted():
    said = sentences([{"prompt": "a", **{f"zzz{number}": 1 for number in range(5000)}}])
    assert len(said) == 11
    assert said[-1] == "in.json, entry 1: has 4990 more fields that are not known"


def test_csv_numbers_are_texts_that_become_numbers():
    data = b"prompt,seed,width,title\na,11,512,\n"
    [entry] = load(io.BytesIO(data), RefineInput, file_format="csv")
    assert (entry.input.seed, entry.input.width, entry.input.title) == (11, 512, "")


def test_nothing_is_yielded_after_the_first_problem():
    data = io.BytesIO(b'"a"\n3\n"b"\n')
    keys = []
    with pytest.raises(InputError) as caught:
        keys += [entry.key for entry in read(data, RefineInput, file_format="jsonl")]
    assert keys == []
    assert caught.value.total == 1
    reading = read(io.BytesIO(b'"a"\n3\n"b"\n'), RefineInput, file_format="jsonl")
    assert next(reading).key == "0001-a"
    with pytest.raises(InputError):
        next(reading)


def test_given_and_made_ids():
    entries = [
        {"prompt": "A lighthouse, in the storm of the century at sea"},
        {"prompt": "b", "id": " x/../y "},
        {"prompt": "c", "id": 7},
        {"prompt": "灯台"},
        {"prompt": "d", "title": "Été"},
    ]
    batch = loaded(entries)
    assert [entry.key for entry in batch] == [
        "0001-a-lighthouse-in-the-storm-of-the-century",
        "x/../y",
        "7",
        "0004",
        "0005-ete",
    ]
    assert [entry.input.id for entry in batch] == [None, "x/../y", "7", None, None]
    assert [entry.number for entry in batch] == [1, 2, 3, 4, 5]
    assert loaded(entries, offset=10)[0].key.startswith("0011-")


@pytest.mark.parametrize("given_first", [True, False])
def test_a_made_id_never_meets_a_given_one(given_first):
    number = 2 if given_first else 1
    pair = [{"prompt": "cat"}, {"prompt": "dog", "id": f"{number:04d}-cat"}]
    [said] = sentences(pair[::-1] if given_first else pair)
    assert "entry 2" in said
    assert "entry 1" in said
    assert f"{number:04d}-cat" in said


def test_ids_are_kept_as_their_places():
    ids = Ids()
    assert [ids.place(key, number) for number, key in enumerate("abca", 1)] == [1, 2, 3, 1]
    assert given_id(2**70) == str(2**70)
    assert made_id(12345, {"n": 1}) == "12345"


class Other(BaseModel):
    """A model of another recipe: no id, and pydantic's own leniency about unknown fields."""

    song: str
    speed: float = 1.0


def test_any_model_can_be_validated():
    [entry] = loaded([{"song": "la", "id": "x"}], Other)
    assert (entry.key, entry.input) == ("x", Other(song="la"))
    assert sentences([{"song": "la", "sped": 1, "speed": "fast"}], Other) == [
        "in.json, entry 1, field 'sped': is not a known field; did you mean 'speed'?",
        "in.json, entry 1, field 'speed': must be a number, and is 'fast'",
    ]


def test_problems_are_clean_whatever_the_file_held():
    said = sentences([{"prompt": 1, "id": "x", "\x1b]0;t\x07\u202ered": "[bold]"}])[0]
    assert said.startswith("in.json, entry 1 (id 'x'), field 'red': is not a known field;")
    problem = Problem(file="\x1b[31ma\nb", message="m" * 1000)
    assert str(problem) == "a b: " + "m" * 599 + "…"
