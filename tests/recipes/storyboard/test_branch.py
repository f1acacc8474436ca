"""A branch of a storyboard: scenes before its part are kept, those from it on are filmed again."""

from pathlib import Path
from typing import Any

from db.queries import jobs as queries
from db.queries import lineage
from engine.contract import ImageRequest
from engine.recipes.storyboard.results import Storyboard
from tests.support.films import Shooting

THREE = "id: film\nscenes: [{prompt: first}, {prompt: second}, {prompt: third}]\n"


def current(shooting: Shooting, job: int) -> dict[str, Any]:
    with shooting.workspace.reading() as connection:
        steps = queries.steps(connection, job)
    return {step.key: step for step in steps if step.superseded_at is None}


def test_a_branch_from_a_scene_films_it_and_the_later_ones_again(tmp_path: Path) -> None:
    shooting = Shooting(tmp_path)
    origin = shooting.run(THREE, num_variations=2)
    before = current(shooting, origin.id)
    shooting.crew.asked.clear()
    batch = shooting.workspace.branch(f"j{origin.id}:scene-2", prompt="a red boat at dusk")
    shooting.workspace.follow(batch)
    with shooting.workspace.reading() as connection:
        [job] = queries.jobs_page(connection, int(batch.removeprefix("b")))
        came = lineage.origin_of(connection, job.id)
    assert job.state == "done", job.message
    assert came is not None
    assert (came.source_job_id, came.branch) == (origin.id, "scene-2")
    prompts = [request.prompt for request in shooting.crew.of(ImageRequest)]
    assert len(prompts) == 4  # two variations of each of two scenes
    assert prompts.count("a red boat at dusk") == 2
    after = current(shooting, job.id)
    first = [key for key in after if key.startswith("scene-1/") and key in before]
    assert first
    for key in first:
        assert (after[key].reused_from, after[key].cost) == (before[key].id, 0), key
    assert current(shooting, origin.id) == before, "the old line stays"
    scenes = Storyboard.model_validate_json(job.result or "").scenes
    assert [scene.variation for scene in scenes] != []
