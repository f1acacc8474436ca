"""The outline of a song, drawn: figures, sections, energy over time."""

import io
from typing import Any

import pytest
from PIL import Image

from engine.contract.kinds import Lines, Size
from engine.kinds.drawing import draw_full, draw_small
from engine.kinds.registry import kinds
from tests.kinds.test_drawing import json_item, text_of

SIZE = Size(90, 30)


def _outline(**changes: Any) -> dict[str, Any]:
    functions = ("intro", "verse", "chorus", "verse", "chorus")
    sections = [
        {
            "start": 20.0 * k,
            "end": 20.0 * (k + 1),
            "label": f"{function}_{1 + functions[:k].count(function)}",
            "repeat_of": None if k < 3 else k - 2,
            "energy": 0.9 if function == "chorus" else 0.4,
            "mood": "energetic" if function == "chorus" else "calm",
        }
        for k, function in enumerate(functions)
    ]
    return {
        "seconds": 100.0,
        "bpm": 120.0,
        "metre": "4/4",
        "key": "A# major",
        "mood": "happy",
        "sections": sections,
        "energy": [0.1] * 40 + [0.9] * 20 + [0.1] * 20 + [1.0] * 20,
        "bass": [0.5] * 100,
        "downbeats": [2.0 * k for k in range(50)],
        "shifts": [40.0, 60.0],
        "climax": 90.0,
        **changes,
    }


def test_a_song_is_drawn_on_one_timeline() -> None:
    lines = text_of(draw_full(json_item(_outline(), "song"), SIZE)).splitlines()
    assert lines[0].endswith("120 bpm, 4/4, Bb major, happy")
    (sections,) = (line for line in lines if line.startswith("sections"))
    (moods,) = (line for line in lines if line.startswith("mood"))
    assert sections.index("▏chorus_1") == moods.index("▏energetic") == 10 + 32
    assert moods.count("▏calm") == 2
    top = next(line for line in lines if line.startswith("energy"))
    assert top[10 + 40] == "▅"
    assert top[-1] == "█"
    assert top[12] == " "
    (marks,) = (line for line in lines if line.startswith("marks"))
    assert (marks.index("▲"), marks.index("◆"), marks.rindex("◆")) == (82, 42, 58)
    (bar_line,) = (line for line in lines if line.startswith("bars"))
    assert bar_line.endswith("every 4 bars")


def test_a_song_without_pulse_and_key_is_drawn_too() -> None:
    bare = _outline(bpm=None, metre="", key="", downbeats=[], shifts=[], energy=[0.5], bass=[0.5])
    text = text_of(draw_full(json_item(bare, "song"), SIZE))
    assert "no regular pulse, no key, happy" in text
    assert "\nbars" not in text
    small = draw_small(json_item(bare, "song"), Size(20, 3))
    assert isinstance(small, Lines)
    assert len(small.lines) == 3


def test_hostile_labels_are_cleaned() -> None:
    sections = _outline()["sections"]
    sections[1]["label"] = "\x1b]0;owned\x07[red]verse\u202e"
    text = text_of(draw_full(json_item(_outline(sections=sections), "song"), SIZE))
    assert "owned" not in text
    assert text.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    "changes",
    [{"seconds": 0}, {"sections": []}, {"energy": [2]}, {"climax": "x"}, {"extra": 1}],
)
def test_what_is_no_outline_is_not_drawn(changes: dict[str, Any]) -> None:
    item = json_item(_outline(**changes), "song")
    assert kinds().of("song").full(item, SIZE) is None
    assert kinds().of("song").thumbnail(item, 96) is None


def test_the_thumbnail_has_a_block_for_each_section() -> None:
    data = kinds().of("song").thumbnail(json_item(_outline(), "song"), 200)
    assert data
    image = Image.open(io.BytesIO(data))
    assert image.size == (200, 100)
    verse, chorus = image.getpixel((60, 98)), image.getpixel((100, 98))
    assert verse == image.getpixel((140, 98)) == (58, 124, 165)
    assert chorus == (224, 122, 95)
    assert image.getpixel((100, 2)) == (74, 40, 31)
