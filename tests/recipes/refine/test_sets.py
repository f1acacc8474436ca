"""Several images and several prompts an iteration: seeds, scores, choice, and the budget."""

import json
from pathlib import Path
from typing import Any

import pytest

from db.queries import inspect
from engine.client.views.job_tree import read_tree
from engine.client.views.prompts import prompts_at
from engine.client.views.recipe_info import Headlines
from engine.contract import CallContext, GeneratedImage, ImageRequest, Permanent
from engine.contract.importing import TreeField, TreeProblem
from engine.recipes.refine.import_tree import TreeJob
from engine.recipes.refine.import_tree import read_tree as read_folders
from engine.testing.fakes import FakeImageBackend
from tests.recipes.refine.sets import read, run
from tests.testing.catalogs import EVALUATION


def scored(*scores: float) -> Any:
    """Scores in the order in which images are judged first."""
    known: dict[str, float] = {}

    def evaluate(request: Any) -> dict[str, Any]:
        score = known.setdefault(request.image.hash, scores[len(known) % len(scores)])
        return {**EVALUATION, "score": score}

    return {"evaluate": evaluate}


def test_one_candidate_has_the_steps_of_earlier_releases(tmp_path: Path):
    ran = run(tmp_path, max_iterations=2)
    assert ran.keys == [
        "iteration-1/generate",
        "iteration-1/evaluate",
        "iteration-1/refine",
        "iteration-2/generate",
        "iteration-2/evaluate",
    ]
    assert "candidate" not in ran.result


def test_candidates_have_different_seeds_and_the_best_goes_on(tmp_path: Path):
    ran = run(tmp_path, scored(20, 60, 40, 30, 50, 10), candidates=3, max_iterations=2)
    seeds = [ran.request(f"iteration-1/candidate-{n}/generate")["seed"] for n in (1, 2, 3)]
    assert len(set(seeds)) == 3
    selection = ran.data("iteration-1/select")
    best = selection["chosen"]
    scores = {one["number"]: one["score"] for one in selection["candidates"]}
    assert scores[best] == 60
    assert "best score of 3, 60.0" in selection["reason"]
    # The seed of the best leads the next iteration; the others are new ones.
    later = [ran.request(f"iteration-2/candidate-{n}/generate")["seed"] for n in (1, 2, 3)]
    assert later[0] == seeds[best - 1]
    assert len({*seeds, *later}) == 5
    assert (ran.result["iteration"], ran.result["candidate"]) == (1, best)
    assert [one.evaluation.score for one in ran.requests["refine"][0].attempts] == [60]


def test_every_iteration_has_new_seeds_if_seeds_vary(tmp_path: Path):
    ran = run(tmp_path, candidates=2, max_iterations=2, vary_seed=True)
    keys = [key for key in ran.keys if key.endswith("/generate")]
    assert len({ran.request(key)["seed"] for key in keys}) == 4


def test_rewrites_are_tried_with_one_image_each_and_the_best_has_the_others(tmp_path: Path):
    ran = run(tmp_path, candidates=3, rewrites=2, max_iterations=2)
    assert [key for key in ran.keys if key.endswith("/refine")] == [
        "iteration-1/rewrite-1/refine",
        "iteration-1/rewrite-2/refine",
    ]
    assert ran.requests["refine"][1].others == ("a red boat, version 1.0",)
    scouts = [ran.request(f"iteration-2/candidate-{n}/generate") for n in (1, 2)]
    assert scouts[0]["seed"] == scouts[1]["seed"]
    assert {one["prompt"] for one in scouts} == {
        "a red boat, version 1.0",
        "a red boat, version 1.1",
    }
    scores = [ran.data(f"iteration-2/candidate-{n}/evaluate")["score"] for n in (1, 2)]
    better = scouts[scores.index(max(scores))]["prompt"]
    further = [ran.request(f"iteration-2/candidate-{n}/generate") for n in (3, 4)]
    assert [one["prompt"] for one in further] == [better, better]
    assert ran.images == 3 + 4


