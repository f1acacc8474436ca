"""Entries of visual-prompts."""

import pytest

from engine.contract.backend import Artifact
from engine.recipes.visual_prompts.input import VisualPromptsInput

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
