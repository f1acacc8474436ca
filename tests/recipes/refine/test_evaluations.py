"""Ways to evaluate: checklist and pairs, judges that are asked several times, and the guard."""

from pathlib import Path
from typing import Any

import pytest

from db.queries import jobs as queries
from engine.testing.fakes import FakeScoreBackend
from tests.recipes.refine.sets import read, run
from tests.testing.catalogs import EVALUATION, PROMPT


def answers(**verdicts: str) -> Any:
    """The same answers for every image, by the ids of questions."""

    def answer(request: Any) -> dict[str, Any]:
        return {
            "description": "a blue boat",
            "answers": [
                {"id": one.id, "verdict": verdicts[one.id], "reason": "it is blue"}
                for one in request.questions
            ],
        }

    return {"answer_questions": answer}


def test_a_checklist_is_written_once_and_its_share_is_the_score(tmp_path: Path):
    ran = run(
        tmp_path, answers(q1="yes", q2="no", q3="yes"), evaluation="checklist", max_iterations=2
    )
    assert len(ran.requests["write_questions"]) == 1
    assert "evaluate" not in ran.requests
    evaluation = ran.data("iteration-1/evaluate")
    assert evaluation["score"] == 66.67
    assert evaluation["missing"] == ["Is the boat red"]
    assert evaluation["reasons"] == ["Is the boat red? No: it is blue"]
    assert [one["verdict"] for one in evaluation["checks"]] == ["met", "unmet", "met"]
    assert ran.job.score == 66.67


def test_a_question_that_depends_on_an_unmet_one_names_it(tmp_path: Path):
    ran = run(
        tmp_path, answers(q1="no", q2="yes", q3="yes"), evaluation="checklist", max_iterations=1
    )
    assert ran.data("iteration-1/evaluate")["reasons"] == [
        "Is there a boat? No: it is blue",
        "Is the boat red? No, for that depends on: Is there a boat?",
    ]


def test_the_refiner_is_given_what_failed_and_what_to_keep(tmp_path: Path):
    ran = run(
        tmp_path, answers(q1="yes", q2="no", q3="cannot_tell"), evaluation="checklist",
        max_iterations=2, avoid=["trending on artstation"],
    )  # fmt: skip
    [request] = ran.requests["refine"]
    assert request.attempts[0].evaluation.missing == ("Is the boat red",)
    assert request.keep == ("Is there a boat",)
    assert request.avoid == ("trending on artstation",)


def test_an_image_that_no_question_can_be_answered_for_is_described(tmp_path: Path):
    unknown = dict.fromkeys(("q1", "q2", "q3"), "cannot_tell")
    ran = run(tmp_path, answers(**unknown), evaluation="checklist", max_iterations=1)
    assert len(ran.requests["evaluate"]) == 1
    assert ran.data("iteration-1/evaluate")["description"] == "a boat"
    assert any("No question of the checklist" in text for text in ran.warnings)


def test_a_scorer_answers_the_checklist_in_place_of_a_vision_model(tmp_path: Path):
    ran = run(tmp_path, evaluation="checklist", score="fake", max_iterations=1)
    assert "answer_questions" not in ran.requests
    evaluation = ran.data("iteration-1/evaluate")
    assert [one["verdict"] for one in evaluation["checks"]] == ["met", "unmet", "unknown"]
    assert (evaluation["score"], evaluation["scorer"]) == (50, "asked")
    [report] = ran.workspace.results("b1")
    assert report.iterations[0].evaluation.checks[1].value == "yes to 20%"


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({}, "add --set evaluation=checklist"),
        ({"evaluation": "checklist"}, "fake answers no questions"),
    ],
)
def test_a_scorer_that_does_not_fit_is_refused(
    tmp_path: Path, settings: dict[str, Any], problem: str
):
    with pytest.raises(Exception, match=problem):
        run(tmp_path, scorer=FakeScoreBackend(), score="fake", **settings)


def test_a_judge_is_asked_several_times_and_the_spread_is_kept(tmp_path: Path):
    def evaluate(request: Any) -> dict[str, Any]:
        return {**EVALUATION, "score": 40 + 10 * request.ask}

    ran = run(
        tmp_path, {"evaluate": evaluate}, judges=3, judge_temperature=0.7, max_iterations=1
    )  # fmt: skip
    assert [key for key in ran.keys if "evaluate" in key] == [
        "iteration-1/evaluate-1",
        "iteration-1/evaluate-2",
        "iteration-1/evaluate-3",
        "iteration-1/evaluate",
    ]
    evaluation = ran.data("iteration-1/evaluate")
    assert evaluation["score"] == 60
    assert [one["score"] for one in evaluation["askings"]] == [50, 60, 70]
    assert {request.temperature for request in ran.requests["evaluate"]} == {0.7}
    [report] = ran.workspace.results("b1")
    assert report.iterations[0].evaluation.spread == 8.16
    assert report.iterations[0].evaluation.backend == "fake"


def test_the_majority_of_askings_answers_a_question(tmp_path: Path):
    def answer(request: Any) -> dict[str, Any]:
        verdict = "no" if request.ask == 2 else "yes"
        return {
            "description": "a boat",
            "answers": [{"id": one.id, "verdict": verdict} for one in request.questions],
        }

    ran = run(
        tmp_path, {"answer_questions": answer}, evaluation="checklist", judges=3, max_iterations=1
    )  # fmt: skip
    evaluation = ran.data("iteration-1/evaluate")
    assert evaluation["score"] == 100
    assert [one["score"] for one in evaluation["askings"]] == [100, 0, 100]


