"""Files of events: what is read, and what is refused with its entry and its field."""

import json
from typing import Any

import pytest

from engine.audio.spatial.events import MAX_EVENTS, EventsError, read_events

DETECTED = {
    "spatial_data": [
        {"timestamp": 1.5, "foot_side": "RIGHT", "x_position": 320, "confidence": 0.8},
        {"timestamp": 0.5, "foot_side": "LEFT", "x_position": None, "hip_heel_pixel_distance": 90},
    ],
    "video_info": {"width": 640, "height": 360, "duration": 2.0, "fps": 30.0},
    "total_detections": 2,
}


def _refusal(document: Any) -> str:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    with pytest.raises(EventsError) as caught:
        read_events(data)
    return str(caught.value)


def test_the_document_of_a_detector_is_read_in_the_order_of_time() -> None:
    events = read_events(b"\xef\xbb\xbf" + json.dumps(DETECTED).encode())
    assert [event.timestamp for event in events.events] == [0.5, 1.5]
    assert [event.foot_side for event in events.events] == ["LEFT", "RIGHT"]
    assert [event.x_position for event in events.events] == [None, 320]
    assert (events.film.width, events.film.duration) == (640, 2.0)


@pytest.mark.parametrize("document", [[{"timestamp": 1}], {"events": [{"timestamp": 1}]}])
def test_a_bare_list_and_a_list_of_events_are_read(document: Any) -> None:
    [event] = read_events(json.dumps(document).encode()).events
    assert event.timestamp == 1
    assert event.foot_side is None


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"no", "is not JSON in UTF-8"),
        (b"\xff[]", "is not JSON in UTF-8"),
        (b"[" * 100_000, "is not JSON in UTF-8"),
        ("text", "has no list of events"),
        ({"spatial_data": {}}, "has no list of events"),
        ([], "has 0 events"),
        ([{"timestamp": 1}] * (MAX_EVENTS + 1), "has 10001 events"),
        ([{"timestamp": 1}, {}], "entry 2, timestamp: is missing"),
        ([3], "entry 1, all of it"),
        ([{"timestamp": "1"}], "entry 1, timestamp: input should be a valid number"),
        ([{"timestamp": True}], "entry 1, timestamp"),
        ([{"timestamp": -1}], "entry 1, timestamp: input should be greater than"),
        ([{"timestamp": 1e9}], "entry 1, timestamp: input should be less than"),
        (b'[{"timestamp": NaN}]', "entry 1, timestamp: input should be a finite number"),
        (b'[{"timestamp": 1e999}]', "entry 1, timestamp: input should be a finite number"),
        (b'[{"timestamp": 1' + b"0" * 5000 + b"}]", "JSON"),
        ([{"timestamp": 1, "foot_side": "\x1b[31m"}], "entry 1, foot_side"),
        ([{"timestamp": 1, "hip_heel_pixel_distance": 0}], "entry 1, hip_heel_pixel_distance"),
        ([{"timestamp": 1, "confidence": 2}], "entry 1, confidence"),
        ([{"timestamp": 1, "x_position": 5}], "entry 1, x_position is in pixels, but video_info"),
        ({**DETECTED, "video_info": [1]}, "video_info, all of it"),
        ({**DETECTED, "video_info": {"width": "640"}}, "video_info, width"),
        ({**DETECTED, "video_info": {"width": 100}}, "x_position 320 is far outside of the width"),
        ({**DETECTED, "video_info": {"width": 640, "duration": 1}}, "entry 1, timestamp 1.5 is"),
    ],
)
def test_what_is_wrong_is_named(document: Any, reason: str) -> None:
    message = _refusal(document)
    assert reason in message
    assert "\x1b" not in message
    assert len(message) < 400


def test_of_many_problems_the_first_are_named_and_the_others_counted() -> None:
    message = _refusal([{"timestamp": None}] * 9)
    assert "entry 3" in message
    assert "entry 4" not in message
    assert message.endswith("and 6 more")
