"""From marks to an order: weights, places, standard scores, and what is missing."""

import math
import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contract import Artifact, ImageScore, ScorerScores, ScoreTable
from engine.recipes.storyboard.combine import (
    STANDARD_WEIGHTS,
    deviation,
    effective_weights,
    nominal_weights,
    ranks_of,
    scaled,
)
from engine.recipes.storyboard.ranking import ranking

marks = st.floats(0, 100, allow_nan=False).map(lambda value: round(value, 3))
some_marks = st.lists(st.none() | marks, min_size=1, max_size=8)
ways = st.sampled_from(["weighted", "rank", "zscore"])


def image(number: int) -> Artifact:
    return Artifact(hash=f"{number:064x}", media_type="image/png", size=1)


def sheet(cut: Any = (), **columns: Any) -> ScoreTable:
    count = len(next(iter(columns.values())))
    return ScoreTable(
        images=tuple(image(number) for number in range(count)),
        columns=tuple(
            ScorerScores(
                metric=metric,
                scorer=f"{metric} v1",
                text="brief",
                cut=metric in cut,
                marks=tuple(
                    ImageScore(note="too dark")
                    if value is None
                    else ImageScore(raw=value, value=value)
                    for value in values
                ),
            )
            for metric, values in columns.items()
        ),
    )


@st.composite
def sheets(draw: st.DrawFn) -> ScoreTable:
    count = draw(st.integers(1, 6))
    metrics = draw(st.lists(st.sampled_from("abcde"), min_size=1, max_size=4, unique=True))
    column = st.lists(st.none() | marks, min_size=count, max_size=count)
    return sheet(**{metric: draw(column) for metric in metrics})


def test_the_four_scorers_are_weighed_as_documented():
    found = ranking(sheet(pickscore=[80.0], clipscore=[60.0], vqascore=[40.0], aesthetic=[20.0]))
    assert found.images[0].overall == pytest.approx(0.5 * 80 + 0.25 * 60 + 0.15 * 40 + 0.1 * 20)
    assert {w.metric: w.nominal for w in found.weights} == STANDARD_WEIGHTS


def test_scorers_without_a_standard_weight_weigh_alike_where_none_of_the_four_is_there():
    found = ranking(sheet(measured=[90.0, 10.0], judged=[30.0, 20.0]))
    assert [w.nominal for w in found.weights] == [0.5, 0.5]
    assert found.images[0].overall == 60.0


def test_beside_one_of_the_four_another_scorer_is_shown_and_weighs_nothing():
    found = ranking(sheet(pickscore=[10.0, 20.0], imagereward=[100.0, 0.0]))
    assert {w.metric: w.nominal for w in found.weights} == {"pickscore": 1.0, "imagereward": 0.0}
    assert found.best == 1
    assert "Shown without weight: imagereward." in found.notes


def test_given_weights_hold_alone():
    found = ranking(sheet(pickscore=[10.0, 20.0], other=[100.0, 0.0]), {"other": 3.0})
    assert found.best == 0
    assert {w.metric: w.nominal for w in found.weights} == {"pickscore": 0.0, "other": 1.0}


def test_a_missing_mark_is_missing_and_the_other_weights_are_scaled_up():
    found = ranking(sheet(pickscore=[None, 50.0], clipscore=[60.0, 60.0]))
    assert found.images[0].overall == 60.0
    assert found.images[1].overall == pytest.approx((0.5 * 50 + 0.25 * 60) / 0.75, abs=1e-4)
    [said] = found.warnings
    assert "pickscore gave no mark to 1 of 2 images (too dark)" in said


def test_a_scorer_that_gave_no_marks_at_all_counts_as_absent():
    found = ranking(sheet(pickscore=[None, None], clipscore=[60.0, 70.0]))
    assert {w.metric: w.nominal for w in found.weights} == {"pickscore": 0.0, "clipscore": 1.0}
    assert found.best == 1


def test_without_any_mark_the_first_image_stands_and_that_is_said():
    found = ranking(sheet(pickscore=[None, None, None]))
    assert found.best == 0
    assert found.images[0].overall is None
    assert "the first image stands" in found.warnings[0]


def test_an_image_without_marks_comes_last():
    found = ranking(sheet(pickscore=[None, 1.0], clipscore=[None, 0.0]))
    assert [one.rank for one in found.images] == [2, 1]


def test_of_equal_images_the_first_is_best():
    found = ranking(sheet(pickscore=[30.0, 70.0, 70.0]))
    assert [one.rank for one in found.images] == [3, 1, 2]
    assert found.notes == ("2 images share the highest score, so the first of them stands.",)


def test_a_text_that_was_cut_is_said():
    found = ranking(sheet(cut=("pickscore",), pickscore=[1.0], vqascore=[1.0]))
    assert found.weights[0].cut
    assert any("pickscore read the beginning" in note for note in found.notes)


def test_effective_weights_are_weight_times_spread():
    found = ranking(sheet(pickscore=[50.0, 52.0], vqascore=[20.0, 80.0]))
    pulls = [0.5 * 1.0, 0.15 * 30.0]
    shares = [pull / sum(pulls) for pull in pulls]
    assert [w.effective for w in found.weights] == pytest.approx(shares, abs=1e-4)
    assert found.weights[0].nominal > found.weights[1].nominal
    assert found.weights[0].effective < found.weights[1].effective


