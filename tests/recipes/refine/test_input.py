import pytest
from pydantic import ValidationError

from engine.recipes.refine.input import RefineInput


@pytest.mark.parametrize(
    ("fields", "full"),
    [
        ({"prompt": " A cat.  "}, "A cat."),
        ({"title": "Last light", "prompt": "a pier"}, "Last light. a pier"),
        (
            {"title": "Who?", "scene": "a bar,", "mood": "tense…", "prompt": "two men; one lamp"},
            "Who? a bar. tense… two men; one lamp",
        ),
        ({"title": "灯台。", "mood": " ", "prompt": "海"}, "灯台。 海"),
    ],
)
def test_the_full_prompt_is_readable(fields, full):
    assert RefineInput(**fields).full_prompt == full


def test_a_stored_input_is_read_back_as_it_was():
    handle = {"hash": "0" * 64, "media_type": "image/png", "size": 3, "width": 1, "height": 1}
    kept = RefineInput(prompt="a\x1b[31m", id="x", seed=2**63 - 1, reference_image=handle)
    assert RefineInput.model_validate_json(kept.model_dump_json()) == kept
    assert kept.prompt == "a\x1b[31m"


def test_the_schema_says_what_to_write():
    schema = RefineInput.model_json_schema()
    assert [wanted["required"] for wanted in schema["anyOf"]] == [
        ["prompt"],
        ["title"],
        ["scene"],
        ["mood"],
    ]
    assert schema["additionalProperties"] is False
    image = schema["properties"]["reference_image"]["anyOf"][0]
    assert (image["type"], image["format"]) == ("string", "path")
    for field in schema["properties"].values():
        assert field["description"]
        assert field["examples"]


@pytest.mark.parametrize("field", ["title", "scene", "mood"])
def test_one_of_title_scene_and_mood_is_enough_without_a_prompt(field):
    assert RefineInput(**{field: "Last light,"}).full_prompt == "Last light."


@pytest.mark.parametrize("seed", [-1, "-1", " -1 ", None])
def test_a_seed_of_minus_one_derives_from_the_batchs_random_one(seed):
    assert RefineInput(prompt="a barn", seed=seed).seed is None


@pytest.mark.parametrize("text", ["\u200b", "\ufeff\u2060", " \u200d \u00ad", "\u2800", "\u3164"])
def test_a_prompt_of_invisible_characters_is_refused(text):
    with pytest.raises(ValidationError, match="invisible characters only"):
        RefineInput(prompt=text, title="Barn")


def test_invisible_characters_inside_a_prompt_stay():
    family = "\U0001f469\u200d\U0001f467 in a barn"
    assert RefineInput(prompt=family).full_prompt == family
