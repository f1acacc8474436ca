"""Sections of a long piece."""

import numpy as np
import pytest

from engine.audio.features import Undefined
from engine.audio.sections import sections
from tests.audio.synthetic import RATE, Samples, noise, progression, spectra_of


def _quiet() -> Samples:
    return progression(0, minor=False, seconds=1.0, rounds=3) * 0.2


def _loud() -> Samples:
    return progression(9, minor=True, seconds=0.5, rounds=6) + noise(12)


def test_sections_begin_at_changes_and_share_letters() -> None:
    parts = [_quiet(), _loud(), _quiet(), _loud()]
    found = sections(spectra_of(np.concatenate(parts)))
    assert [section.label for section in found] == ["A", "B", "A", "B"]
    assert [section.start for section in found] == pytest.approx([0, 12, 24, 36], abs=0.6)
    assert found[-1].end == pytest.approx(48)


@pytest.mark.parametrize(
    "samples", [noise(32), progression(0, minor=False, rounds=8)], ids=["noise", "cadences"]
)
def test_a_piece_that_does_not_change_is_one_section(samples: Samples) -> None:
    found = sections(spectra_of(samples))
    assert [(section.start, section.label) for section in found] == [(0, "A")]


@pytest.mark.parametrize(
    ("samples", "reason"),
    [(noise(5), "too short"), (np.zeros(31 * RATE, np.float32), "silent")],
    ids=["short", "silence"],
)
def test_short_and_silent_sounds_have_no_sections(samples: Samples, reason: str) -> None:
    with pytest.raises(Undefined, match=reason):
        sections(spectra_of(samples))
