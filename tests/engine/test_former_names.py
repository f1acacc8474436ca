"""Reading what earlier releases wrote, under the names that they used."""

import json
from pathlib import Path

import pytest

from engine.contract import Artifact, GeneratedImage, Similarity
from engine.contract.importing import TreeField
from engine.queueing.money.prices import load_prices
from engine.recipes.refine.agents.evaluator import Evaluation
from engine.recipes.refine.import_tree import TreeJob, read_tree
from engine.recipes.refine.turn import RefineTurn
from engine.recipes.storyboard.prompt_loop import ScenePrompt
from engine.recipes.storyboard.ranking import RankedImage, Ranking
from engine.recipes.storyboard.results import SceneResult
from tests.support.films import png_of
from tui.images.terminal import wants_pixels

FORMER_KEY, FORMER_KEYS = "picture", "pictures"
FORMER_DIRECTION = "higher_is_more_alike"
FORMER_VARIABLE = "SAFELIGHT_PICTURES"

ARTIFACT = Artifact(hash="ab" * 32, media_type="image/png", size=9, width=16, height=8)


def test_a_table_of_prices_may_have_the_former_unit(tmp_path: Path) -> None:
    (tmp_path / "prices.toml").write_text(
        f'[[price]]\nbackend = "fal"\nmodel = "x"\nunit = "{FORMER_KEY}"\ndollars = 0.5\n'
        'source = "here"\ndate = 2026-01-01\n'
    )
    assert load_prices(tmp_path).price[0].unit == "image"


def test_results_with_the_former_keys_are_read_and_written_with_the_new_ones() -> None:
    one = RankedImage(image=ARTIFACT, overall=1.0, quality=2.0, rank=1, marks=())
    scene = SceneResult(
        number=1,
        id="",
        prompt="a lamp",
        duration=None,
        notes="",
        wording=ScenePrompt(prompt="a lamp", source="entry"),
        references=(),
        image=ARTIFACT,
        variation=1,
        quality=2.0,
        reason="It is the only one.",
    )
    turn = RefineTurn(
        iteration=1,
        prompt="a lamp",
        negative_prompt="",
        image=GeneratedImage(image=ARTIFACT, seed=7),
        evaluation=Evaluation(score=50, description="A lamp.", scorer="toy 1"),
    )
    ranking = Ranking(combination="weighted", weights=(), images=(one,))
    similarity = Similarity(measure="hue", method="toy", higher_is_more_similar=True, values=())
    for result, new, former in (
        (ranking, "images", FORMER_KEYS),
        (scene, "image", FORMER_KEY),
        (turn, "image", FORMER_KEY),
        (similarity, "higher_is_more_similar", FORMER_DIRECTION),
    ):
        data = json.loads(result.model_dump_json())
        data[former] = data.pop(new)
        assert type(result).model_validate_json(json.dumps(data)) == result


@pytest.mark.parametrize(("value", "wanted"), [("cells", False), ("pixels", True)])
def test_the_former_variable_counts_unless_the_new_one_is_set(value: str, wanted: bool) -> None:
    assert wants_pixels({"TERM": "xterm-256color", FORMER_VARIABLE: value}) is wanted
    both = {"TERM": "xterm-kitty", FORMER_VARIABLE: value, "SAFELIGHT_IMAGES": "cells"}
    assert wants_pixels(both) is False


def test_the_former_key_of_a_file_name_is_no_unknown_field(tmp_path: Path) -> None:
    folder = tmp_path / "lamp"
    folder.mkdir()
    (folder / "iteration_1.png").write_bytes(png_of((90, 40, 20)))
    document = {"prompt": "a lamp", FORMER_KEY: "iteration_1.png"}
    (folder / "iteration_1_results.json").write_text(json.dumps(document))
    found = list(read_tree(folder))
    assert [item for item in found if isinstance(item, TreeField)] == []
    assert [item.report.iterations[0].prompt for item in found if isinstance(item, TreeJob)] == [
        "a lamp"
    ]
