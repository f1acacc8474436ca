"""Edit lists name the frames of each shot, and their names cannot add lines."""

import pytest

from engine.video.edit_list import EditListError, Media, write_edl, write_otio
from engine.video.plan import FilmPlan, Shot
from tests.support.optional import needs

needs("opentimelineio", "otio_cmx3600_adapter")

SHOTS = (
    Shot(0, 2, 0, "image", image=0),
    Shot(2, 4.5, 0, "image", image=9, transition="cross-dissolve", transition_seconds=1),
    Shot(4.5, 6, 1, "procedural", visual="flow", palette=("#112233",), seed=2**62),
    Shot(6, 8, 1, "clip", clip=0, clip_start=0.5, transition="morph", transition_seconds=0.5),
)
MEDIA = Media(
    "film.mp4", "song.ogg", ("k/1.png",), ("c/1.mp4",), ("verse\n099  AX  V  C\x1b[31m", "chorus")
)


def film(rate=30, shots=SHOTS):
    return FilmPlan(1280, 720, rate, 8.0, shots)


@pytest.mark.parametrize("rate", [24, 30, "30000/1001", "24000/1001"])
def test_an_edl_is_read_back_with_the_same_cuts(rate):
    import opentimelineio as otio

    text = write_edl(film(rate), MEDIA, "a\nfilm")
    events = [line for line in text.splitlines() if line[:3].isdigit()]
    assert len(events) == 4 and "\x1b" not in text
    read = otio.adapters.read_from_string(text, "cmx_3600", rate=float(film(rate).rate))
    starts = [clip.range_in_parent().start_time.to_frames() for clip in read.tracks[0]]
    assert starts == [round(seconds * film(rate).rate) for seconds in (0, 2, 4.5, 6)]


def test_an_otio_file_has_the_cuts_what_they_are_made_of_and_the_sections():
    import opentimelineio as otio

    timeline = otio.adapters.read_from_string(write_otio(film(), MEDIA), "otio_json")
    cuts, sources, song = timeline.tracks
    assert [clip.range_in_parent().start_time.value for clip in cuts] == [0, 60, 135, 180]
    assert [clip.media_reference.target_url for clip in cuts] == ["film.mp4"] * 4
    assert [[mark.name for mark in clip.markers] for clip in cuts] == [
        ["verse 099 AX V C"], [], ["chorus"], [],
    ]  # fmt: skip
    assert not sources.enabled and song[0].media_reference.target_url == "song.ogg"
    still, first, lost, made, second, clip = sources
    assert (
        still.media_reference.target_url == "k/1.png" and lost.media_reference.is_missing_reference
    )
    assert made.media_reference.parameters["seed"] == str(2**62)
    assert (first.in_offset.value, first.out_offset.value) == (15, 15)
    assert second.name == "morph" and clip.source_range.start_time.value == 15


def test_what_timecode_cannot_count_is_refused():
    with pytest.raises(EditListError, match="no 15 frames"):
        write_edl(film(15), MEDIA)
    many = tuple(Shot(index / 125, (index + 1) / 125, 0, "image", image=0) for index in range(1000))
    with pytest.raises(EditListError, match="at most 999"):
        write_edl(film(shots=many), MEDIA)