def test_prompts_that_lost_are_part_of_the_history(tmp_path: Path):
    ran = run(tmp_path, rewrites=2, max_iterations=3, target_score=100)
    attempts = ran.requests["refine"][-1].attempts
    assert [one.prompt for one in attempts][:1] == ["a red boat"]
    assert len(attempts) == 3
    assert attempts[-1].evaluation.score >= attempts[-2].evaluation.score


@pytest.mark.parametrize(("most", "images", "stop"), [(4, 4, "budget"), (12, 9, "iterations")])
def test_a_budget_of_images_bounds_a_job(tmp_path: Path, most: int, images: int, stop: str):
    ran = run(tmp_path, candidates=3, max_iterations=3, max_images=most)
    assert (ran.images, ran.result["stop"]) == (images, stop)
    if stop == "budget":
        assert "iteration-2/refine" not in ran.keys


def test_a_short_budget_is_spent_on_the_best_seed_while_that_helps(tmp_path: Path):
    answers = scored(10, 50, 20, 60, 55, 30, 40, 70)
    ran = run(tmp_path, answers, candidates=3, max_iterations=6, max_images=8)
    counts = [
        sum(f"iteration-{n}/" in k and "/generate" in k for k in ran.keys) for n in range(1, 6)
    ]
    assert counts == [3, 1, 1, 3, 0], "seeds; two refinements, the second in vain; seeds again"
    assert ran.images == 8


def test_nothing_is_rewritten_that_no_image_is_left_for(tmp_path: Path):
    ran = run(tmp_path, rewrites=4, candidates=2, max_iterations=3, max_images=4)
    assert len(ran.requests["refine"]) == 2
    assert (ran.images, ran.result["stop"]) == (4, "budget")


def test_the_part_that_is_sent_by_default_is_the_image_of_the_result(tmp_path: Path):
    ran = run(tmp_path, scored(20, 60), candidates=2, max_iterations=1)
    other = 3 - ran.result["candidate"]
    ran.workspace.command("decide", ["j1"], {"key": "iteration-1/select", "value": other})
    ran.workspace.follow("b1")
    sent = ran.workspace.file("j1").hash
    assert sent == ran.data(f"iteration-1/candidate-{other}/generate")["image"]["hash"]


def test_an_operator_chooses_a_candidate(tmp_path: Path):
    ran = run(tmp_path, candidates=2, max_iterations=1)
    other = 3 - ran.result["candidate"]
    ran.workspace.command("decide", ["j1"], {"key": "iteration-1/select", "value": other})
    ran.workspace.follow("b1")
    again = read(ran.workspace, "b1")
    assert again.result["candidate"] == other
    assert "An operator chose candidate" in again.data("iteration-1/select")["reason"]


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("iteration-1/select", 3, "There is no candidate 3 of iteration 1; its images are 1, 2"),
        ("iteration-9/select", 1, "There is no iteration 9"),
        ("iteration-1/select", "x", "whole number"),
    ],
)
def test_a_choice_that_does_not_fit_is_refused(tmp_path: Path, key: str, value: Any, problem: str):
    workspace = run(tmp_path, candidates=2, max_iterations=1).workspace
    [number] = workspace.command("decide", ["j1"], {"key": key, "value": value})
    answer = workspace.answer(number)
    assert answer is not None
    assert answer.state == "refused"
    assert problem in (answer.answer or "")


def test_without_candidates_there_is_nothing_to_choose(tmp_path: Path):
    workspace = run(tmp_path, max_iterations=1).workspace
    [number] = workspace.command("decide", ["j1"], {"key": "iteration-1/select", "value": 1})
    answer = workspace.answer(number)
    assert answer is not None
    assert "Each iteration has one image" in (answer.answer or "")


class Refusing(FakeImageBackend):
    """Refuses the given numbers of its calls."""

    def __init__(self, *numbers: int) -> None:
        super().__init__()
        self.numbers = numbers
        self.calls = 0

    async def generate(self, request: ImageRequest, context: CallContext) -> GeneratedImage:
        self.calls += 1
        if self.calls in self.numbers:
            raise Permanent("The prompt is refused.")
        return await super().generate(request, context)