def test_places_stop_one_scorer_from_deciding_by_its_spread():
    columns = {
        "pickscore": [52.0, 51.0, 50.0],
        "clipscore": [62.0, 61.0, 60.0],
        "vqascore": [0.0, 50.0, 100.0],
    }
    assert ranking(sheet(**columns)).best == 2
    assert ranking(sheet(**columns), how="rank").best == 0
    assert ranking(sheet(**columns), how="zscore").best == 0


def test_quality_is_the_weighted_average_however_the_set_is_ordered():
    for how in ("weighted", "rank", "zscore"):
        found = ranking(sheet(pickscore=[40.0, 60.0], clipscore=[70.0, 10.0]), how=how)
        assert [one.quality for one in found.images] == [50.0, 43.3333]


@given(values=some_marks)
def test_places_are_even_steps_from_0_to_100(values: list[float | None]):
    found = [v for v in scaled(values, "rank") if v is not None]
    known = [v for v in values if v is not None]
    assert len(found) == len(known)
    if known:
        assert statistics.fmean(found) == pytest.approx(50)
    if len(set(known)) == len(known) > 1:
        assert sorted(found) == pytest.approx(
            [100 * place / (len(known) - 1) for place in range(len(known))]
        )


@given(values=st.lists(marks, min_size=2, max_size=8, unique=True), how=ways)
def test_scaling_keeps_the_order(values: list[float], how: str):
    found = scaled(values, how)  # type: ignore[arg-type]
    assert ranks_of(found) == ranks_of(values)


@given(values=st.lists(st.integers(0, 100), min_size=2, max_size=8, unique=True))
def test_standard_scores_have_mean_50_and_deviation_10(values: list[int]):
    found = [v for v in scaled(values, "zscore") if v is not None]
    assert statistics.fmean(found) == pytest.approx(50)
    assert statistics.pstdev(found) == pytest.approx(10)


@given(
    values=st.lists(st.integers(0, 90), min_size=2, max_size=6), factor=st.sampled_from([0.5, 1])
)
def test_standard_scores_forget_scale_and_offset(values: list[int], factor: float):
    moved = [value * factor + 7 for value in values]
    assert scaled(moved, "zscore") == pytest.approx(scaled(values, "zscore"))


@given(found=sheets(), how=ways)
def test_overall_lies_between_what_is_weighed(found: ScoreTable, how: str):
    ordered = ranking(found, how=how)  # type: ignore[arg-type]
    for index, one in enumerate(ordered.images):
        columns = [scaled([m.value for m in c.marks], how) for c in found.columns]  # type: ignore[arg-type]
        known = [column[index] for column in columns if column[index] is not None]
        if not known:
            assert one.overall is None
            continue
        low, high = min(v for v in known if v is not None), max(v for v in known if v is not None)
        assert one.overall is not None
        assert low - 1e-3 <= one.overall <= high + 1e-3


@given(found=sheets(), how=ways, scale=st.sampled_from([0.001, 7.0, 1e6]))
def test_only_the_proportions_of_weights_count(found: ScoreTable, how: str, scale: float):
    weights = {c.metric: 1.0 + number for number, c in enumerate(found.columns)}
    larger = {metric: weight * scale for metric, weight in weights.items()}
    one = ranking(found, weights, how)  # type: ignore[arg-type]
    other = ranking(found, larger, how)  # type: ignore[arg-type]
    assert [p.overall for p in one.images] == pytest.approx([p.overall for p in other.images])
    assert [w.nominal for w in one.weights] == pytest.approx([w.nominal for w in other.weights])


@given(found=sheets(), how=ways)
def test_weights_add_up_and_ranks_are_a_permutation(found: ScoreTable, how: str):
    ordered = ranking(found, how=how)  # type: ignore[arg-type]
    nominal = math.fsum(w.nominal for w in ordered.weights)
    assert nominal == pytest.approx(1) or nominal == 0
    effective = math.fsum(w.effective for w in ordered.weights)
    assert effective == pytest.approx(1, abs=0.01) or effective == 0
    assert sorted(p.rank for p in ordered.images) == list(range(1, len(ordered.images) + 1))


@given(found=sheets(), how=ways, data=st.data())
def test_the_order_of_the_images_changes_no_number(
    found: ScoreTable, how: str, data: st.DataObject
):
    order = data.draw(st.permutations(range(len(found.images))))
    mixed = ScoreTable(
        images=tuple(found.images[index] for index in order),
        columns=tuple(
            c.model_copy(update={"marks": tuple(c.marks[index] for index in order)})
            for c in found.columns
        ),
    )
    one = {p.image.hash: p.overall for p in ranking(found, how=how).images}  # type: ignore[arg-type]
    other = {p.image.hash: p.overall for p in ranking(mixed, how=how).images}  # type: ignore[arg-type]
    assert one == pytest.approx(other)


def test_no_spread_is_no_pull():
    assert effective_weights({"a": [3.0, 3.0]}, {"a": 1.0}) == {"a": 0.0}
    assert deviation([0.1 + 0.2, 0.3]) == 0.0


def test_weights_of_nothing_are_none():
    assert nominal_weights([], {}) == {}
    assert nominal_weights(list(sheet(pickscore=[None]).columns), {"pickscore": 1.0}) == {}


def test_a_set_of_other_scorers_than_those_with_weights_weighs_as_by_default():
    found = ranking(sheet(measured=[10.0, 20.0], judged=[10.0, 20.0]), {"pickscore": 1.0})
    assert [w.nominal for w in found.weights] == [0.5, 0.5]
    assert "weigh as by default" in found.warnings[0]
