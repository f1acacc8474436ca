"""Lengths of generated sounds: latents are rounded up, and the sound is cut to the sample."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.models.sound.lengths import cut, latents_for, samples_of


def test_six_seconds_are_as_many_samples_as_users_were_promised():
    samples = samples_of(6.0, 44_100)
    assert samples == 264_600
    assert latents_for(samples, 2048) == 130
    assert 129 * 2048 == 264_192 < samples


@pytest.mark.parametrize(
    ("seconds", "samples"),
    [(0.5, 22_050), (1, 44_100), (6, 264_600), (10, 441_000), (47, 2_072_700), (1e-9, 1)],
)
def test_lengths_are_exact_to_the_sample(seconds: float, samples: int):
    assert samples_of(seconds, 44_100) == samples
    latents = latents_for(samples, 2048)
    assert cut(np.zeros((2, latents * 2048), np.float32), samples).shape == (2, samples)


@given(
    samples=st.integers(1, 10**7), ratio=st.sampled_from([1, 512, 2048]), patch=st.integers(1, 4)
)
def test_there_are_enough_latents_and_less_than_a_patch_too_many(
    samples: int, ratio: int, patch: int
):
    latents = latents_for(samples, ratio, patch)
    assert latents % patch == 0
    assert samples <= latents * ratio < samples + ratio * patch


def test_a_sound_that_is_too_short_is_never_passed_off_as_whole():
    with pytest.raises(ValueError, match="264192 samples were generated, and 264600 are needed"):
        cut(np.zeros((2, 264_192), np.float32), 264_600)
