"""What an operator decides: exactly what depends on it runs again."""

from pathlib import Path

from engine.capabilities import (
    CompareRequest,
    ImageRequest,
    Request,
    ReviewRequest,
    ScoreRequest,
    ShotRequest,
)
from engine.recipes.storyboard.loop import Storyboard
from tests.support.films import Crew, Shooting

THREE = "id: film\nscenes: [{prompt: first}, {prompt: second}, {prompt: third}]\n"


def chosen(shooting: Shooting) -> list[int | None]:
    job = shooting.job()
    assert job.state == "done", job.message
    return [s.variation for s in Storyboard.model_validate_json(job.result or "").scenes]


def other(number: int | None) -> int:
    return 2 if number == 1 else 1


def count(shooting: Shooting) -> dict[str, int]:
    kinds = (ShotRequest, ReviewRequest, ImageRequest, ScoreRequest, CompareRequest)
    return {kind.__name__: len(shooting.crew.of(kind)) for kind in kinds}


NOTHING = {
    "ShotRequest": 0,
    "ReviewRequest": 0,
    "ImageRequest": 0,
    "ScoreRequest": 0,
    "CompareRequest": 0,
}


def test_another_picture_of_the_first_scene_makes_the_later_ones_again(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.run(THREE, num_variations=2)
    wanted = other(chosen(shooting)[0])
    shooting.decide("scene-1/select", wanted)
    assert chosen(shooting)[0] == wanted
    assert count(shooting) == NOTHING | {
        "ImageRequest": 4,
        "ScoreRequest": 2,
        "CompareRequest": 1,
    }
    document = (shooting.folder / "storyboard.json").read_text()
    assert "An operator chose variation" in document


def test_another_picture_of_the_last_scene_makes_none(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.run(THREE, num_variations=2)
    shooting.decide("scene-3/select", other(chosen(shooting)[2]))
    assert count(shooting) == NOTHING | {"CompareRequest": 1}


def test_the_scores_choose_again_with_0(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.run(THREE, num_variations=2)
    before = chosen(shooting)
    shooting.decide("scene-1/select", other(before[0]))
    shooting.decide("scene-1/select", 0)
    assert chosen(shooting) == before
    assert count(shooting) == NOTHING  # all of it had been made before


def test_a_decided_prompt_makes_its_scene_and_the_later_ones_again(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.run(THREE, num_variations=2)
    before = chosen(shooting)
    shooting.decide("scene-2/prompt", "a quiet street, shot 9, at night")
    assert count(shooting)["ShotRequest"] == 0
    assert count(shooting)["ScoreRequest"] <= 2
    asked = {request.prompt for request in shooting.crew.of(ImageRequest)}
    assert "a quiet street, shot 9, at night" in asked
    assert not any("first" in prompt for prompt in asked)
    briefs = [request.brief for request in shooting.crew.of(ScoreRequest)]
    assert briefs[0] == "a quiet street, shot 9, at night"
    assert "third" in briefs[-1]
    [_, second, _] = Storyboard.model_validate_json(shooting.job().result or "").scenes
    assert (second.wording.source, second.wording.negative_prompt) == ("operator", "blur")
    assert (shooting.folder / "scene_2" / "final_enhanced_prompt.txt").read_text() == (
        "a quiet street, shot 9, at night\n"
    )
    shooting.decide("scene-2/prompt", "")
    assert chosen(shooting) == before
    assert count(shooting) == NOTHING


def test_a_variation_that_is_not_there_is_refused_in_one_sentence(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.run(THREE, num_variations=2)
    job = shooting.decide("scene-1/select", 7)
    assert job.state == "failed"
    assert job.message == "film: Variation 7 was decided, and the scene's pictures are 1, 2."
    job = shooting.decide("scene-1/select", 2)
    assert (job.state, chosen(shooting)[0]) == ("done", 2)


def test_a_picture_that_could_not_be_made_is_not_asked_for_again(tmp_path: Path):
    seen: list[int] = []

    def fails(request: Request) -> bool:
        if isinstance(request, ImageRequest):
            seen.append(request.seed)
        return isinstance(request, ImageRequest) and len(seen) == 1

    shooting = Shooting(tmp_path, Crew(fails=fails))
    shooting.run(THREE, num_variations=3)
    kept = next(n for n in (1, 2, 3) if n != chosen(shooting)[2])
    shooting.decide("scene-3/select", kept)
    assert count(shooting) == NOTHING | {"CompareRequest": 1}
    assert chosen(shooting)[2] == kept


def test_what_was_there_before_stays_in_the_store(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.run(THREE, num_variations=2)
    before = {step.id for step in shooting.steps()}
    shooting.decide("scene-1/select", other(chosen(shooting)[0]))
    after = shooting.steps()
    assert before < {step.id for step in after}
    current = [step.key for step in after if step.superseded_at is None]
    assert len(current) == len(set(current))
