"""Values that an entry and the settings of a storyboard may have."""

import io
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from engine.intake import InputError, load
from engine.recipes.storyboard.input import StoryboardInput
from engine.recipes.storyboard.scenes import scene_count
from engine.recipes.storyboard.settings import PRESETS, StoryboardSettings


def read(text: str) -> list[StoryboardInput]:
    source = io.BytesIO(text.encode())
    return [one.input for one in load(source, StoryboardInput, file_format="yaml")]


def refused(text: str) -> str:
    with pytest.raises(InputError) as caught:
        read(text)
    return str(caught.value)


def test_a_mapping_and_a_list_are_both_read():
    one = "id: a\nprompt: a film\n"
    assert [entry.id for entry in read(one)] == ["a"]
    assert [entry.id for entry in read("- {id: a, prompt: x}\n- {id: b, prompt: y}")] == ["a", "b"]
    assert read('{"prompt": "a film", "target_duration": 15}')[0].target_duration == 15


def test_everything_that_an_entry_may_say():
    [entry] = read(
        """
        id: coffee
        prompt: a film about coffee
        target_duration: 15
        scenes:
          - {id: one, prompt: beans, duration: 4, notes: slow}
          - {prompt: a cup}
        brand:
          name: Roast
          colors: ["#ABC", teal]
          use: [copper]
          avoid: neon
        consistency: [a blue cup]
        seed: 7
        """
    )
    film = entry.film
    assert film.brand.colours == ("#aabbcc", "#008080")
    assert film.brand.avoid == ("neon",)
    assert (film.brief, film.consistency) == ("a film about coffee", ("a blue cup",))
    assert entry.scenes[0].planned.notes == "slow"


