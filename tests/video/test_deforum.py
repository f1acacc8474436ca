"""A film as settings of Deforum: read by the original's rules, loud parts keep less of a frame."""

import json
import math

import numpy as np
import pytest

from engine.video.deforum import CUT_STRENGTH, clip_schedules, deforum_settings
from engine.video.plan import FilmPlan, Shot, Signals
from tests.support.deforum import PLAIN, series
from tests.support.signals import song_signals

SCHEDULES = (
    "zoom", "angle", "translation_x", "translation_y", "translation_z", "rotation_3d_x",
    "rotation_3d_y", "rotation_3d_z", "strength_schedule", "noise_schedule", "cfg_scale_schedule",
    "contrast_schedule",
)  # fmt: skip
PROMPTS = ["a lake", "a fire, `t` --neg water"]


def film(motion="energetic", signals=None, rate: int | str = 30):
    song = song_signals(12, loud_from=6) if signals is None else signals
    shots = (
        Shot(0, 6, section=0, visual="flow", source="procedural", motion=motion),
        Shot(6, 12, section=1, visual="flow", source="procedural", motion=motion),
    )
    return FilmPlan(1280, 720, rate, 12.0, shots, song, seed=7)


@pytest.mark.parametrize("motion", ["slow-drift", "chaotic", "staccato"])
@pytest.mark.parametrize("signals", [None, Signals()])
@pytest.mark.parametrize("rate", [30, "24000/1001"])
def test_every_schedule_is_read_and_the_zoom_over_any_bar_is_bounded(motion, signals, rate):
    plan = film(motion, signals, rate)
    settings = json.loads(json.dumps(deforum_settings(plan, PROMPTS)))
    frames = settings["max_frames"]
    rows = {name: series(settings[name], frames) for name in SCHEDULES}
    assert all(np.isfinite(row).all() for row in rows.values())
    zoom, bar = rows["zoom"], math.floor(2 * plan.rate)
    assert (zoom >= 1).all()
    for first in range(0, frames - bar, 7):
        assert 1 <= zoom[first : first + bar].prod() <= 1.3
    assert zoom.prod() > 1.02
    assert np.abs(rows["angle"]).max() * plan.rate < 10


def test_louder_means_less_strength_and_a_cut_the_least():
    plan = film()
    strength = series(deforum_settings(plan, PROMPTS)["strength_schedule"], 360)
    loudness = np.interp(np.arange(360) / 30, plan.signals.times, plan.signals.rms)
    assert strength[loudness > 0.8][10:].max() < strength[loudness < 0.2][:-10].min()
    assert strength.argmin() == 180 and strength[180] == pytest.approx(CUT_STRENGTH)


def test_beats_push_the_zoom_at_their_own_frames():
    zoom = series(deforum_settings(film(), PROMPTS)["zoom"], 360)
    peaks = [at for at in range(1, 359) if zoom[at - 1] < zoom[at] > zoom[at + 1]]
    assert set(peaks) >= set(range(15, 345, 15))


def test_prompts_stand_at_the_cuts_and_hold_no_signs_of_the_grammar():
    settings = deforum_settings(film(), PROMPTS, "text, `x`", song="song.ogg")
    assert settings["prompts"] == {
        "0": "a lake --neg text, 'x'",
        "180": "a fire, 't' water --neg text, 'x'",
    }
    assert settings["soundtrack_path"] == "song.ogg" and settings["add_soundtrack"] == "File"
    assert all(PLAIN.match(key) for key in settings["prompts"])
    assert deforum_settings(film(), PROMPTS) == deforum_settings(film(), PROMPTS)
    with pytest.raises(ValueError, match="section 1 has no prompt"):
        deforum_settings(film(), PROMPTS[:1])


@pytest.mark.parametrize("rate", [12, 30])
def test_a_clip_moves_as_much_as_the_film_in_the_same_time(rate):
    plan = film()
    whole = deforum_settings(plan, PROMPTS)
    clip = {
        name: series(text, rate * 6)
        for name, text in clip_schedules(plan, 6, 12, rate, 640).items()
    }
    for name, scale in (("angle", 1), ("translation_x", 2)):
        wanted = series(whole[name], 360)[181:358].sum() / scale
        assert clip[name].sum() == pytest.approx(wanted, abs=0.12 * abs(wanted) + 0.05)
    assert clip["zoom"].prod() == pytest.approx(series(whole["zoom"], 360)[181:].prod(), rel=0.06)
    assert (clip["zoom"][0], clip["angle"][0]) == (1, 0)
    assert clip["strength_schedule"][5:].max() < 0.6
