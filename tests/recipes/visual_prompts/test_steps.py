"""The recipe's own steps: measurements of a sound, faults of sounds, and creativity."""

import numpy as np
import pytest

from engine.recipes.visual_prompts.steps import (
    CreativityRequest,
    creativity_of,
    measured,
)
from tests.audio.synthetic import note
from tests.recipes.visual_prompts.sounds import silence, song, wav
from tests.recipes.visual_prompts.test_checks import GOOD
from tests.recipes.visual_prompts.test_writer import FEATURES

NOT_NUMBERS = b"".join(
    [
        *(b"RIFF", (36 + 8000).to_bytes(4, "little"), b"WAVEfmt ", (16).to_bytes(4, "little")),
        *((3).to_bytes(2, "little"), (1).to_bytes(2, "little"), (8000).to_bytes(4, "little")),
        *((32000).to_bytes(4, "little"), (4).to_bytes(2, "little"), (32).to_bytes(2, "little")),
        *(b"data", (8000).to_bytes(4, "little"), np.full(2000, np.nan, "<f4").tobytes()),
    ]
)


def test_a_sound_is_measured_with_notation_in_three_forms():
    found = measured(song(), "A & B - rain", mel=True)
    assert found.problem == ""
    assert found.features is not None and found.features.key is not None
    assert found.features.key.name == "C major"
    assert found.abc.startswith("X:1\nT:A & B - rain\n")
    assert (found.midi[:4], found.staff[:4], found.mel[1:4]) == (b"MThd", b"<svg", b"PNG")


def test_no_mel_spectrogram_is_drawn_unasked():
    assert measured(song(), "", mel=False).mel == b""


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (silence(), "cannot be used: the sound is silent"),
        (wav(note(60, 0.02) / 3), "too short"),
        (NOT_NUMBERS, "not numbers"),
        (b"no sound at all", "is no sound that can be decoded"),
        (song()[:100] + b"\xff" * 10, "cannot be used"),
        (b"", "is empty"),
    ],
    ids=["silent", "short", "nan", "text", "torn", "empty"],
)
def test_a_sound_that_cannot_be_used_has_a_reason(data: bytes, reason: str):
    found = measured(data, "", mel=False)
    assert reason in found.problem
    assert found.features is None


def test_creativity_is_the_mean_of_what_is_defined():
    found = creativity_of(CreativityRequest(prompts=(GOOD, "풍경"), features=FEATURES))
    assert [one.overall is None for one in found.measures] == [False, True]
    assert found.mean == pytest.approx(found.measures[0].overall, abs=0.01)
    assert [(score.metric, score.value) for score in found.scores()] == [("creativity", found.mean)]


def test_creativity_that_is_not_defined_is_no_number():
    found = creativity_of(CreativityRequest(prompts=("풍경",), features=FEATURES))
    assert found.mean is None
    assert not found.scores()
