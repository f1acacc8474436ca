"""The drawing of measures of a sound effect."""

from typing import Any

import numpy as np
import pytest

from engine.audio.sound import Sound
from engine.contract.kinds import Item, Lines, Size
from engine.kinds.drawing import draw_full
from tests.support.optional import needs

needs("scipy")

RATE = 16_000


def _measures(samples: Any) -> dict[str, Any]:
    from engine.audio.measures import measure_sound

    stereo = np.asarray(np.atleast_2d(samples), np.float32)
    return measure_sound(Sound(stereo, RATE)).model_dump(mode="json")


def _drawn(data: Any, columns: int = 60) -> str:
    drawing = draw_full(Item("sound-measures", data=data), Size(columns, 30))
    assert isinstance(drawing, Lines)
    lines = ["".join(span.text for span in line) for line in drawing.lines]
    return "\n".join(lines)


def _tone(seconds: float = 1.0) -> Any:
    return 0.3 * np.sin(np.arange(round(seconds * RATE)) * 0.2)


def test_a_whole_sound_has_its_levels_its_times_and_its_phase() -> None:
    shown = _drawn(_measures([_tone(), _tone()]))
    assert "problems  none" in shown
    assert "dBTP" in shown
    assert "LUFS" in shown
    assert "of 1.00 s" in shown
    assert "+1.00 good" in shown


def test_faults_stand_first() -> None:
    first, *_ = _drawn(_measures([_tone(), -_tone()])).splitlines()
    assert first.startswith("problems  ")
    assert "cancel each other" in first


def test_problems_of_a_judgement_take_the_place_of_the_faults() -> None:
    problem = {"name": "pace", "message": "Too fast.\x1b[31m \u202e"}
    judgement = {"score": 61.2, "aspects": {"pace": 20.0, "length": 100.0}, "problems": [problem]}
    shown = _drawn({"measures": _measures([_tone(), _tone()]), "judgement": judgement})
    assert "problems  Too fast." in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "score" in shown
    assert " 61" in shown
    assert " 20" in shown


@pytest.mark.parametrize("samples", [np.zeros((2, RATE)), np.full((2, 100), np.nan), _tone(0.02)])
def test_a_sound_without_some_measures_is_drawn(samples: Any) -> None:
    assert "problems" in _drawn(_measures(samples))


def test_other_data_is_drawn_as_its_facts() -> None:
    assert draw_full(Item("sound-measures", data=[1, 2]), Size(60, 30))