def lose_once(lost: list[list[str]]) -> Any:
    """A guard that finds the listed demands lost, one list per check."""

    def guard(_request: Any) -> dict[str, Any]:
        return {"lost": lost.pop(0) if lost else []}

    return {"guard_brief": guard}


def test_a_prompt_that_loses_some_of_the_brief_is_repaired_once(tmp_path: Path):
    ran = run(tmp_path, lose_once([["red"]]), evaluation="checklist", max_iterations=2)
    steps = [key for key in ran.keys if "guard" in key or "re" in key.rpartition("/")[2][:2]]
    assert steps == [
        "iteration-1/refine",
        "iteration-1/guard",
        "iteration-1/repair",
        "iteration-1/guard-repair",
    ]
    repair = ran.requests["refine"][1]
    assert (repair.lost, repair.others) == (("red",), ("a red boat, version 1.0",))
    assert ran.request("iteration-2/generate")["prompt"] == "a red boat, version 1.1"


def test_a_prompt_that_cannot_be_repaired_leaves_the_earlier_one_with_a_new_seed(tmp_path: Path):
    ran = run(tmp_path, lose_once([["red"], ["red"]]), guard=True, max_iterations=2)
    first, second = (ran.request(f"iteration-{n}/generate") for n in (1, 2))
    assert second["prompt"] == "a red boat"
    assert first["seed"] != second["seed"]
    assert any("left out, since it lost: red" in text for text in ran.warnings)


def test_pairs_are_compared_in_both_orders_and_only_winners_are_described(tmp_path: Path):
    ran = run(tmp_path, evaluation="pairwise", candidates=4, max_iterations=2, target_score=100)
    hashes = {
        n: ran.data(f"iteration-1/candidate-{n}/generate")["image"]["hash"] for n in range(1, 5)
    }
    selection = ran.data("iteration-1/select")
    assert hashes[selection["chosen"]] == min(hashes.values())
    assert [one["askings"] for one in selection["matches"]] == [1, 1, 1]
    orders = [(r.first.hash, r.second.hash) for r in ran.requests["compare_images"]]
    assert all((other, one) in orders for one, other in orders)
    assert len(ran.requests["evaluate"]) == 2
    # Three matches an iteration, and one against the best so far, each in both orders.
    assert len(orders) == 2 * (3 + 3 + 1)
    with ran.workspace.reading() as connection:
        critiques = [one.text for one in queries.critiques(connection, ran.job.id)]
    assert not any("It is redder" in text for text in critiques)
    everything = [s for s in ran.steps if s.name == "generate"]
    best = min(ran.data(step.key)["image"]["hash"] for step in everything)
    assert ran.result["image"]["image"]["hash"] == best


def test_a_judge_that_favours_a_position_decides_nothing(tmp_path: Path):
    always_first = {"first": "x", "second": "x", "reason": "x", "winner": "first"}
    ran = run(
        tmp_path, {"compare_images": always_first}, evaluation="pairwise", candidates=2,
        max_iterations=2, min_gain=1,
    )  # fmt: skip
    assert ran.data("iteration-1/select")["matches"][0]["points"] == 0
    assert (ran.result["iteration"], ran.result["candidate"]) == (1, 1)


SCORES: dict[str, tuple[list[float], dict[str, Any]]] = {
    "target": ([95], {}),
    "plateau": ([50, 50.5], {"min_gain": 2}),
    "oscillation": ([40, 60, 40.5, 60], {"stop_oscillating": True}),
    "iterations": ([10, 20, 30, 40, 50], {}),
}


@pytest.mark.parametrize("stop", SCORES)
def test_a_loop_stops_for_a_reason_and_pays_for_nothing_after(tmp_path: Path, stop: str):
    scores, settings = SCORES[stop]
    left = list(scores)
    evaluate = {"evaluate": lambda _request: {**EVALUATION, "score": left.pop(0)}}
    ran = run(tmp_path, evaluate, max_iterations=5, **settings)
    assert (ran.result["stop"], ran.images, left) == (stop, len(scores), [])
    assert len(ran.requests.get("refine", [])) == len(scores) - 1
    [report] = ran.workspace.results("b1")
    assert report.stop == stop


def test_a_prompt_that_comes_back_ends_the_loop(tmp_path: Path):
    ran = run(tmp_path, {"refine": PROMPT}, max_iterations=5, stop_oscillating=True)
    assert (ran.result["stop"], ran.images) == ("oscillation", 2)


def test_a_branch_keeps_the_checklist(tmp_path: Path):
    failing = answers(q1="yes", q2="no", q3="yes")
    ran = run(tmp_path, failing, evaluation="checklist", candidates=2, max_iterations=2)
    batch = ran.workspace.branch("j1:iteration-2", prompt="a red boat at sea")
    ran.workspace.follow(batch)
    branch = read(ran.workspace, batch)
    assert branch.job.state == "done"
    with ran.workspace.reading() as connection:
        assert "questions" in queries.inherited_keys(connection, branch.job.id)
    assert branch.job.iterations == 2
