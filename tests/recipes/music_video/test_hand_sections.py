"""Sections of a song that a person has marked."""

import io
import json

import numpy as np

from engine.contract import Artifact
from engine.recipes.music_video.input import MAX_LABEL, HandSection, MusicVideoInput
from engine.recipes.music_video.song import measure
from engine.recipes.music_video.spec import RenderSpec
from tests.recipes.music_video.song import song
from tests.support.optional import needs

needs("soundfile", "scipy", "av")


def test_sections_that_start_together_are_one_and_late_ones_are_named() -> None:
    """Repeats are counted among those that are left."""
    hand = [("intro", 0.0), ("verse", 0.0), ("verse", 0.0), ("chorus", 2.0), ("chorus 2", 4.0)]
    hand += [("outro \x1b[31m", 99.0)]
    measured = measure(io.BytesIO(song()), "song", "audio/wav", "", hand, hear=False)
    sections = measured.facts["sections"]
    assert [(one["label"], one["start"], one["repeat_of"]) for one in sections] == [
        ("verse", 0.0, None),
        ("chorus", 2.0, None),
        ("chorus 2", 4.0, 1),
    ]
    document = json.loads(measured.document)["sections"]
    assert document["confidence"] == [1.0, 1.0, 1.0]
    assert np.diagonal(document["similarities"]).tolist() == [1.0, 1.0, 1.0]
    [late] = [one for one in measured.facts["warnings"] if "left out" in one]
    assert "outro" in late
    assert "\x1b" not in late
    assert "after the end of the song at 6.0 s" in late


def test_sections_of_a_spec_win_and_their_labels_may_be_long_or_empty() -> None:
    written = [{"label": "x" * 300, "startTime": 0, "endTime": 2},
               {"label": "", "startTime": 2, "endTime": 4}]  # fmt: skip
    song_file = Artifact(hash="0" * 64, media_type="audio/wav", size=44)
    entry = MusicVideoInput(
        song=song_file,
        spec=RenderSpec.model_validate({"sections": written}),
        sections=(HandSection(label="verse", start=0),),
    )
    assert [one.label for one in entry.marked()] == ["x" * MAX_LABEL, "section"]
    assert [one.start for one in entry.marked()] == [0, 2]
    by_hand = entry.model_copy(update={"spec": RenderSpec()})
    assert by_hand.marked() == entry.sections