def test_an_image_that_fails_counts_in_the_budget_and_leaves_the_others(tmp_path: Path):
    ran = run(tmp_path, painter=Refusing(2), candidates=3, max_iterations=3, max_images=3)
    assert ran.job.state == "done"
    assert (ran.images, ran.result["stop"]) == (3, "budget")
    [failed] = ran.data("iteration-1/select")["failed"]
    assert failed in ran.warnings[0]
    assert failed.endswith("failed: The prompt is refused.")


def test_a_job_fails_if_all_of_its_first_images_do(tmp_path: Path):
    ran = run(tmp_path, painter=Refusing(1, 2, 3, 4), candidates=2)
    assert ran.job.state == "failed"


def test_a_candidate_that_fails_is_left_out_and_named(tmp_path: Path):
    judged = scored(20, 60)["evaluate"]

    def evaluate(request: Any) -> dict[str, Any]:
        if request.image.hash in refused:
            raise Permanent("The image cannot be judged.")
        return dict(judged(request))

    refused: set[str] = set()
    first = run(tmp_path, candidates=2, max_iterations=1)
    refused.add(first.data("iteration-1/candidate-1/generate")["image"]["hash"])
    (tmp_path / "again").mkdir()
    ran = run(tmp_path / "again", {"evaluate": evaluate}, candidates=2, max_iterations=1)
    assert ran.result["candidate"] == 2
    assert ran.data("iteration-1/select")["failed"] == [
        "Candidate 1 has no score: The image cannot be judged."
    ]


def test_the_folder_has_every_candidate_and_says_which_was_selected(tmp_path: Path):
    ran = run(tmp_path, scored(20, 60), candidates=2, max_iterations=1)
    folder = tmp_path / "w" / "outputs" / "results" / "boat"
    chosen = ran.result["candidate"]
    other = f"iteration_1_candidate_{3 - chosen}.png"
    assert {"iteration_1.png", other} <= {path.name for path in folder.iterdir()}
    document = json.loads((folder / "iteration_1_results.json").read_text())
    assert document["candidate"] == chosen
    assert [one["image"] for one in document["candidates"] if not one["selected"]] == [other]
    assert "best score of 2" in document["reason"]
    assert json.loads((folder / "summary.json").read_text())["stop"] == "iterations"


def test_a_folder_with_candidates_is_read_back_and_what_is_not_is_named(tmp_path: Path):
    run(tmp_path, scored(20, 60), candidates=2, max_iterations=1)
    read_back = list(read_folders(tmp_path / "w" / "outputs" / "results"))
    [job] = [one for one in read_back if isinstance(one, TreeJob)]
    assert job.report.stop == "iterations"
    assert job.report.iterations[0].score == 60
    names = {one.name for one in read_back if isinstance(one, TreeField)}
    assert {name for name in names if not name.startswith("timings.")} == {
        "candidate",
        "candidates",
        "reason",
    }
    assert not [one for one in read_back if isinstance(one, TreeProblem)]


def test_a_view_names_the_author_of_a_rewrite_and_the_score_of_the_selected_image(tmp_path: Path):
    ran = run(tmp_path, candidates=2, rewrites=2, max_iterations=2, target_score=100)
    with ran.workspace.reading() as connection:
        tree = read_tree(connection, ran.job.id, Headlines(), 80)
        assert tree is not None
        nodes = {node.scope: node for node in tree.nodes if node.id <= 0}
        lines = {line.id: line for line in inspect.step_lines(connection, ran.job.id)}
        _, prompt = prompts_at(connection, ran.job.id, nodes["iteration-2/candidate-1"], lines)
    assert prompt is not None
    assert prompt.author.startswith("fake/")
    assert nodes["iteration-2"].score == ran.data("iteration-2/select")["candidates"][
        ran.data("iteration-2/select")["chosen"] - 1
    ]["score"]  # fmt: skip
