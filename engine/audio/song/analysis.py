"""Analysis of a whole song: pulse, form, curves, key and moods."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from engine.audio.analysis import check_sound, faults_of, without_music
from engine.audio.dynamics import SILENT_PEAK
from engine.audio.features import Key, Rhythm, Undefined
from engine.audio.key import key
from engine.audio.rhythm import rhythm
from engine.audio.song.curves import Curves, curves_of
from engine.audio.song.form import SongSection, form_of
from engine.audio.song.moods import (
    Climax,
    MoodPoint,
    Shift,
    climax_of,
    moods_over_time,
    shifts_of,
    smoothed,
)
from engine.audio.song.onsets import onsets_of
from engine.audio.sound import Sound, SoundError
from engine.audio.spectra import Spectra

LONGEST = 1800.0
"""Length in seconds of the longest song that is analysed."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class SongAnalysis:
    """Everything that a film needs to know of a song; times are seconds from its start.

    Attributes:
        seconds: Length.
        sample_rate: Sample rate of the source in Hz.
        channels: Number of channels of the source.
        key: Key, or None.
        rhythm: Tempo, beats and bars, or None of a song without a regular pulse.
        onsets: Times at which notes and drums start.
        sections: Sections that cover the song without gaps, at least one.
        curves: Levels and colour every 20 ms.
        moods: Mood of each second.
        shifts: Marked changes of mood, in order.
        climax: The moment of most energy.
        undefined: Reasons why a value is None, by its name.
        warnings: Faults of the recording, one sentence each.
        similarities: Similarity of each two sections, 0 to 1; empty if it is not known.
    """

    seconds: float
    sample_rate: int
    channels: int
    key: Key | None
    rhythm: Rhythm | None
    onsets: tuple[float, ...]
    sections: tuple[SongSection, ...]
    curves: Curves
    moods: tuple[MoodPoint, ...]
    shifts: tuple[Shift, ...]
    climax: Climax
    undefined: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    similarities: tuple[tuple[float, ...], ...] = ()


def analyse_song(sound: Sound) -> SongAnalysis:
    """Analyse a whole song.

    A silent song or one without a pulse has curves and a section all the same; what it does not
    have is None, with the reason in `undefined`.

    Args:
        sound: The song, at its own rate.

    Raises:
        SoundError: The sound has no samples, samples that are not numbers, a rate under 4 kHz, or
            is longer than half an hour.
    """
    check_sound(sound)
    if sound.seconds > LONGEST:
        raise SoundError(f"lasts more than {LONGEST / 60:.0f} minutes; cut it")
    spectra = Spectra.of(sound)
    undefined: dict[str, str] = {}
    tonality = _measured("key", lambda: _music(spectra, key), undefined)
    pulse = _measured("rhythm", lambda: _music(spectra, rhythm), undefined)
    curves = curves_of(sound, spectra)
    sections, similarities = form_of(spectra, pulse, curves.times, curves.energy)
    moods = moods_over_time(spectra, curves, tonality, pulse)
    return SongAnalysis(
        seconds=sound.seconds,
        sample_rate=sound.sample_rate,
        channels=sound.channels,
        key=tonality,
        rhythm=pulse,
        onsets=onsets_of(spectra),
        sections=sections,
        curves=curves,
        moods=smoothed(moods),
        shifts=shifts_of(moods, sections),
        climax=climax_of(curves, sections, pulse),
        undefined=undefined,
        warnings=(*_silence(spectra), *faults_of(sound)),
        similarities=similarities,
    )


def _silence(spectra: Spectra) -> tuple[str, ...]:
    return (
        ()
        if spectra.peak > SILENT_PEAK
        else ("The song is silent, so nothing in the film follows it.",)
    )


def _music(spectra: Spectra, measure: Callable[[Spectra], T]) -> T:
    """Measure a musical feature, which silence and clicks do not have."""
    obstacle = without_music(spectra)
    if obstacle:
        raise Undefined(obstacle)
    return measure(spectra)


def _measured(name: str, measure: Callable[[], T], undefined: dict[str, str]) -> T | None:
    """Return a measurement, or None after a note of the reason."""
    try:
        return measure()
    except Undefined as reason:
        undefined[name] = str(reason)
        return None