def test_what_was_read_is_read_again_from_the_store():
    [entry] = read("prompt: x\nbrand: {colours: teal}\nscenes: [{prompt: y, notes: null}]")
    stored = entry.model_dump_json(exclude_defaults=True)
    assert StoryboardInput.model_validate_json(stored) == entry


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id: a", "needs one of them"),
        ("prompt: ''", "needs one of them"),
        ("prompt: x\nbrand: {colours: [mauvish]}", "'mauvish' is no colour"),
        ("prompt: x\nbrand: {colours: ['rgb(1,2,3)']}", "is no colour"),
        ("prompt: x\nbrand: {colours: ['#12345']}", "is no colour"),
        ("prompt: x\nbrand:\n  colours: #5b2e12\n", "'brand.colours': is empty, since '#5b2e12'"),
        ("prompt: x\nbrand:\n  colours:\n    - #5b2e12\n", "starts with # in quotation marks"),
        ("prompt: x\nbrand:\n  colours:\n    - # none\n", "put a colour in quotes"),
        ("prompt: x\nbrand: {colours: teal, colors: red}", "both 'colours' and 'colors'"),
        ("prompt: x\ntarget_duration: 0", "must be greater than 0"),
        ("prompt: x\ntarget_duration: true", "must be a number"),
        ("prompt: x\ntarget_duration: soon", "must be a number"),
        ("prompt: x\nscenes: [{prompt: ''}]", "must not be empty"),
        ("scenes: [{prompt: x, id: a}, {prompt: y, id: a}]", "two scenes with the id 'a'"),
        ("prompt: x\nscenes: [{prompt: y, mood: z}]", "'scenes.0.mood': is not a known field"),
        ("prompt: x\nbrand: {tone: y}", "'brand.tone': is not a known field"),
        ("promt: x", "did you mean 'prompt'?"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(text: str, said: str):
    message = refused(text)
    assert said in message
    assert "\n" not in message or text.startswith("promt")  # that has two mistakes


def test_more_scenes_than_can_be_compared_are_refused():
    scenes = ", ".join("{prompt: x}" for _ in range(65))
    assert "must have at most 64 entries, and has 65" in refused(f"scenes: [{scenes}]")
    assert len(read(f"scenes: [{scenes.removesuffix(', {prompt: x}')}]")[0].scenes) == 64


def test_a_prompt_without_end_is_refused():
    assert "20000" in refused(f"prompt: {'x' * 20_001}")
    assert "500" in refused(f"prompt: x\nconsistency: ['{'x' * 501}']")


def test_a_reference_image_is_taken_in_by_its_content(tmp_path: Path):
    (tmp_path / "no.png").write_bytes(b"no image")
    (tmp_path / "in.yaml").write_text("prompt: x\nreference_image: no.png\n")

    def keep(source: Any, sort: str) -> Any:
        raise ValueError("is not a PNG, JPEG or WebP image")

    with pytest.raises(InputError, match="is not a PNG"):
        load(tmp_path / "in.yaml", StoryboardInput, keep_file=keep)


@pytest.mark.parametrize(
    ("duration", "scenes"),
    [
        (15, 4),
        (9, 3),
        (30, 7),
        (60, 10),
        (1, 1),
        (5, 1),
        (7.5, 2),
        (120, 18),
        (20_000, 64),
        (None, 4),
    ],
)
def test_a_brief_is_split_by_its_duration(duration: float | None, scenes: int):
    entry = StoryboardInput(prompt="x", target_duration=duration)
    assert scene_count(entry, StoryboardSettings()) == scenes


def test_the_rule_of_splitting_is_a_setting():
    entry = StoryboardInput(prompt="x", target_duration=15)
    assert scene_count(entry, StoryboardSettings(seconds_per_scene=5)) == 3
    assert scene_count(entry, StoryboardSettings(num_scenes=6)) == 6


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_sets_what_is_not_set(preset: str):
    found = StoryboardSettings.model_validate({"preset": preset})
    wanted = PRESETS[preset]
    assert (found.variations, found.rounds, found.threshold) == tuple(wanted.values())


def test_what_is_set_wins_over_the_preset():
    found = StoryboardSettings.model_validate({"preset": "maximum", "num_variations": "3"})
    assert (found.variations, found.rounds, found.threshold) == (3, 4, 55.0)
    none = StoryboardSettings.model_validate({"preset": "fast", "num_variations": None})
    assert none.variations == 2


def test_the_documented_defaults():
    found = StoryboardSettings()
    assert (found.variations, found.rounds, found.threshold) == (4, 4, 40.0)
    assert (found.score_threshold, found.trace_cleanup, found.min_gain) == (85, False, 2)
    assert found.weights_of_criteria == (0.25, 0.25, 0.2, 0.15, 0.15)


def test_a_stored_batch_keeps_the_numbers_of_its_preset(monkeypatch: pytest.MonkeyPatch):
    stored = StoryboardSettings.model_validate({"preset": "fast"}).model_dump_json()
    monkeypatch.setitem(PRESETS, "fast", {"num_variations": 9})
    assert StoryboardSettings.model_validate_json(stored).variations == 2


def test_weights_are_read_from_the_command_line_and_from_files():
    found = StoryboardSettings.model_validate({"score_weights": "pickscore=0.7, clipscore=0.3"})
    assert found.score_weights == {"pickscore": 0.7, "clipscore": 0.3}
    assert found.metrics == ("pickscore", "clipscore")
    as_json = StoryboardSettings.model_validate({"score_weights": '{"pickscore": 1}'})
    assert as_json.score_weights == {"pickscore": 1.0}


def test_criteria_without_a_weight_weigh_nothing_once_one_has_one():
    equal = StoryboardSettings(criteria_weights={}).weights_of_criteria
    assert equal == (1, 1, 1, 1, 1)
    some = StoryboardSettings.model_validate({"criteria_weights": "cinematography=2,specificity=1"})
    assert some.weights_of_criteria == (0, 1, 0, 2, 0)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"score_weights": "pickscore"}, "write name=weight"),
        ({"score_weights": "pickscore=-1"}, "from 0 to 1000000"),
        ({"score_weights": "pickscore=nan"}, "from 0 to 1000000"),
        ({"score_weights": "pickscore=1e308,clipscore=1e308"}, "from 0 to 1000000"),
        ({"score_weights": "pickscore=0"}, "more than 0"),
        ({"score_weights": "{"}, "is not JSON"),
        ({"criteria_weights": "beauty=1"}, "beauty is none of"),
        ({"preset": "best"}, "'maximum', 'balanced', 'fast' or 'simple'"),
        ({"num_variations": 0}, "greater than or equal to 1"),
        ({"num_variations": 17}, "less than or equal to 16"),
        ({"combination": "vote"}, "'weighted', 'rank' or 'zscore'"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, Any], said: str):
    with pytest.raises(ValidationError) as caught:
        StoryboardSettings.model_validate(settings)
    assert said in caught.value.errors()[0]["msg"]
