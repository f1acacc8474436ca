"""Plans of films and the frames of their cuts."""

import itertools
import json
from dataclasses import asdict, replace
from fractions import Fraction

import pytest

from engine.video.cuts import (
    excerpt,
    frame_at,
    frames_of,
    images_of,
    segments_of,
    shot_of,
    time_of,
    transition_span,
)
from engine.video.plan import FilmPlan, LyricLine, PlanError, Shot
from tests.video.films import ALL_EFFECTS, quiet_signals, shot, small_film

DISSOLVE = {"transition": "cross-dissolve", "transition_seconds": 1.0}


def film():
    """Return three shots with a dissolve between each, signals and lyrics."""
    return small_film(
        shot(0, 3, 0, effects=ALL_EFFECTS),
        shot(3, 6.02, 1, **DISSOLVE),
        shot(6.02, 12, 2, **DISSOLVE),
        signals=quiet_signals(12),
        lyrics=(LyricLine(1.0, 2.0, "one", ((1.0, 1.5, "one"),)), LyricLine(7.0, 9.0, "two")),
    )


def test_a_plan_is_the_same_after_json():
    """A plan that was written as JSON and read again equals the first."""
    plan = replace(film(), frame_rate="30000/1001")
    again = FilmPlan.from_dict(json.loads(json.dumps(asdict(plan))))
    assert again == plan
    assert again.rate == Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": 641}, "width"),
        ({"frame_rate": "1/0"}, "frame_rate"),
        ({"frame_rate": 500}, "frame_rate"),
        ({"secret": 1}, "secret"),
        ({"shots": []}, "shots"),
        ({"seconds": float("nan")}, "seconds"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(change, message):
    """The message names the field."""
    with pytest.raises(PlanError, match=message):
        FilmPlan.from_dict({**asdict(film()), **change})


def test_a_broken_structure_is_refused():
    """Shots have to follow each other and name what they show; levels need one length."""
    values = asdict(film())
    values["shots"][1]["start"] = 3.5
    with pytest.raises(PlanError, match="same time"):
        FilmPlan.from_dict(values)
    values = asdict(film())
    values["shots"][1]["image"] = None
    with pytest.raises(PlanError, match=r"shots\.1.*set image"):
        FilmPlan.from_dict(values)
    with pytest.raises(ValueError, match="not after"):
        Shot(2, 2, image=0)
    values = asdict(film())
    values["signals"]["rms"] = [0.5]
    with pytest.raises(PlanError, match=r"signals\.rms"):
        FilmPlan.from_dict(values)
    values["signals"] = {"beats": [2.0, 1.0]}
    with pytest.raises(PlanError, match="ascend"):
        FilmPlan.from_dict(values)


@pytest.mark.parametrize("rate", [24, 25, 30, 60, "24000/1001", "30000/1001"])
def test_a_cut_is_at_most_half_a_frame_off(rate):
    """The frame of a time is the nearest one, over an hour."""
    rate = Fraction(rate)
    for beat in range(1, 7000):
        seconds = beat * 0.5127 + 0.0837
        frame = frame_at(seconds, rate)
        assert abs(time_of(frame, rate) - seconds) <= float(0.5 / rate) + 1e-9


def test_segments_cover_the_film():
    """Segments follow each other and cover all frames; a short film has one."""
    plan = film()
    segments = segments_of(plan)
    assert segments[0] == (0, 95)
    assert segments[-1][1] == frames_of(plan) - 1 == 287
    assert all(b[0] == a[1] + 1 for a, b in itertools.pairwise(segments))
    assert segments_of(small_film(shot(0, 0.01))) == [(0, 0)]


def test_a_transition_stays_within_half_of_each_shot():
    """The middle is at the cut, and two transitions never meet."""
    plan = small_film(
        shot(0, 2),
        shot(2, 2.5, transition="wipe", transition_seconds=10),
        shot(2.5, 6, transition="morph", transition_seconds=10),
        shot(6, 9, transition="fade-to-black", transition_seconds=1),
        shot(9, 12, transition="fade-from-black", transition_seconds=1),
        shot(12, 13, transition_seconds=1),
    )
    spans = [transition_span(plan, index) for index in range(6)]
    assert spans[0] == (0, 0)
    assert spans[1] == (24, 54)
    assert spans[2] == (54, 102)
    assert spans[3] == (120, 144)
    assert spans[4] == (216, 240)
    assert spans[5] == (288, 288)
    assert [shot_of(plan, frame) for frame in (0, 47, 48, 59, 60, 311, 999)] == [
        0,
        0,
        1,
        1,
        2,
        5,
        5,
    ]


def test_an_excerpt_has_only_what_its_frames_show():
    """A change of another shot leaves it equal; the neighbour is in it during a dissolve."""
    plan = film()
    middle = excerpt(plan, 96, 119)
    assert images_of(middle) == (1,)
    assert middle.shots[0].transition == "hard-cut"
    assert images_of(excerpt(plan, 60, 65)) == (0, 1)
    assert images_of(excerpt(plan, 140, 146)) == (1, 2)
    assert excerpt(plan, 0, 30).lyrics == plan.lyrics[:1]
    changed = replace(plan, shots=(*plan.shots[:2], replace(plan.shots[2], image=7)))
    assert excerpt(changed, 96, 119) == middle
    assert excerpt(changed, 140, 146) != excerpt(plan, 140, 146)
