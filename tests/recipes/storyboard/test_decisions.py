"""Decisions of operators: exactly the steps that depend on one run again."""

import json
from pathlib import Path
from typing import Any

import pytest

from db.writes.commands import add_decision
from db.writes.jobs import retry_jobs
from engine.contract import CompareRequest, ImageRequest, Request, ScoreRequest
from engine.recipes.storyboard.agents.cinematographer import ShotRequest
from engine.recipes.storyboard.agents.prompt_engineer import ReviewRequest
from engine.recipes.storyboard.results import Storyboard
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


def test_another_image_of_the_first_scene_makes_the_later_ones_again(tmp_path: Path):
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


def test_another_image_of_the_last_scene_makes_none(tmp_path: Path):
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


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Shooting:
    """A finished storyboard that no test changes."""
    shooting = Shooting(tmp_path_factory.mktemp("finished"))
    shooting.run(THREE, num_variations=2)
    return shooting


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("scene-1/select", 7, "There is no variation 7 of scene 1; its images are 1, 2"),
        ("scene-4/select", 1, "There is no scene-4: the storyboard has 3 scenes"),
        ("scene-0/select", 1, "There is no scene-0"),
        ("scene-01/select", 1, "There is no scene-01"),
        ("scene-9/prompt", "a fox", "There is no scene-9"),
        ("scene-x/prompt", "a fox", "There is no scene-x"),
        ("scene-1/select", True, "is a whole number"),
        ("scene-1/select", None, "is a whole number"),
        ("scene-1/select", "2", "is a whole number"),
        ("scene-1/select", -1, "is a whole number"),
        ("scene-1/select", 1.0, "is a whole number"),
        ("scene-1/prompt", 12, "is a text"),
        ("scene-1/prompt", None, "is a text"),
        ("scene-1/prompt", {"a": 1}, "is a text"),
        ("scene-1/prompt", "a \0 fox", "NUL"),
        ("scene-1/prompt", "a \udc80 fox", "halves of characters"),
        ("scene-1/choose", 1, "storyboard does not ask for"),
        ("scene-1/subjects", "Tom", "The storyboard has no subjects"),
    ],
)
def test_a_decision_that_cannot_be_is_refused_and_changes_nothing(
    finished: Shooting, key: str, value: Any, said: str
):
    shooting = finished
    before, files = chosen(shooting), sorted(shooting.folder.rglob("*"))
    job = shooting.decide(key, value)
    assert (job.state, chosen(shooting), count(shooting)) == ("done", before, NOTHING)
    assert sorted(shooting.folder.rglob("*")) == files
    with shooting.workspace.reading() as connection:
        sql = "SELECT state, answer FROM commands ORDER BY id DESC LIMIT 1"
        row = connection.execute(sql).fetchone()
        assert not connection.execute("SELECT 1 FROM decisions").fetchall()
    assert row["state"] == "refused"
    assert said in row["answer"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("scene-1/select", 9),
        ("scene-1/select", True),
        ("scene-1/prompt", None),
        ("scene-3/prompt", 5),
    ],
)
def test_a_decision_that_fits_no_longer_leaves_the_result_as_it_was(
    tmp_path: Path, key: str, value: Any
):
    shooting = Shooting(tmp_path)
    shooting.run(THREE, num_variations=2)
    shooting.decide("scene-1/select", other(chosen(shooting)[0]))
    shooting.decide("scene-3/prompt", "a quiet street")
    before, files = chosen(shooting), sorted(shooting.folder.rglob("*"))
    shooting.crew.asked.clear()
    with shooting.workspace.store.alone() as write:  # an older version kept whatever was given
        write(lambda c: add_decision(c, 1, key, value, "operator"))
        write(lambda c: retry_jobs(c, [shooting.job()]))
    shooting.again()
    assert (chosen(shooting), count(shooting)) == (before, NOTHING)
    assert sorted(shooting.folder.rglob("*")) == files
    with shooting.workspace.reading() as connection:
        sql = "SELECT message FROM events WHERE type = 'job.warning' AND message LIKE '%decided%'"
        (warning,) = connection.execute(sql).fetchall()
    assert warning["message"].startswith(f"{key.partition('/')[0]}: ")
    assert "is left out" in warning["message"]
    document = json.loads((shooting.folder / "storyboard.json").read_text())
    assert document["scenes" if "scenes" in document else "storyboard_plan"]


def test_what_is_decided_before_the_images_are_there_may_be_any_that_will_be(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.queue(THREE, num_variations=2)
    for value in (2, 3):
        shooting.workspace.command("decide", ["j1"], {"key": "scene-2/select", "value": value})
    with shooting.workspace.reading() as connection:
        states = [row[0] for row in connection.execute("SELECT state FROM commands ORDER BY id")]
    assert states == ["done", "refused"]
    shooting.again()
    assert chosen(shooting)[1] == 2


def test_an_image_that_could_not_be_made_is_not_asked_for_again(tmp_path: Path):
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
