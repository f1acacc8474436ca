"""`safelight measure`."""

import io
import json

import numpy as np
import pytest

from tests.support.optional import needs

needs("soundfile", "scipy")


@pytest.fixture
def sounds(tmp_path):
    """A tone, its inverse in the right channel, and a file that is no sound."""
    import soundfile

    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    for name, right in (("tone.wav", tone), ("inverted.flac", -tone)):
        out = io.BytesIO()
        soundfile.write(out, np.stack([tone, right], axis=1), 16_000, format=name[-4:].strip("."))
        (tmp_path / name).write_bytes(out.getvalue())
    (tmp_path / "notes.txt").write_text("la la la")
    return tmp_path


def test_a_table_and_the_faults(run, sounds):
    ran = run("measure", str(sounds / "tone.wav"), str(sounds / "inverted.flac"))
    assert ran.code == 0
    first, second = ran.out.splitlines()[1:3]
    assert "tone.wav" in first
    assert "1.00 s" in first
    assert "-6.0 dB" in first
    assert first.split()[-2:] == ["1.00", "0"]
    assert second.split()[-2:] == ["-1.00", "1"]
    assert "inverted.flac: The channels cancel each other: mono is silent." in ran.out


def test_json_has_every_measure_and_the_errors(run, sounds):
    ran = run("measure", "--json", *(str(sounds / n) for n in ("tone.wav", "notes.txt", "no.wav")))
    assert ran.code == 1
    tone, notes, missing = json.loads(ran.out)["sounds"]
    assert tone["rms_db"] == pytest.approx(-9.03, abs=0.01)
    assert tone["phase"]["status"] == "good"
    assert tone["short_term_max"] is None
    assert tone["undefined"]["short_term_max"] == "1 s is too short; it needs 3 s"
    assert tone["faults"] == []
    assert notes.keys() == {"file", "error"}
    assert "No such file" in missing["error"]


def test_a_file_that_is_no_sound_does_not_hide_the_others(run, sounds):
    ran = run("measure", str(sounds / "notes.txt"), str(sounds / "tone.wav"))
    assert ran.code == 1
    assert "notes.txt: " in ran.out
    assert "tone.wav" in ran.out


def test_an_array_with_its_rate_is_measured_like_a_file(run, sounds):
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    np.savez_compressed(sounds / "tone.npz", audio=np.stack([tone, tone]), sample_rate=16_000)
    np.savez(sounds / "rate.npz", audio=tone)
    ran = run("measure", str(sounds / "tone.npz"), str(sounds / "rate.npz"), "--json")
    assert ran.code == 1
    whole, broken = json.loads(ran.out)["sounds"]
    assert (whole["channels"], whole["sample_rate"], whole["seconds"]) == (2, 16_000, 1)
    assert broken["error"] == "has no 'sample_rate'."
