"""Key of a piece."""

import numpy as np
import pytest

from engine.audio.features import PITCH_CLASSES, Undefined
from engine.audio.key import key, mean_chroma
from tests.audio.synthetic import RATE, Samples, noise, note, progression, spectra_of, triad


@pytest.mark.parametrize("minor", [False, True])
@pytest.mark.parametrize("tonic", [0, 3, 6, 10])
def test_the_key_of_a_cadence_moves_with_its_tonic(tonic: int, minor: bool) -> None:
    found = key(spectra_of(progression(tonic, minor, seconds=0.5, rounds=1)))
    assert found.name == f"{PITCH_CLASSES[tonic]} {'minor' if minor else 'major'}"
    assert found.confidence > found.runner_up_confidence > 0
    assert found.runner_up != found.name


def test_gain_and_offset_do_not_change_the_key() -> None:
    samples = progression(2, minor=True, rounds=1)
    plain, changed = key(spectra_of(samples)), key(spectra_of(samples * 0.003 + 0.4))
    assert changed.name == plain.name
    assert changed.confidence == pytest.approx(plain.confidence, abs=0.01)


def test_a_piece_tuned_a_third_of_a_semitone_high_keeps_its_key() -> None:
    scale = np.concatenate([note(p + 0.33, 0.3) for p in (60, 62, 64, 65, 67, 69, 71, 72, 67, 60)])
    assert key(spectra_of(scale)).name == "C major"


def test_a_loop_of_chords_is_surer_of_the_key_that_it_starts_and_ends_in() -> None:
    loop = ((0, 4), (9, 3), (5, 4), (7, 4))
    from_c = key(spectra_of(_played(*loop, *loop, loop[0])))
    from_a = key(spectra_of(_played(*loop[1:], *loop, *loop[:2])))
    assert from_c.name == "C major"
    assert from_a.runner_up == "A minor"
    assert from_c.confidence > from_a.confidence + 0.1


def _played(*chords: tuple[int, int]) -> Samples:
    return np.concatenate([triad(root, third, 1.0) for root, third in chords])


def test_a_dense_mix_whose_chroma_is_nearly_flat_has_its_key() -> None:
    samples = progression(0, minor=False, seconds=0.5, rounds=2)
    dense = samples + noise(len(samples) / RATE)[: len(samples)] * np.float32(40)
    spectra = spectra_of(dense)
    chroma = mean_chroma(spectra.chroma)
    assert chroma is not None
    assert chroma.std() < 0.25 * chroma.mean()
    assert key(spectra).name == "C major"


SEMITONES = np.concatenate([note(60 + k, 0.25) for k in range(12)])


@pytest.mark.parametrize(
    "samples",
    [np.zeros(RATE, np.float32), noise(4), SEMITONES],
    ids=["silence", "noise", "semitones"],
)
def test_sounds_without_a_tonal_centre_have_no_key(samples: Samples) -> None:
    with pytest.raises(Undefined, match="no clear pitch"):
        key(spectra_of(samples))
