"""Analysis of real recordings and of long songs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.audio.decode import decode
from engine.audio.song.analysis import analyse_song
from engine.audio.song.document import song_document, song_of

SONGS = Path("/usr/share/games/fretsonfire/data/songs")

CHARTS = {
    "muldjord/armygeddon": 170,
    "muldjord/chaos_god": 170,
    "muldjord/internal_degeneration": 190,
    "muldjord/mutilated_mime": 180,
    "sectoid/Escape from chaosland": 135,
    "sectoid/Feelings": 95,
    "sectoid/Metal madness": 150,
    "sectoid/War of freedom": 140,
}
"""Tempo of the chart of each song of the packages `fretsonfire-songs-*`, in beats a minute."""

MOST_MEGABYTES = 1200
"""Memory of a process that analyses a song of ten minutes."""

_TEN_MINUTES = """
import numpy as np
from engine.audio.song.analysis import analyse_song
from engine.audio.sound import Sound
from tests.support.peak_memory import peak_memory
rate, draw = 44_100, np.random.default_rng(1)
beat = np.exp(-np.arange(rate // 2) / 3000) * draw.normal(size=rate // 2)
mono = np.tile(beat.astype(np.float32) * 0.2, 1200)
mono *= np.repeat(np.float32([1, 3, 1, 3, 2]), len(mono) // 5)
analysis = analyse_song(Sound(np.stack([mono, mono]), rate))
print(analysis.seconds, peak_memory() // 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", CHARTS)
def test_recordings_have_the_tempo_of_their_chart_and_a_form(name: str) -> None:
    path = SONGS / name / "song.ogg"
    if not path.exists():
        pytest.skip(f"needs the Debian package fretsonfire-songs-{name.partition('/')[0]}")
    with path.open("rb") as stream:
        song = analyse_song(decode(stream))
    assert song.rhythm
    ratio = song.rhythm.tempo.bpm / CHARTS[name]
    assert min(abs(ratio / octave - 1) for octave in (0.5, 1, 2)) < 0.01
    names = [section.name for section in song.sections]
    assert len(set(names)) == len(names) >= 5
    assert sum(section.function == "chorus" for section in song.sections) >= 2
    assert any(section.repeat_of is not None for section in song.sections)
    assert song.sections[0].start == 0
    assert song.sections[-1].end == pytest.approx(song.seconds, abs=1e-3)
    document = json.loads(json.dumps(song_document(song), allow_nan=False))
    assert song_of(document).sections == song.sections


@pytest.mark.slow
def test_a_song_of_ten_minutes_fits_into_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _TEN_MINUTES], capture_output=True, text=True, check=True
    )
    seconds, megabytes = done.stdout.split()
    assert float(seconds) == pytest.approx(600)
    assert int(megabytes) < MOST_MEGABYTES
