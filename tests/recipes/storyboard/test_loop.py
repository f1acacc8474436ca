"""The loop: what is asked of whom, what is kept, and what a failure costs."""

import json
from pathlib import Path
from typing import Any

import pytest

from db.queries import jobs as queries
from db.queries.history import events_after
from engine.contract import CompareRequest, ImageRequest, ImageScore, Request, ScoreRequest
from engine.recipes.storyboard.agents.cinematographer import ShotRequest
from engine.recipes.storyboard.agents.prompt_engineer import ReviewRequest
from engine.recipes.storyboard.agents.scene_writer import ScenesRequest
from engine.recipes.storyboard.results import Storyboard
from tests.support.films import Crew, Shooting, png_of

pytestmark = pytest.mark.usefixtures("one_process")

TWO = "id: film\nscenes: [{id: a, prompt: first}, {id: b, prompt: second}]\n"
THREE = "id: film\nscenes: [{prompt: first}, {prompt: second}, {prompt: third}]\n"


def result(job: Any) -> Storyboard:
    assert job.state == "done", job.message
    return Storyboard.model_validate_json(job.result)


def keys(shooting: Shooting) -> set[str]:
    return {step.key for step in shooting.steps() if step.superseded_at is None}


def test_a_brief_is_split_written_made_scored_chosen_and_compared(tmp_path: Path):
    shooting = Shooting(tmp_path)
    job = shooting.run("id: film\nprompt: coffee\ntarget_duration: 7.5\n", num_variations=2)
    assert len(result(job).scenes) == 2
    scene = {
        "iteration-1/write", "iteration-1/review", "iteration-2/write", "iteration-2/review",
        "iteration-3/write", "iteration-3/review", "variation-1/generate", "variation-2/generate",
        "score", "select", "references",
    }  # fmt: skip
    assert keys(shooting) == {"scenes", "compare"} | {
        f"scene-{number}/{name}" for number in (1, 2) for name in scene
    }
    [asked] = shooting.crew.of(ScenesRequest)
    assert (asked.count, asked.film.brief) == (2, "coffee")


def test_scenes_that_are_given_are_not_split(tmp_path: Path):
    shooting = Shooting(tmp_path)
    job = shooting.run(f"{TWO}prompt: the brief\n", preset="fast")
    assert [scene.id for scene in result(job).scenes] == ["a", "b"]
    assert shooting.crew.of(ScenesRequest) == []
    assert {request.film.brief for request in shooting.crew.of(ShotRequest)} == {"the brief"}


def test_rounds_stop_at_the_threshold_and_know_all_before_them(tmp_path: Path):
    shooting = Shooting(tmp_path, Crew(reviews=[50, 70, 86, 99]))
    shooting.run("prompt: x\n", num_scenes=1, num_variations=1)
    assert [len(asked.drafts) for asked in shooting.crew.of(ShotRequest)] == [0, 1, 2]
    assert [d.review.overall for d in shooting.crew.of(ShotRequest)[-1].drafts] == [50, 70]


def test_the_best_version_wins_not_the_last(tmp_path: Path):
    shooting = Shooting(tmp_path, Crew(reviews=[40, 80, 60, 80]))
    job = shooting.run("prompt: x\n", num_scenes=1, num_variations=1)
    [scene] = result(job).scenes
    assert (scene.wording.source, scene.wording.score) == ("iteration-2", 80)
    assert {request.prompt for request in shooting.crew.of(ImageRequest)} == {scene.wording.prompt}


