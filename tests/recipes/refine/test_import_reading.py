from hypothesis import given
from hypothesis import strategies as st

from engine.contract.backend import Artifact
from engine.recipes.refine.documents import iteration_evaluation, iteration_results, job_summary
from engine.recipes.refine.import_files import (
    plain,
    read_evaluation,
    read_iteration,
    read_job,
    read_key,
)
from engine.recipes.refine.report import JobReport
from tests.support.refine_results import make_job, make_turn

ARTIFACT = Artifact(hash="ab" * 32, media_type="image/png", size=9, width=16, height=8)
TURN = make_turn(ARTIFACT, reference="cd" * 32)
FIELDS = sorted(
    {
        *iteration_results(make_job(TURN), TURN),
        *iteration_evaluation(make_job(TURN), TURN, TURN.evaluation),
        *job_summary(make_job(TURN)),
        *make_job(TURN).totals.model_dump(),
        "evaluation",
        "name",
    }
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**70), max_value=2**70)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["1e400", "nan", "-1", "9" * 30, "done", "../..", "x\ud800"])
)
DATA = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=8)
    ),
    max_leaves=30,
)
DOCUMENTS = st.dictionaries(st.sampled_from(FIELDS), DATA, max_size=12).map(plain)


@given(results=DOCUMENTS, evaluation=DOCUMENTS, summary=DOCUMENTS)
def test_no_document_can_stop_the_reading(results, evaluation, summary):
    turn = read_iteration(1, results, evaluation, ARTIFACT, None)
    report = read_job("folder", "where/it/lies", summary, [turn], read_key(results))
    assert report.output == "where/it/lies"
    assert JobReport.model_validate_json(report.model_dump_json()).key == report.key


@given(st.integers(min_value=0, max_value=10**14), st.floats(min_value=0, max_value=100))
def test_costs_and_scores_come_back_exactly(cost, score):
    turn = TURN.model_copy(update={"cost_microdollars": cost, "score": score})
    job = make_job(turn, best=1)
    again = read_iteration(
        1,
        iteration_results(job, turn),
        iteration_evaluation(job, turn, turn.evaluation),
        ARTIFACT,
        None,
    )
    assert again == turn
    assert read_job("x", "lamp", job_summary(job), [again]) == job


def test_absurd_times_do_not_overflow():
    turn = read_iteration(1, {"timings": {"a": 1e308, "b": 1e308, "c": 2}}, {}, ARTIFACT, None)
    assert read_job("x", "x", {}, [turn]).totals.seconds == 2
    assert read_job("x", "x", {"totals": {"seconds": 1e308}}, [turn]).totals.seconds == 1e12


def test_a_judgement_needs_a_score_or_words():
    words = read_evaluation({"description": "fine"})
    assert (words.score, words.description) == (None, "fine")
    assert read_evaluation({"score": 101}) is None
    assert read_evaluation({"score": 100}).score == 100
