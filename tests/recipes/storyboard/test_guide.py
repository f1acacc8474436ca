"""Files of the guide to advanced image generation: its requests as they are, and its words."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from engine.cli.app import app
from engine.intake.loading import load
from engine.intake.problems import InputError
from engine.recipes.storyboard.input import StoryboardInput
from engine.recipes.storyboard.settings import StoryboardSettings

pytestmark = pytest.mark.usefixtures("one_process")

BODIES: list[dict[str, Any]] = [
    {
        "prompt": "Luxury watch advertisement with dramatic lighting",
        "use_advanced_image_generation": True,
        "advanced_image_num_variations": 6,
        "advanced_image_max_enhancement_iterations": 4,
        "advanced_image_quality_threshold": 50.0,
    },
    {
        "prompt": "Artisan coffee for busy professionals",
        "use_advanced_image_generation": True,
        "advanced_image_num_variations": 4,
        "advanced_image_max_enhancement_iterations": 4,
        "advanced_image_quality_threshold": 30.0,
    },
    {
        "prompt": "Tech startup product showcase",
        "use_advanced_image_generation": True,
        "advanced_image_num_variations": 2,
        "advanced_image_max_enhancement_iterations": 2,
        "advanced_image_quality_threshold": 20.0,
    },
]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), standalone_mode=False)


def entry_of(folder: Path, document: Any) -> StoryboardInput:
    source = folder / "in.json"
    source.write_text(json.dumps(document))
    [entry] = load(source, StoryboardInput)
    return entry.input


def test_the_three_requests_of_the_guide_run_as_they_are(tmp_path: Path):
    source = tmp_path / "requests.json"
    source.write_text(json.dumps(BODIES))
    small = ["--set", "width=64", "--set", "height=64", "--set", "num_scenes=1"]
    result = run("run", "storyboard", str(source), *small, "--plain", "-w", str(tmp_path / "w"))
    assert result.return_value == 0, f"{result.output}{result.exception}"
    paths = sorted((tmp_path / "w/outputs/reference_image_traces").glob("*/storyboard.json"))
    documents = {one["brief"]: one for one in map(json.loads, (p.read_text() for p in paths))}
    for body in BODIES:
        document = documents[body["prompt"]]
        plan = document["storyboard_plan"]
        assert (document["status"], document["state"]) == ("completed", "done")
        assert plan["advanced_image_generation_used"] is True
        settings = plan["advanced_image_settings"]
        for name in ("num_variations", "max_enhancement_iterations", "quality_threshold"):
            assert settings[name] == body[f"advanced_image_{name}"]
        [scene] = plan["scenes"]
        folder = paths[0].parent.parent / document["generation_id"]
        assert (folder / scene["reference_image_url"]).is_file()
        variations = json.loads((folder / "scene_1/quality_scores.json").read_text())["variations"]
        assert len(variations) == body["advanced_image_num_variations"]
        assert scene["quality_score"] == max(one["quality"] for one in variations)


def test_an_entry_s_own_settings_come_before_those_of_its_batch(tmp_path: Path):
    entry = entry_of(tmp_path, BODIES[2])
    settings = entry.over(StoryboardSettings(num_variations=9, quality_threshold=1))
    assert (settings.variations, settings.rounds, settings.threshold) == (2, 2, 20)
    assert entry_of(tmp_path, {"prompt": "x"}).over(settings) is settings


def test_without_advanced_generation_a_storyboard_is_simple(tmp_path: Path):
    entry = entry_of(tmp_path, {"prompt": "x", "use_advanced_image_generation": False})
    settings = entry.over(StoryboardSettings())
    assert (settings.variations, settings.rounds, settings.threshold) == (1, 0, 0)


def test_what_a_file_says_of_all_holds_for_entries_that_say_nothing_else(tmp_path: Path):
    source = tmp_path / "in.json"
    source.write_text(
        json.dumps(
            {
                "advanced_image_num_variations": 3,
                "brand_name": "Bean",
                "target_duration": 30,
                "prompts": ["a cup", {"prompt": "a bean", "advanced_image_num_variations": 5}],
            }
        )
    )
    entries = [one.input for one in load(source, StoryboardInput)]
    assert [one.num_variations for one in entries] == [3, 5]
    assert {(one.brand.name, one.target_duration) for one in entries} == {("Bean", 30)}


def test_the_brand_s_name_may_stand_by_itself(tmp_path: Path):
    assert entry_of(tmp_path, {"prompt": "x", "brand_name": "Bean"}).brand.name == "Bean"
    both = {"prompt": "x", "brand_name": "Bean", "brand": {"colours": ["teal"]}}
    assert entry_of(tmp_path, both).brand.model_dump()["name"] == "Bean"
    assert entry_of(tmp_path, {"prompt": "x", "brand_name": None}).brand.name == ""


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (
            {"prompt": "x", "num_variations": 2, "advanced_image_num_variations": 3},
            "'advanced_image_num_variations': is not a known field",
        ),
        (
            {"prompt": "x", "brand_name": "A", "brand": {"name": "B"}},
            "'brand_name': is not a known field",
        ),
        ({"prompt": "x", "advanced_image_num_variations": 99}, "num_variations"),
        ({"prompt": "x", "references": {"Mara": 3}}, "references"),
        ({"prompt": "x", "references": {"Mara": "m.png"}, "subjects": [{"name": []}]}, "name"),
        ({"prompt": "x", "subjects": [{"name": "A,B"}]}, "comma"),
        ({"prompt": "x", "subjects": [{"name": "A"}, {"name": " a "}]}, "two subjects"),
        (
            {"scenes": [{"prompt": "x", "subjects": ["Tom"]}], "subjects": [{"name": "Mara"}]},
            "has no subject 'Tom', which scene 1 names",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(tmp_path: Path, document: Any, field: str):
    with pytest.raises(InputError) as caught:
        entry_of(tmp_path, document)
    assert field in str(caught.value)
