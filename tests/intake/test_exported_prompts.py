"""Prompts of an export are entries of the recipes that take a prompt."""

import io
import json
from typing import Any

import pytest

from engine.intake import InputError, load
from engine.recipes.refine.input import RefineInput
from engine.recipes.storyboard.input import StoryboardInput
from engine.recipes.visual_prompts.documents import image_prompts

RECORD = {
    "sample_idx": 7,
    "musical_features": {"key": "C", "tempo": 120.5, "mood": "upbeat, bright"},
    "abc_notation": "X:1\nK:C\nC2|]\n",
    "prompts": [
        {"prompt_id": 0, "mode": "convergent", "temperature": 0.4, "visual_prompt": "A red boat."},
        {"prompt_id": 1, "mode": "divergent", "temperature": 0.8, "visual_prompt": "A kite."},
    ],
}


def loaded(entries: list[Any], model: Any = RefineInput) -> list[Any]:
    return load(io.BytesIO(json.dumps(entries).encode()), model, name="in.json")


@pytest.mark.parametrize("model", [RefineInput, StoryboardInput])
def test_an_export_is_taken_as_it_is(model):
    found = loaded(image_prompts([RECORD]), model)
    assert [(one.key, one.input.prompt) for one in found] == [
        ("sample_007_prompt_00", "A red boat."),
        ("sample_007_prompt_01", "A kite."),
    ]


def test_keys_of_ours_beside_those_of_an_export_are_kept():
    [found] = loaded([{"visual_prompt": "A boat.", "id": "mine", "width": 512, "sample_idx": 3}])
    assert (found.key, found.input.prompt, found.input.width) == ("mine", "A boat.", 512)


def test_a_prompt_without_numbers_is_named_by_its_words():
    [found] = loaded([{"visual_prompt": "A red boat", "sample_idx": True, "prompt_id": None}])
    assert found.key.endswith("a-red-boat")


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (
            {"visual_prompt": "A boat.", "prompt": "A kite."},
            "'visual_prompt': is not a known field",
        ),
        ({"visual_prompt": 7, "sample_idx": 0}, "'prompt': must be text, and is the number 7"),
        ({"visual_prompt": "A boat.", "widht": 3}, "'widht': is not a known field"),
        ({"prompt": "A boat.", "sample_idx": 0}, "'sample_idx': is not a known field"),
    ],
)
def test_what_is_no_export_is_refused_as_before(entry, sentence):
    with pytest.raises(InputError, match=sentence):
        loaded([entry])
