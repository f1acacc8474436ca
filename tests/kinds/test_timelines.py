"""Timelines of kinds: what they hold, joined, and clean whatever a file or a kind has."""

import base64
import io
from typing import Any

import pytest
from PIL import Image

from engine.contract.kinds import Item
from engine.contract.timeline import Timeline, TimelineSection, TimelineShot
from engine.kinds.registry import kinds
from engine.kinds.timelines import frame_of, joined, shows_frames, timeline_of


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 4), "#336699").save(out, "JPEG")
    return out.getvalue()


def film(**changes: Any) -> dict[str, Any]:
    """Return the outline of a film of two sections, the second with an image."""
    section = {"motion": "pulse", "source": "keyframes", "palette": ["#112233"]}
    return {
        "seconds": 8.0,
        "sections": [
            {**section, "start": 0.0, "end": 4.0, "label": "verse", "scope": "section-1"},
            {**section, "start": 4.0, "end": 8.0, "label": "chorus", "effects": "grain 0.3"},
        ],
        "shots": [
            {"start": 0.0, "end": 4.0},
            {
                "start": 4.0, "end": 8.0, "image": 0, "transition": "morph",
                "scope": "section-2/image-1",
            },
        ],
        "images": [base64.b64encode(jpeg()).decode()],
        "energy": [0.1, 0.9],
        "beats": [0.0, 1.0, 2.0],
        "downbeats": [0.0],
        **changes,
    }  # fmt: skip


def test_a_film_has_sections_shots_and_beats_on_one_timeline() -> None:
    timeline = timeline_of(Item("film-plan", data=film()))
    assert timeline is not None
    first, second = timeline.sections
    assert (first.scope, first.palette) == ("section-1", ("#112233",))
    assert first.lanes == (("motion", "pulse"), ("source", "keyframes"))
    assert second.facts == (("effects", "grain 0.3"),)
    shot = timeline.shots[1]
    assert (shot.image, shot.scope, shot.mark) == (jpeg(), "section-2/image-1", "∿")
    assert (timeline.beats, timeline.downbeats) == ((0, 1, 2), (0,))


def test_an_outline_of_an_earlier_version_has_no_beats_and_takes_those_of_the_song() -> None:
    old = film()
    del old["beats"], old["downbeats"]
    plan = timeline_of(Item("film-plan", data=old))
    assert plan is not None
    song = Timeline(
        8.5,
        (TimelineSection(0.0, 4.0, "verse_1", lanes=(("mood", "calm"), ("motion", "no"))),),
        beats=(1.0, 2.0),
        marks=((3.0, "climax"),),
    )
    both = joined([song, plan])
    assert both is not None
    assert (both.seconds, both.beats, both.marks) == (8.0, (1, 2), ((3.0, "climax"),))
    assert both.sections[0].label == "verse"
    assert dict(both.sections[0].lanes) == {
        "motion": "pulse", "source": "keyframes", "mood": "calm",
    }  # fmt: skip
    assert joined([]) is None


def test_stretches_of_time_are_a_timeline_as_well() -> None:
    data = [{"start": 2, "end": 3, "label": "b"}, {"start": 0, "end": 2, "label": "a"}, "x"]
    timeline = timeline_of(Item("timeline", data=data))
    assert timeline is not None
    assert [one.label for one in timeline.sections] == ["a", "b"]
    assert timeline.seconds == 3


@pytest.mark.parametrize("data", [None, [], {"seconds": 0}, film(seconds=-1), film(shots=[])])
def test_what_is_damaged_has_no_timeline(data: Any) -> None:
    assert timeline_of(Item("film-plan", data=data)) is None
    assert timeline_of(Item("timeline", data=data)) is None


def test_texts_of_a_kind_cannot_act_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = "\x1b[2Jx"
    hostile = Timeline(
        2.0,
        (TimelineSection(-5, 99, bad, "../x", ("red", "#112233"), ((bad, bad),), ((bad, bad),)),),
        (TimelineShot(0, 9, b"", "section-1/../../x", bad, bad),),
        energy=(-1.0, 7.0),
        beats=(3.0, 1.0, 0.5),
        marks=((9.0, bad),),
    )
    monkeypatch.setattr(kinds().of("timeline"), "timeline", lambda _item: hostile, raising=False)
    timeline = timeline_of(Item("timeline"))
    assert timeline is not None
    assert "\x1b" not in repr(timeline) and "x1b" not in repr(timeline)
    section, shot = timeline.sections[0], timeline.shots[0]
    assert (section.start, section.end, section.scope) == (0, 2, "")
    assert section.palette == ("#112233",)
    assert (shot.end, shot.scope, len(shot.mark)) == (2, "", 1)
    assert (timeline.energy, timeline.beats) == ((0, 1), (0.5, 1))


def test_only_kinds_with_frames_are_asked_for_them() -> None:
    assert shows_frames("video")
    assert not shows_frames("image")
    assert frame_of(Item("video", open=lambda: io.BytesIO(b"no video")), 1.0, 100) is None
    assert frame_of(Item("image"), 1.0, 100) is None
