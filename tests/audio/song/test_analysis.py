"""Analysis of a whole song, its document, and the levels that pictures follow."""

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from engine.audio.song.analysis import SongAnalysis, analyse_song
from engine.audio.song.curves import BANDS
from engine.audio.song.document import SongDocumentError, song_document, song_of
from engine.audio.song.levels import followed_level, levels_of
from engine.audio.song.outline import outline_of
from engine.audio.sound import Sound, SoundError
from tests.audio.synthetic import RATE, Samples, bars, clicks, noise


def _verse() -> Samples:
    return 0.08 * bars(120, 4, 6)[RATE // 2 :]


def _chorus() -> Samples:
    loud = np.roll(bars(120, 4, 6)[RATE // 2 :], 2 * RATE)
    return 0.6 * loud + clicks(240, 12)[: len(loud)] * 0.3 + noise(12)[: len(loud)] * 0.1


@pytest.fixture(scope="module")
def song() -> SongAnalysis:
    """Verse, chorus, verse, chorus of 12 s each at 120 beats a minute."""
    return analyse_song(_sound(0.7))


def _sound(peak: float) -> Sound:
    mono = np.concatenate([_verse(), _chorus(), _verse(), _chorus()])
    mono *= peak / np.abs(mono).max()
    return Sound(np.stack([mono, 0.8 * mono]).astype(np.float32), RATE)


def test_repeated_sections_share_a_function_and_have_numbers(song: SongAnalysis) -> None:
    assert [part.name for part in song.sections] == ["verse_1", "chorus_1", "verse_2", "chorus_2"]
    assert [part.repeat_of for part in song.sections] == [None, None, 0, 1]
    assert [part.start for part in song.sections] == pytest.approx([0, 12, 24, 36], abs=0.25)
    assert song.sections[-1].end == pytest.approx(song.seconds)
    assert song.sections[1].energy > song.sections[0].energy + 0.2


def test_beats_onsets_and_key_are_those_of_the_song(song: SongAnalysis) -> None:
    assert song.rhythm
    assert song.rhythm.tempo.bpm == pytest.approx(120, rel=0.01)
    assert set(song.rhythm.downbeats) <= set(song.rhythm.beats)
    plucks = np.arange(0.5, 8, 0.5)
    nearest = np.abs(np.array(song.onsets)[:, None] - plucks[None]).min(axis=0)
    assert (nearest < 0.03).mean() > 0.75
    assert song.key
    assert (song.key.tonic, song.key.mode) in {("C", "major"), ("A", "minor")}


def test_all_curves_have_one_length_and_their_range(song: SongAnalysis) -> None:
    curves = song.curves
    count = len(curves.times)
    assert np.diff(curves.times) == pytest.approx(0.02, abs=1e-4)
    assert curves.times[-1] == pytest.approx(song.seconds, abs=0.03)
    for row in (curves.flux, curves.energy, curves.harmonic, curves.percussive):
        assert row.shape == (count,)
        assert 0 <= row.min() <= row.max() <= 1
    assert curves.rms.shape == curves.centroid.shape == curves.rolloff.shape == (count,)
    assert curves.spectrum.shape == (64, count)
    assert curves.mfcc.shape == (13, count)
    assert curves.chroma.shape == (12, count)
    assert set(curves.bands) == set(BANDS)
    quiet, loud = (curves.energy[(curves.times > a) & (curves.times < a + 8)] for a in (2, 14))
    assert quiet.mean() + 0.2 < loud.mean()


def test_the_climax_is_in_a_chorus_and_shifts_are_at_the_changes(song: SongAnalysis) -> None:
    assert song.sections[song.climax.section].function == "chorus"
    assert song.moods[20].mood.arousal > song.moods[6].mood.arousal
    assert [shift.time for shift in song.shifts] == pytest.approx([12, 24, 36], abs=1.5)
    assert not any(shift.is_inside for shift in song.shifts)


@pytest.mark.parametrize(
    ("hertz", "band"),
    [(100, "bass"), (350, "low_mid"), (1000, "mid"), (3000, "high_mid"), (9000, "treble")],
)
def test_a_tone_is_in_the_band_of_its_frequency(hertz: float, band: str) -> None:
    times = np.arange(2 * 44_100) / 44_100
    tone = (0.5 * np.sin(2 * np.pi * hertz * times) * (times > 0.5)).astype(np.float32)
    curves = analyse_song(Sound(tone[None], 44_100)).curves
    middle = int(np.searchsorted(curves.times, 1.2))
    spectrum = curves.spectrum[:, middle]
    centres = np.geomspace(40, 16_000, 64)
    assert abs(np.log2(centres[int(spectrum.argmax())] / hertz)) < 0.2
    assert curves.rms[middle] == pytest.approx(0.5 / np.sqrt(2), rel=0.01)
    assert curves.rms[: middle // 4].max() < 1e-3
    assert curves.centroid[middle] == pytest.approx(hertz, rel=0.1)
    assert curves.bands[band][middle] > 0.9
    assert all(curves.bands[name][middle] < 0.9 or name == band for name in BANDS)


def test_the_document_has_the_usual_names_and_is_read_back(song: SongAnalysis) -> None:
    document = json.loads(json.dumps(song_document(song, "song.ogg", "audio/ogg"), allow_nan=False))
    assert document["metadata"]["filename"] == "song.ogg"
    assert document["sections"]["labels"] == [part.name for part in song.sections]
    spectral, count = document["spectral"], len(document["spectral"]["times"])
    rows = [spectral[f"spectral_{name}"] for name in ("centroid", "flux", "rolloff")]
    rows += [spectral["rms"], spectral["energy"], *spectral["mfcc"]]
    rows += [*spectral["energy_bands"].values(), *document["tonal"]["chromagram"]]
    assert {len(row) for row in rows} == {count}
    assert len(document["rhythm"]["tempo_curve"]) == len(document["rhythm"]["beats"])
    assert 0 < document["mood"]["danceability"] <= 1
    again = song_of(document)
    assert (again.sections, again.rhythm, again.key) == (song.sections, song.rhythm, song.key)
    assert (again.shifts, again.climax, again.onsets) == (song.shifts, song.climax, song.onsets)
    np.testing.assert_allclose(again.curves.spectrum, song.curves.spectrum, rtol=0, atol=6e-3)
    assert song_document(again, "song.ogg", "audio/ogg") == document


def test_repeats_of_a_form_are_similar_and_a_document_without_them_is_read(
    song: SongAnalysis,
) -> None:
    """The song is A B A B, 12 s each."""
    document = song_document(song)
    similar = np.array(document["sections"]["similarities"])
    repeat_of = document["sections"]["repeat_of"]
    assert similar.shape == (len(repeat_of),) * 2
    repeats = [(k, first) for k, first in enumerate(repeat_of) if first is not None]
    assert repeats
    for section, first in repeats:
        assert similar[section, first] > 0.5
    assert similar[0, 1] < 0.4
    assert min(document["sections"]["confidence"]) > 0.5
    del document["sections"]["similarities"], document["sections"]["confidence"]
    earlier = song_of(document)
    assert earlier.similarities == ()
    assert {section.confidence for section in earlier.sections} == {0.5}


def test_similarities_of_other_sections_are_refused(song: SongAnalysis) -> None:
    document = song_document(song)
    document["sections"]["similarities"].pop()
    with pytest.raises(SongDocumentError, match="similarities"):
        song_of(document)


def test_a_silent_song_warns() -> None:
    silent = analyse_song(Sound(np.zeros((1, 22_050 * 4), np.float32), 22_050))
    assert silent.warnings == ("The song is silent, so nothing in the film follows it.",)
    assert silent.similarities == ((1.0,),)


def _shorter(document: dict[str, Any]) -> None:
    document["spectral"]["rms"].pop()


def _infinite(document: dict[str, Any]) -> None:
    document["spectral"]["energy"][0] = float("inf")


def _without_sections(document: dict[str, Any]) -> None:
    document["sections"] = {key: [] for key in document["sections"]}


def _later(document: dict[str, Any]) -> None:
    document["version"] = 99


def _without_moods(document: dict[str, Any]) -> None:
    del document["mood"]


def test_a_document_that_is_not_whole_is_refused(song: SongAnalysis) -> None:
    text = json.dumps(song_document(song))
    for damage in (_shorter, _infinite, _without_sections, _later, _without_moods):
        document = json.loads(text)
        damage(document)
        with pytest.raises(SongDocumentError, match="analysis of a song"):
            song_of(document)
    with pytest.raises(SongDocumentError):
        song_of([])


def test_levels_for_a_film_have_one_length_and_keep_every_onset(song: SongAnalysis) -> None:
    flux = np.zeros_like(song.curves.flux)
    flux[[137, 512, 999]] = 1
    levels = asdict(levels_of(replace(song, curves=replace(song.curves, flux=flux)), 12))
    count = len(levels["times"])
    assert count == int(song.seconds * 12) + 1
    for name in ("rms", "bass", "energy", "flux", "spectrum"):
        assert len(levels[name]) == count
    assert {len(row) for row in levels["spectrum"]} == {64}
    assert all(0 <= value <= 1 for name in ("rms", "bass", "flux") for value in levels[name])
    for place in (137, 512, 999):
        frame = round(float(song.curves.times[place]) * 12)
        assert levels["flux"][frame - 2] < 0.1
        assert max(levels["flux"][frame - 1 : frame + 2]) > 0.9


def test_a_followed_level_rises_at_once_and_falls_slowly() -> None:
    step = np.zeros((1, 60))
    step[0, 10:12] = 1
    level = followed_level(step, 30)[0]
    assert level[9] == 0
    assert level[11] > 0.9
    assert 0.2 < level[11 + 8] / level[11] < 0.5


def test_silence_and_noise_have_curves_and_one_section() -> None:
    for samples in (np.zeros(5 * RATE, np.float32), noise(8), noise(0.05)):
        analysis = analyse_song(Sound(samples[None], RATE))
        assert [part.name for part in analysis.sections] == ["verse_1"]
        assert analysis.rhythm is None
        assert "rhythm" in analysis.undefined
        document = json.loads(json.dumps(song_document(analysis), allow_nan=False))
        assert song_of(document).rhythm is None
        assert levels_of(analysis).beats == []


def test_a_song_of_more_than_half_an_hour_is_refused() -> None:
    with pytest.raises(SoundError, match="30 minutes"):
        analyse_song(Sound(np.ones((1, 4000 * 1801), np.float32), 4000))
    broken = np.full((1, RATE), np.nan, np.float32)
    with pytest.raises(SoundError, match="not numbers"):
        analyse_song(Sound(broken, RATE))


def test_gain_changes_levels_and_nothing_else(song: SongAnalysis) -> None:
    quiet = analyse_song(_sound(0.03))
    assert [part.name for part in quiet.sections] == [part.name for part in song.sections]
    assert quiet.curves.energy == pytest.approx(song.curves.energy, abs=0.02)
    assert replace(quiet.climax, energy=0) == replace(song.climax, energy=0)


def test_an_outline_is_small_and_has_the_whole_song(song: SongAnalysis) -> None:
    outline = outline_of(song)
    assert [part.label for part in outline.sections] == [part.name for part in song.sections]
    assert len(outline.energy) == len(outline.bass) == 480
    assert outline.climax == song.climax.time
    assert outline.sections[0].mood != outline.sections[1].mood
    assert len(outline.model_dump_json()) < 20_000
