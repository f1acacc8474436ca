"""Directions, distances and levels by the laws that are documented."""

import json
import math
from typing import Any

import pytest

from engine.audio.spatial.events import Events, read_events
from engine.audio.spatial.geometry import FLOOR, LEG_METRES, places, stereo_gains


def _events(*people: tuple[float | None, float | None], width: float = 1000) -> Events:
    entries: list[dict[str, Any]] = [
        {"timestamp": number, "x_position": x, "hip_heel_pixel_distance": height}
        for number, (x, height) in enumerate(people)
    ]
    return read_events(json.dumps({"events": entries, "video_info": {"width": width}}).encode())


def test_edges_of_the_picture_are_at_half_the_angle_of_the_camera() -> None:
    left, middle, right = places(_events((0, 100), (500, 100), (1000, 100)), 70)
    assert (left.azimuth, middle.azimuth, right.azimuth) == pytest.approx((-35, 0, 35))


def test_levels_follow_the_inverse_distance_law_down_to_the_floor() -> None:
    levels = [place.gain for place in places(_events((500, 200), (500, 100), (500, 50), (500, 1)))]
    assert levels == pytest.approx([1, 0.5, 0.25, FLOOR])


def test_a_person_as_large_but_aside_is_farther() -> None:
    middle, aside = places(_events((500, 100), (1000, 100)))
    assert middle.metres is not None
    assert aside.metres == pytest.approx(middle.metres / math.cos(math.radians(30)))
    assert aside.gain == pytest.approx(math.cos(math.radians(30)))


def test_distances_are_those_of_a_pinhole() -> None:
    [place] = places(_events((500, 90)), 90)
    assert place.metres == pytest.approx(LEG_METRES * 500 / 90)


def test_unknown_places_are_between_their_neighbours() -> None:
    events = _events((0, 50), (None, None), (1000, 150))
    found = places(events)
    assert found[1].azimuth == pytest.approx(0)
    assert found[1].metres == pytest.approx(LEG_METRES * 500 / math.tan(math.radians(30)) / 100)


def test_events_without_places_are_in_front_and_equally_loud() -> None:
    document = [{"timestamp": 1}, {"timestamp": 2}]
    found = places(read_events(json.dumps(document).encode()))
    assert [(one.azimuth, one.metres, one.gain) for one in found] == [(0, None, 1)] * 2


@pytest.mark.parametrize("azimuth", [-90, -30, -17, 0, 5, 30, 60])
def test_stereo_has_the_same_power_everywhere_and_follows_the_tangent_law(azimuth: float) -> None:
    left, right = stereo_gains(azimuth)
    limited = max(-30, min(30, azimuth))
    ratio = math.tan(math.radians(limited)) / math.tan(math.radians(30))
    assert left**2 + right**2 == pytest.approx(1)
    assert (right - left) / (right + left) == pytest.approx(ratio)
