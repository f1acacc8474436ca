"""The outline of a film, drawn on the timeline of its song."""

import base64
import io
from typing import Any

from PIL import Image

from engine.contract.kinds import Lines, Raster, Size, Span
from engine.kinds.drawing import draw_full, draw_small
from tests.kinds.test_drawing import json_item, text_of
from tests.support import media_files as media
from tests.support.pixels import pixel

SIZE = Size(90, 22)
WARM, COLD = ["#D2572B", "#F6B04C"], ["#14202B", "#26606B"]


def outline(**changes: Any) -> dict[str, Any]:
    """Return a film of 80 s: two sections with one shot of an image each, then one of none."""
    red = base64.b64encode(media.image("JPEG", (64, 36), "red")).decode()
    bounds = [(0, 20, "verse_1", WARM), (20, 40, "chorus_1", COLD), (40, 80, "verse_2", WARM)]
    return {
        "seconds": 80.0,
        "sections": [
            {
                "start": start,
                "end": end,
                "label": label,
                "palette": palette,
                "motion": "pulse" if palette == COLD else "slow-drift",
                "source": "procedural" if start == 40 else "keyframes",
            }
            for start, end, label, palette in bounds
        ],
        "shots": [
            {"start": 0, "end": 20, "image": 0, "transition": "fade-from-black"},
            {"start": 20, "end": 40, "image": 0, "transition": "cross-dissolve"},
            {"start": 40, "end": 80, "image": None, "transition": "hard-cut"},
        ],
        "images": [red],
        "energy": [0.1, 0.9, 0.1, 0.1],
        **changes,
    }


def lines_of(drawn: Lines | None) -> list[str]:
    assert drawn is not None
    return text_of(drawn).splitlines()


def test_a_film_is_drawn_on_one_timeline() -> None:
    drawn = draw_full(json_item(outline(), "film-plan"), SIZE)
    assert isinstance(drawn, Raster)
    above, below = lines_of(drawn.above), lines_of(drawn.below)
    assert above[0].endswith("3 shots in 3 sections")
    sections = next(line for line in above if line.startswith("sections"))
    cuts = next(line for line in below if line.startswith("cuts"))
    motion = next(line for line in below if line.startswith("motion"))
    assert sections.index("▏chorus_1") == cuts.index("╳") == motion.index("▏pulse") == 10 + 20
    assert (cuts[10], cuts[50]) == ("◁", "│")
    assert any("◁ fade from black  ╳ cross dissolve  │ hard cut" in line for line in below)
    assert drawn.coarse is not None
    with Image.open(io.BytesIO(drawn.coarse)) as strip:
        assert strip.width == 90
        assert pixel(strip, (12, 4))[0] > 200
        assert pixel(strip, (80, 1)) == (0xD2, 0x57, 0x2B)
        assert pixel(strip, (80, strip.height - 1)) == (0xF6, 0xB0, 0x4C)


def test_colours_are_swatches_with_their_names() -> None:
    drawn = draw_full(json_item(outline(), "film-plan"), SIZE)
    assert isinstance(drawn, Raster)
    assert drawn.below is not None
    band = next(line for line in drawn.below.lines if line[0].text.startswith("colours"))
    assert [(len(s.text), s.colour) for s in band if s.colour][:4] == [
        (10, WARM[0]), (10, WARM[1]), (10, COLD[0]), (10, COLD[1]),
    ]  # fmt: skip
    listed = [line for line in drawn.below.lines if Span("██", colour=WARM[0]) in line]
    assert "".join(span.text for span in listed[0]) == "  1,3     ██ #D2572B  ██ #F6B04C  "


def test_little_room_leaves_lines_and_damage_leaves_facts() -> None:
    assert isinstance(draw_full(json_item(outline(), "film-plan"), Size(50, 8)), Lines)
    assert isinstance(draw_small(json_item(outline(), "film-plan"), Size(12, 4)), Raster)
    damaged = draw_full(json_item(outline(images=["AAAA"]), "film-plan"), SIZE)
    assert isinstance(damaged, Raster)
    without: list[dict[str, Any]] = [{"seconds": -1}, {"images": []}, {"sections": []}]
    for hostile in without:
        assert isinstance(draw_full(json_item(outline(**hostile), "film-plan"), SIZE), Lines)


def test_hostile_labels_and_colours_reach_no_terminal() -> None:
    sections = outline()["sections"]
    sections[0]["label"] = "\x1b]0;owned\x07[red]verse\u202e"
    drawn = draw_full(json_item(outline(sections=sections), "film-plan"), SIZE)
    assert isinstance(drawn, Raster)
    text = "".join(lines_of(drawn.above) + lines_of(drawn.below))
    assert "owned" not in text
    assert text.isprintable()
    sections[0]["palette"] = ["red;\x1b[0m"]
    assert isinstance(draw_full(json_item(outline(sections=sections), "film-plan"), SIZE), Lines)
