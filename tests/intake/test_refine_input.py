import pytest

from engine.recipes.refine_input import RefineInput


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
    assert schema["required"] == ["prompt"]
    assert schema["additionalProperties"] is False
    picture = schema["properties"]["reference_image"]["anyOf"][0]
    assert (picture["type"], picture["format"]) == ("string", "path")
    for field in schema["properties"].values():
        assert field["description"]
        assert field["examples"]
