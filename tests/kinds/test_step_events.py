"""The drawing of steps of a film."""

import json
from functools import partial
from io import BytesIO
from typing import Any

import pytest

from engine.contract.kinds import Item, Lines, Size
from engine.kinds.drawing import draw_full, facts_line

STEPS = [
    {"time": 0.0, "foot": "LEFT", "azimuth": -30.0, "gain": 0.2},
    {"time": 2.0, "foot": "RIGHT", "azimuth": 0.0, "gain": 0.6},
    {"time": 3.9, "foot": "LEFT", "azimuth": 30.0, "gain": 1.0},
]


def _shown(item: Item, columns: int = 51) -> list[str]:
    drawing = draw_full(item, Size(columns, 20))
    assert isinstance(drawing, Lines)
    return ["".join(span.text for span in line) for line in drawing.lines]


def test_steps_have_a_row_per_foot_directions_levels_and_a_scale() -> None:
    lines = _shown(Item("step-events", data={"steps": STEPS, "seconds": 4.0, "notes": ["Few."]}))
    named = {line[:10].strip(): line[10:] for line in lines if line[:10].strip()}
    assert named["left"] == "●" + " " * 38 + "●"
    assert named["right"] == " " * 20 + "●"
    assert named["-30°"].rstrip() == "•"
    assert named["0°"].index("•") == 20
    assert named["+30°"].index("•") == 39
    assert named["level"][0] < named["level"][20] < named["level"][39]
    assert lines[-1].endswith("Few.")
    assert any("0:04" in line for line in lines)


def test_a_file_of_events_is_drawn() -> None:
    document = {
        "spatial_data": [{"timestamp": 1.0, "foot_side": "RIGHT"}, {"timestamp": "x"}, 3],
        "video_info": {"duration": 2.0},
    }
    data = json.dumps(document).encode()
    item = Item(
        "step-events",
        media_type="application/json",
        size=len(data),
        facts={"events": 2, "seconds": 2.0},
        open=partial(BytesIO, data),
    )
    assert _shown(item)[0] == "right     " + " " * 20 + "●"
    assert facts_line(item) == "2 events, 0:02.0"


@pytest.mark.parametrize("data", [None, [], {}, {"steps": 3}, {"steps": [{"time": -1}]}])
def test_without_steps_only_facts_are_drawn(data: Any) -> None:
    assert _shown(Item("step-events", data=data)) == ["steps  "]


@pytest.mark.parametrize("columns", [1, 5, 20, 300])
def test_any_width_is_filled(columns: int) -> None:
    assert _shown(Item("step-events", data={"steps": STEPS * 50}), columns)
