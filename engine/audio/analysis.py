"""Analysis of a sound: its musical features, each with a value or the reason why it has none."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from engine.audio.chords import chords
from engine.audio.clicks import clipped_share
from engine.audio.dynamics import SILENT_PEAK, dynamics
from engine.audio.features import Dynamics, Features, Key, Mood, Rhythm, Timbre, Undefined
from engine.audio.key import key
from engine.audio.loudness import LOWEST_RATE
from engine.audio.melody import melody
from engine.audio.mood import mood, roughness_of
from engine.audio.rhythm import rhythm
from engine.audio.sections import sections
from engine.audio.sound import Sound, SoundError, magnitude
from engine.audio.spectra import Spectra
from engine.audio.timbre import timbre

LONGEST = 600.0
"""Length in seconds of the part that is analysed, from the start."""

SHORTEST = 0.1
"""Length in seconds below which a sound has no musical features."""

LARGEST = 1e6
"""Largest sample that can be a sound; 1 for full scale."""

LARGEST_OFFSET = 0.02
"""Mean of a channel from which on an offset is reported, 1 for full scale."""

T = TypeVar("T")


def analyse(sound: Sound, *, needs_music: bool = False) -> Features:
    """Return all features of a sound.

    A feature that the sound does not have is None, with the reason in `undefined`. If the sound is
    longer than ten minutes, only the first ten are analysed; `warnings` has a note of it.

    Args:
        sound: The sound, or its start.
        needs_music: Refuse a sound that cannot have a musical feature.

    Raises:
        SoundError: The sound has no samples, samples that are not numbers, or a rate under 4 kHz;
            with `needs_music` also one that is silent or too short.
    """
    check_sound(sound)
    part, warnings = _limited(sound)
    warnings += faults_of(part)
    spectra = Spectra.of(part)
    obstacle = without_music(spectra)
    if obstacle and needs_music:
        raise SoundError(obstacle)
    taken = _Measurements(obstacle)
    always = _Measurements(None, taken.undefined)
    tonality = taken.of("key", lambda: key(spectra))
    pulse = taken.of("rhythm", lambda: rhythm(spectra))
    level = always.of("dynamics", lambda: dynamics(part))
    colour = always.of("timbre", lambda: timbre(spectra))
    return Features(
        seconds=_whole_seconds(sound),
        sample_rate=sound.sample_rate,
        channels=sound.channels,
        key=tonality,
        rhythm=pulse,
        melody=taken.of("melody", lambda: melody(spectra, pulse)),
        chords=taken.of("chords", lambda: chords(spectra)),
        dynamics=level,
        timbre=colour,
        sections=taken.of("sections", lambda: sections(spectra)),
        mood=taken.of("mood", lambda: _mood(spectra, tonality, pulse, level, colour)),
        undefined=taken.undefined,
        warnings=warnings,
    )


def _mood(
    spectra: Spectra,
    tonality: Key | None,
    pulse: Rhythm | None,
    level: Dynamics | None,
    colour: Timbre | None,
) -> Mood:
    """Map the other features to a mood."""
    if level is None or colour is None:
        raise Undefined("a mood needs the level and the colour of the sound")
    return mood(tonality, pulse, level, colour, roughness_of(spectra))


@dataclass(frozen=True, slots=True)
class _Measurements:
    """Measurements of one sound: their values, and why the others have none.

    Attributes:
        obstacle: Reason why the sound has no musical features at all, or None.
        undefined: Reasons by name.
    """

    obstacle: str | None
    undefined: dict[str, str] = field(default_factory=dict)

    def of(self, name: str, measure: Callable[[], T]) -> T | None:
        """Return a measurement, or None after a note of the reason."""
        try:
            if self.obstacle:
                raise Undefined(self.obstacle)
            return measure()
        except Undefined as reason:
            self.undefined[name] = str(reason)
            return None


def check_sound(sound: Sound) -> None:
    """Refuse what is not a sound.

    Raises:
        SoundError: It has no samples, samples that are not numbers, or a rate under 4 kHz.
    """
    import math

    if not sound.samples.size:
        raise SoundError("it has no samples; use a file with sound in it")
    if sound.sample_rate < LOWEST_RATE:
        raise SoundError(
            f"its sample rate of {sound.sample_rate} Hz is too low for music; "
            f"use one of at least {LOWEST_RATE} Hz"
        )
    largest = magnitude(sound.samples)
    if not math.isfinite(largest):
        raise SoundError("some of its samples are not numbers; export it again")
    if largest > LARGEST:
        raise SoundError(f"its samples reach {largest:.0e}, 1 being full scale; export it again")


def _limited(sound: Sound) -> tuple[Sound, tuple[str, ...]]:
    """Return the part that is analysed, each channel in one piece, and a warning if it is cut."""
    import numpy as np

    samples = np.ascontiguousarray(sound.samples[:, : round(LONGEST * sound.sample_rate)])
    part = Sound(samples, sound.sample_rate)
    whole = _whole_seconds(sound)
    if whole > part.seconds and whole > LONGEST:
        note = f"Only the first {LONGEST / 60:g} of {whole / 60:.1f} minutes were analysed."
        return part, (note,)
    if sound.whole_seconds is None:
        return part, ()
    return part, (f"Only the first {part.seconds / 60:.3g} minutes were analysed.",)


def _whole_seconds(sound: Sound) -> float:
    """Return the length of the sound, also of one of which only the start was decoded."""
    return sound.seconds if sound.whole_seconds is None else sound.whole_seconds


def faults_of(sound: Sound) -> tuple[str, ...]:
    """Return a sentence for each fault of the recording: clipping, an offset."""
    import numpy as np

    found = []
    share = clipped_share(sound.samples)
    if share:
        found.append(f"The sound is clipped at {100 * share:.2g} % of its samples.")
    offset = magnitude(sound.samples.mean(axis=1, dtype=np.float64))
    if offset > LARGEST_OFFSET:
        found.append(f"The sound has an offset of {offset:.2g} of full scale.")
    return tuple(found)


def without_music(spectra: Spectra) -> str | None:
    """Return the reason why a sound has no musical features at all, or None."""
    if spectra.peak <= SILENT_PEAK:
        return "the sound is silent"
    if spectra.seconds < SHORTEST:
        return f"{spectra.seconds:.2g} s is too short; music needs {SHORTEST:g} s"
    return None