def test_every_version_of_a_prompt_follows_one_of_the_same_scene(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.run(THREE, num_variations=1)
    with shooting.workspace.reading() as connection:
        versions = {version.id: version for version in queries.prompts(connection, 1)}
    assert len(versions) == 9
    for version in versions.values():
        scene, _, turn = version.text.partition("; shot ")
        parent = versions.get(version.parent_id or 0)
        before = f"{scene}; shot {int(turn[0]) - 1}, low angle"
        assert (parent and parent.text) == (None if turn[0] == "1" else before)


def test_weights_of_the_criteria_go_to_the_reviewer(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.run("prompt: x\n", num_scenes=1, criteria_weights="specificity=1,cinematography=3")
    assert {r.weights for r in shooting.crew.of(ReviewRequest)} == {(0, 1, 0, 3, 0)}


def test_simple_takes_the_scene_s_own_words_and_one_image(tmp_path: Path):
    shooting = Shooting(tmp_path)
    entry = "scenes: [{prompt: A cup.}]\nconsistency: [a blue rim]\nbrand: {avoid: [neon, text]}\n"
    job = shooting.run(entry, preset="simple")
    [asked] = shooting.crew.of(ImageRequest)
    assert (asked.prompt, asked.negative_prompt) == ("A cup. a blue rim.", "neon, text")
    assert result(job).scenes[0].wording.source == "entry"
    assert shooting.crew.of(ShotRequest) == []


def test_variations_have_one_prompt_and_seeds_of_their_own(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.run(TWO, num_variations=4)
    asked = shooting.crew.of(ImageRequest)
    assert len({request.seed for request in asked}) == 8
    assert len({request.prompt for request in asked}) == 2


def test_the_seed_of_a_variation_does_not_depend_on_how_many_there_are(tmp_path: Path):
    seeds = []
    for number in (2, 4):
        folder = tmp_path / str(number)
        folder.mkdir()
        shooting = Shooting(folder)
        shooting.run(TWO, num_variations=number)
        seeds.append({request.seed for request in shooting.crew.of(ImageRequest)})
    assert seeds[0] < seeds[1]


def test_scorers_are_given_the_short_brief_and_the_full_text(tmp_path: Path):
    shooting = Shooting(tmp_path)
    job = shooting.run(TWO, num_variations=3)
    for scene, asked in zip(result(job).scenes, shooting.crew.of(ScoreRequest), strict=True):
        assert (asked.brief, asked.prompt) == (scene.prompt, scene.wording.prompt)
        assert len(asked.images) == 3


def test_only_scorers_with_a_weight_are_asked(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.run(TWO, score_weights="aesthetic=1,vqascore=0")
    assert {request.metrics for request in shooting.crew.of(ScoreRequest)} == {("aesthetic",)}


def test_the_job_s_score_is_the_mean_quality(tmp_path: Path):
    def marks(request: ScoreRequest, _metric: str) -> list[ImageScore]:
        value = 90.0 if request.brief == "first" else 60.0
        return [ImageScore(raw=value, value=value) for _ in request.images]

    job = Shooting(tmp_path, Crew(marks=marks)).run(TWO)
    assert job.score == 75.0


# -- chaining ---------------------------------------------------------------------------------


def followed(shooting: Shooting) -> list[list[str]]:
    """References of each scene's first variation."""
    found = []
    seen = set()
    for asked in shooting.crew.of(ImageRequest):
        if asked.prompt not in seen:
            seen.add(asked.prompt)
            wanted = [asked.reference, *asked.more_references]
            found.append([one.hash for one in wanted if one is not None])
    return found


@pytest.mark.parametrize("takes", [1, 3])
def test_chain_follows_the_scene_before(tmp_path: Path, takes: int):
    shooting = Shooting(tmp_path, Crew(max_references=takes))
    one, two, _ = (s.image.hash for s in result(shooting.run(THREE)).scenes)
    assert followed(shooting) == [[], [one], [two]]


def test_anchor_follows_scene_1_as_well(tmp_path: Path):
    shooting = Shooting(tmp_path, Crew(max_references=3))
    job = shooting.run(THREE, reference_strategy="anchor")
    one, two, _ = (s.image.hash for s in result(job).scenes)
    assert followed(shooting) == [[], [one], [one, two]]


def test_anchor_with_one_reference_is_scene_1_and_that_is_said(tmp_path: Path):
    shooting = Shooting(tmp_path)
    job = shooting.run(THREE, reference_strategy="anchor")
    one, _, _ = (s.image.hash for s in result(job).scenes)
    assert followed(shooting) == [[], [one], [one]]
    assert result(job).notes == ("crew (crew-1) follows one reference image: scene 1 alone.",)


def test_sheet_follows_a_contact_sheet_of_the_last_scenes(tmp_path: Path):
    shooting = Shooting(tmp_path, Crew(max_references=2))
    job = shooting.run(THREE, reference_strategy="sheet")
    one, two, _ = (s.image.hash for s in result(job).scenes)
    assert followed(shooting)[1] == [one]
    assert followed(shooting)[2][0] == two
    [sheet] = [step for step in shooting.steps() if step.name == "sheet"]
    assert sheet.key == "scene-3/sheet"
    assert followed(shooting)[2][1] == sheet.decoded["image"]["hash"]
    assert (sheet.decoded["image"]["width"], sheet.decoded["image"]["height"]) == (164, 88)


def test_the_operator_s_image_is_scene_1(tmp_path: Path):
    (tmp_path / "own.png").write_bytes(png_of((9, 9, 9)))
    shooting = Shooting(tmp_path)
    job = shooting.run(f"{TWO}reference_image: own.png\n", num_variations=2)
    first, second = result(job).scenes
    assert (first.variation, first.quality) == (None, None)
    assert first.image.width == 64
    assert followed(shooting) == [[first.image.hash]]
    assert not {key for key in keys(shooting) if key.startswith("scene-1")}
    assert job.score == second.quality
    [compared] = shooting.crew.of(CompareRequest)
    assert [image.hash for image in compared.images] == [first.image.hash, second.image.hash]


def test_the_operator_s_image_may_be_a_condition_instead(tmp_path: Path):
    (tmp_path / "own.png").write_bytes(png_of((9, 9, 9)))
    shooting = Shooting(tmp_path)
    entry = f"{TWO}reference_image: own.png\n"
    job = shooting.run(entry, reference_mode="condition", num_variations=2)
    first, _ = result(job).scenes
    assert first.variation is not None
    own, chosen = followed(shooting)
    assert own != chosen == [first.image.hash]
    assert len(shooting.crew.of(ImageRequest)) == 4


# -- thresholds -------------------------------------------------------------------------------


def low_until(count: int):
    """Marks of 10 in sets of fewer images, and of 80 for the last one in larger sets."""

    def marks(request: ScoreRequest, _metric: str) -> list[ImageScore]:
        found = [10.0] * len(request.images)
        if len(found) >= count:
            found[-1] = 80.0
        return [ImageScore(raw=value, value=value) for value in found]

    return marks


def warnings(shooting: Shooting) -> list[str]:
    with shooting.workspace.reading() as connection:
        found = events_after(connection, 0, limit=10_000)
    return [event.message for event in found if event.type == "job.warning"]


def test_below_the_threshold_it_warns_and_goes_on(tmp_path: Path):
    shooting = Shooting(tmp_path, Crew(marks=low_until(99)))
    job = shooting.run(TWO, num_variations=2)
    said = "The quality score of variation 1, 10.0, is below the threshold of 40."
    assert result(job).scenes[0].warnings[0] == said
    assert f"scene-1: {said}" in warnings(shooting)


def test_a_warning_is_in_the_history_once(tmp_path: Path):
    shooting = Shooting(tmp_path, Crew(marks=low_until(99)))
    shooting.run(TWO, num_variations=1)
    before = warnings(shooting)
    shooting.decide("scene-2/select", 1)
    assert warnings(shooting) == before


def test_it_makes_another_set_and_ranks_all_images_together(tmp_path: Path):
    shooting = Shooting(tmp_path, Crew(marks=low_until(4)))
    job = shooting.run(TWO, num_variations=2, below_threshold="regenerate", max_regenerations=3)
    assert [scene.variation for scene in result(job).scenes] == [4, 4]
    assert [len(r.images) for r in shooting.crew.of(ScoreRequest)] == [2, 4, 2, 4]
    assert {"scene-1/score", "scene-1/again-1/score"} <= keys(shooting)
    assert len({request.seed for request in shooting.crew.of(ImageRequest)}) == 8


def test_it_makes_no_more_sets_than_it_may(tmp_path: Path):
    shooting = Shooting(tmp_path, Crew(marks=low_until(99)))
    job = shooting.run(TWO, num_variations=2, below_threshold="regenerate", max_regenerations=2)
    assert len(shooting.crew.of(ImageRequest)) == 12
    assert "below the threshold" in result(job).scenes[0].warnings[0]


def test_a_missing_mark_is_said(tmp_path: Path):
    def marks(request: ScoreRequest, metric: str) -> list[ImageScore]:
        if metric == "vqascore":
            return [ImageScore(note="no answer") for _ in request.images]
        return [ImageScore(raw=1, value=50) for _ in request.images]

    job = Shooting(tmp_path, Crew(marks=marks)).run(TWO)
    assert any("vqascore gave no mark to all of 4" in w for w in result(job).scenes[0].warnings)


# -- failures ---------------------------------------------------------------------------------


def refuses(*seeds: int):
    """Refuses images by their place in the job's order of seeds."""
    seen: list[int] = []

    def fails(request: Request) -> bool:
        if not isinstance(request, ImageRequest):
            return False
        seen.append(request.seed)
        return len(seen) in seeds

    return fails


def test_one_image_that_cannot_be_made_does_not_fail_the_job(tmp_path: Path):
    shooting = Shooting(tmp_path, Crew(fails=refuses(2)))
    job = shooting.run(TWO, num_variations=3)
    [request, _] = shooting.crew.of(ScoreRequest)
    assert len(request.images) == 2
    said = [w for w in result(job).scenes[0].warnings if "could not be made" in w]
    assert len(said) == 1
    assert "It was refused." in said[0]
    scores = json.loads((shooting.folder / "scene_1" / "quality_scores.json").read_text())
    assert len(scores["failed"]) == 1
    assert scores["failed"][0]["reason"] == "It was refused."


def test_no_image_at_all_fails_the_job_and_a_retry_mends_it(tmp_path: Path):
    crew = Crew(fails=lambda request: isinstance(request, ImageRequest))
    shooting = Shooting(tmp_path, crew)
    job = shooting.run(TWO, num_variations=2)
    assert (job.state, job.message) == ("failed", "film: It was refused.")
    written = len(crew.of(ShotRequest))
    crew.fails = lambda _request: False
    crew.asked.clear()
    shooting.workspace.command("retry", ["j1"], {})
    assert len(result(shooting.again()).scenes) == 2
    assert len(crew.of(ShotRequest)) <= 6 - written  # nothing that was written is written again


def test_a_further_set_that_cannot_be_made_leaves_the_first(tmp_path: Path):
    crew = Crew(marks=low_until(99), fails=refuses(3, 4))
    job = Shooting(tmp_path, crew).run(
        "scenes: [{prompt: x}]", num_variations=2, below_threshold="regenerate"
    )
    [scene] = result(job).scenes
    assert scene.variation in {1, 2}
    assert sum("could not be made" in warning for warning in scene.warnings) == 2


@pytest.mark.parametrize("asked", [ShotRequest, ReviewRequest])
def test_a_first_round_that_fails_leaves_the_scene_its_own_words(tmp_path: Path, asked: type):
    crew = Crew(fails=lambda request: isinstance(request, asked))
    scene = result(Shooting(tmp_path, crew).run(TWO)).scenes[0]
    assert (scene.wording.source, scene.wording.score) == ("entry", None)
    said = "Round 1 failed, the scene keeps its own words: It was refused."
    assert scene.wording.notes == (said,)
    assert said in scene.warnings


def test_a_later_round_that_fails_keeps_the_earlier_ones(tmp_path: Path):
    def fails(request: Request) -> bool:
        return isinstance(request, ShotRequest) and len(request.drafts) == 1

    job = Shooting(tmp_path, Crew(fails=fails)).run(TWO)
    scene = result(job).scenes[0]
    assert scene.wording.source == "iteration-1"
    assert scene.wording.notes == ("Round 2 failed, earlier ones hold: It was refused.",)


def test_a_fallback_is_asked_for_no_more_than_it_can_do(tmp_path: Path):
    crew = Crew(max_references=3, fails=lambda r: isinstance(r, ImageRequest | ScoreRequest))
    shooting = Shooting(tmp_path, crew, Crew(metrics=("measured", "vqascore")))
    job = shooting.run(
        THREE,
        image="crew,spare",
        score="crew,spare",
        reference_strategy="anchor",
        score_weights="pickscore=1,vqascore=2",
        num_variations=2,
    )
    assert len(result(job).scenes) == 3
    assert max(len(asked.more_references) for asked in crew.of(ImageRequest)) == 1
    assert {asked.more_references for asked in shooting.spare.of(ImageRequest)} == {()}
    assert {asked.metrics for asked in shooting.spare.of(ScoreRequest)} == {("vqascore",)}
    for step in shooting.steps():
        assert step.name != "select@spare"  # the choice is the recipe's own


def test_images_stand_where_they_cannot_be_compared(tmp_path: Path):
    crew = Crew(fails=lambda request: isinstance(request, CompareRequest))
    job = Shooting(tmp_path, crew).run(TWO)
    assert len(result(job).scenes) == 2
    assert "could not be measured" in result(job).notes[0]


def test_one_scene_is_not_compared(tmp_path: Path):
    shooting = Shooting(tmp_path)
    assert result(shooting.run("scenes: [{prompt: x}]")).likenesses == ()
    assert shooting.crew.of(CompareRequest) == []


def test_scenes_that_different_scorers_scored_are_said_not_to_compare(tmp_path: Path):
    def fails(request: Any) -> bool:
        return isinstance(request, ScoreRequest) and request.brief == "second"

    entry = "scenes: [{prompt: first}, {prompt: second}]\n"
    shooting = Shooting(tmp_path, Crew(fails=fails), Crew(metrics=("house",)))
    job = shooting.run(entry, score="crew,spare", preset="simple")
    assert job.state == "done"
    assert "scored by different scorers" in json.loads(job.result or "{}")["notes"][0]


def test_scenes_that_the_same_scorers_scored_need_no_note(tmp_path: Path):
    job = Shooting(tmp_path).run("scenes: [{prompt: first}, {prompt: second}]\n", preset="simple")
    assert json.loads(job.result or "{}")["notes"] == []
