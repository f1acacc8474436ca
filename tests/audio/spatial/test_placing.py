"""Steps on events: peaks to the sample, feet, choice, channels, levels."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.audio.phase import phase
from engine.audio.sound import Sound
from engine.audio.spatial.events import Events, read_events
from engine.audio.spatial.placing import CEILING, NoStepsError, PlacedSound, place
from engine.audio.synthesis.description import describe
from engine.audio.synthesis.effect import synthesise
from tests.audio.spatial.test_steps import RATE, clicks
from tests.support.optional import needs
from tests.support.sofa import write_head

needs("scipy", "sofar")


def _events(count: int = 8, apart: float = 0.9, **film: Any) -> Events:
    entries = [
        {
            "timestamp": 0.40001 + apart * number,
            "foot_side": ("LEFT", "RIGHT")[number % 2],
            "x_position": 100 + 800 * number / max(1, count - 1),
            "hip_heel_pixel_distance": 60 + 10 * number,
        }
        for number in range(count)
    ]
    document = {"spatial_data": entries, "video_info": {"width": 1000, "duration": 8.0, **film}}
    return read_events(json.dumps(document).encode())


@pytest.fixture(scope="module")
def take() -> Sound:
    """Boots on marble."""
    return synthesise(describe("heavy boots walking on marble floor"), 6.0, seed=3)


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A spherical head at another rate than that of the take."""
    path = tmp_path_factory.mktemp("head") / "head.sofa"
    return write_head(path, rate=44_100).read_bytes()


def _peaks(placed: PlacedSound, reach: int = 12_000) -> list[int]:
    """Frames of the loudest samples around the events."""
    level = np.abs(placed.sound.samples).max(axis=0)
    return [
        one.frame - min(reach, one.frame)
        + int(level[max(0, one.frame - reach) : one.frame + reach].argmax())
        for one in placed.steps
    ]  # fmt: skip


@pytest.mark.parametrize("is_binaural", [False, True])
def test_peaks_are_on_the_events_to_the_sample(take: Sound, head: bytes, is_binaural: bool) -> None:
    events = _events()
    placed = place([take], events, seed=1, hrtf=head if is_binaural else None)
    assert placed.sound.samples.shape == (2, 8 * RATE)
    assert _peaks(placed) == [round(event.timestamp * RATE) for event in events.events]


def test_binaural_has_delays_between_the_ears_and_stereo_has_none(take: Sound, head: bytes) -> None:
    events = _events(2, 2.0)
    for hrtf, least in ((None, 0), (head, 8)):
        placed = place([take], events, hrtf=hrtf)
        first = placed.sound.samples[:, placed.steps[0].frame - 4800 :][:, :9600]
        lag = int(np.correlate(first[1], first[0], "full").argmax()) - (first.shape[1] - 1)
        assert (lag >= least) if least else (lag == 0)  # the right ear is later


def test_feet_have_steps_of_their_own_and_none_twice_in_turn(take: Sound) -> None:
    placed = place([take], _events(20, 0.35), seed=5)
    for foot, rest in (("LEFT", 0), ("RIGHT", 1)):
        numbers = [one.step for one in placed.steps if one.event.foot_side == foot]
        assert {number % 2 for number in numbers} == {rest}
        assert all(a != b for a, b in pairwise(numbers))


def test_a_seed_gives_the_same_choice_and_another_one_another(take: Sound) -> None:
    events = _events()
    one, same, other = (place([take], events, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.sound.samples, same.sound.samples)
    assert [step.step for step in one.steps] != [step.step for step in other.steps]


def test_a_step_moves_from_left_to_right_with_its_level(take: Sound) -> None:
    placed = place([take], _events())
    first, last = placed.steps[0], placed.steps[-1]
    for one, louder in ((first, 0), (last, 1)):
        window = placed.sound.samples[:, one.frame - 480 : one.frame + 4800]
        power = np.square(window).sum(axis=1)
        assert power[louder] > 10 * power[1 - louder]
    assert first.place.gain == pytest.approx(0.46, abs=0.01)
    assert last.place.gain == 1


def test_many_steps_at_once_do_not_clip() -> None:
    entries = [{"timestamp": 1.0}] * 50
    placed = place([clicks(0.5, 1.2, 1.9, 2.6)], read_events(json.dumps(entries).encode()))
    assert float(np.abs(placed.sound.samples).max()) == pytest.approx(CEILING)
    assert np.isfinite(placed.sound.samples).all()


def test_events_at_both_ends_of_the_film_are_laid() -> None:
    document = {"events": [{"timestamp": 0}, {"timestamp": 2}], "video_info": {"duration": 2}}
    placed = place([clicks(0.5, 1.2, 1.9)], read_events(json.dumps(document).encode()))
    assert placed.sound.samples.shape == (2, 2 * RATE)
    assert [one.frame for one in placed.steps] == [0, 2 * RATE - 1]
    assert all(np.abs(placed.sound.samples[:, one.frame]).max() > 0.1 for one in placed.steps)


def test_a_film_of_unknown_length_ends_with_its_last_step() -> None:
    placed = place([clicks(0.5, 1.2, 1.9)], read_events(b'[{"timestamp": 1}]'))
    assert 1.1 < placed.sound.seconds < 1.5
    assert float(np.abs(placed.sound.samples[:, -1]).max()) < 1e-6


def test_other_takes_are_used_only_for_lack_of_steps() -> None:
    few, many = clicks(0.5, 1.2), clicks(0.5, 1.1, 1.7, 2.3, 2.9, seconds=3.5)
    quiet = Sound(many.samples * np.float32(0.1), RATE)
    events = _events(12, 0.6)
    assert {one.take for one in place([many, few], events).steps} == {0}
    placed = place([few, quiet], events)
    assert {one.take for one in placed.steps} == {0, 1}
    levels = [np.abs(placed.sound.samples[:, s.frame]).max() / s.place.gain for s in placed.steps]
    assert max(levels) < 1.5 * min(levels)


def test_a_single_step_is_said_to_be_on_all_events() -> None:
    placed = place([clicks(1.0)], _events(3, 1.0))
    assert placed.notes == ("The takes have only one step, which is on all 3 events.",)


def test_few_directions_are_said(tmp_path: Path) -> None:
    head = write_head(tmp_path / "head.sofa", step=90).read_bytes()
    [note] = place([clicks(0.5, 1.2, 1.9, 2.6)], _events(), hrtf=head).notes
    assert "25 degrees from the nearest measured one" in note


def test_a_sound_without_steps_is_refused() -> None:
    with pytest.raises(NoStepsError, match="never pauses"):
        place([synthesise(describe("rain on a roof"), 3.0)], _events())


def test_stereo_is_in_phase(take: Sound) -> None:
    sound = place([take], _events()).sound
    assert phase(sound.samples, sound.sample_rate).status == "good"
