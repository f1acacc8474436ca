"""Entries of visual-prompts."""

import pytest

from engine.contract.backend import Artifact
from engine.recipes.visual_prompts.input import VisualPromptsInput
from engine.recipes.visual_prompts.names import sample_name, title_of

SOUND = Artifact(hash="a" * 64, media_type="audio/wav", size=3, kind="audio")


def test_an_entry_is_stored_and_read_again():
    entry = VisualPromptsInput(
        id="sample_000",
        index=0,
        sound=SOUND,
        metadata={"artist_name": ["아이유", "A & B"], "slice_pos": [10, 20]},
        notes=("Its length contradicts slice_pos.",),
    )
    text = entry.model_dump_json(exclude_defaults=True)
    assert VisualPromptsInput.model_validate_json(text) == entry


def test_an_entry_has_a_sound_or_a_reason_for_having_none():
    assert VisualPromptsInput(problem="is empty").sound is None
    with pytest.raises(ValueError, match="has no 'sound'"):
        VisualPromptsInput(metadata={"artist_name": ["x"]})


def test_a_sample_is_named_by_what_is_known_of_it():
    song = VisualPromptsInput(id="sample_004", sound=SOUND, metadata={"file": "a/b \x1b[31m.mp3"})
    assert sample_name(song) == "sample_004 (a/b .mp3)"
    assert title_of(song) == "b"
    known = song.model_copy(update={"metadata": {"artist_name": ["IU", 3], "track_name": "T"}})
    assert title_of(known) == "IU - T"
    assert sample_name(VisualPromptsInput(sound=SOUND, index=7)) == "sample_007"
    assert title_of(VisualPromptsInput(sound=SOUND, metadata={"file": 3})) == "without a name"
