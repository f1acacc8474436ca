"""Musical features of a sound, as plain data: what analysis measures and recipes read.

Times are in seconds from the start of the sound. Names of pitch classes use sharps: `C`, `C#`, ...
`B`. A feature that is not defined for a sound is None, and `Features.undefined` says why.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
"""Names of the pitch classes 0 to 11."""

Mode = Literal["major", "minor"]
Contour = Literal["ascending", "descending", "stable", "mixed"]
Trend = Literal["rising", "falling", "steady", "arched"]


class Undefined(ValueError):
    """A feature that is not defined for a sound; the message is the reason."""


class Measured(BaseModel):
    """Base of all measurements: frozen, of finite numbers, and without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Key(Measured):
    """The key of a piece, and the next best.

    Attributes:
        tonic: Name of the pitch class.
        mode: Mode.
        confidence: 0 (a guess) to 1 (sure).
        runner_up: The second best key, for example `A minor`.
        runner_up_confidence: Its confidence, 0 to 1.
    """

    tonic: str
    mode: Mode
    confidence: float = Field(ge=0, le=1)
    runner_up: str
    runner_up_confidence: float = Field(ge=0, le=1)

    @property
    def name(self) -> str:
        """Tonic and mode: `C# minor`."""
        return f"{self.tonic} {self.mode}"


class Tempo(Measured):
    """The tempo of a piece.

    Attributes:
        bpm: Beats a minute.
        confidence: 0 to 1.
        half: Half of it, with which it is easily confused.
        double: Twice of it.
    """

    bpm: float = Field(gt=0)
    confidence: float = Field(ge=0, le=1)
    half: float
    double: float


class Rhythm(Measured):
    """Tempo, beats and bars.

    Attributes:
        tempo: The tempo.
        beats: Times of the beats.
        downbeats: Times of the first beats of bars, a subset of `beats`.
        metre: `2/4`, `3/4`, `4/4`, `6/8`, `9/8` or `12/8`.
        metre_confidence: 0 to 1.
    """

    tempo: Tempo
    beats: tuple[float, ...]
    downbeats: tuple[float, ...]
    metre: str
    metre_confidence: float = Field(ge=0, le=1)


class Note(Measured):
    """A note of the melody.

    Attributes:
        start: Time at which it starts.
        end: Time at which it ends.
        pitch: MIDI number, 60 for middle C.
    """

    start: float = Field(ge=0)
    end: float = Field(gt=0)
    pitch: int = Field(ge=0, le=127)


class Melody(Measured):
    """The leading voice.

    Attributes:
        notes: Its notes, in order, not overlapping.
        lowest: Lowest pitch, as a MIDI number.
        highest: Highest pitch, as a MIDI number.
        contour: The way that it takes.
        density: Notes a second.
    """

    notes: tuple[Note, ...]
    lowest: int
    highest: int
    contour: Contour
    density: float = Field(ge=0)


class Chord(Measured):
    """A chord of the timeline.

    Attributes:
        start: Time at which it starts.
        end: Time at which it ends.
        label: Root and kind (`C`, `F#m`); `N` for none.
    """

    start: float = Field(ge=0)
    end: float = Field(gt=0)
    label: str


class Dynamics(Measured):
    """Loudness and how it changes.

    Attributes:
        rms_db: Level in dBFS.
        peak_db: Sample peak in dBFS.
        true_peak_db: Peak between samples in dBTP, four times oversampled.
        crest_db: Peak above level in dB.
        range_db: Difference of loud and quiet stretches in dB: 95th less 10th percentile.
        lufs: Integrated loudness (ITU-R BS.1770-4) in LUFS; None under 0.4 s and in silence.
        trend: The way that the level takes.
        swell: Strength of the trend, in dB from its start to its end or to its top.
    """

    rms_db: float
    peak_db: float
    true_peak_db: float
    crest_db: float
    range_db: float
    lufs: float | None
    trend: Trend
    swell: float


class Timbre(Measured):
    """Colour of the sound, by power-weighted means over its frames.

    Attributes:
        centroid: Spectral centroid in Hz.
        bandwidth: Spectral bandwidth in Hz.
        rolloff: Frequency below which 85 % of the energy is, in Hz.
        flatness: Spectral flatness, 0 (tones) to 1 (noise).
        zero_crossings: Zero crossings a second.
        percussive: Share of energy in onsets, 0 to 1.
        bands: Shares of energy by band (`20-250 Hz`, ...), together 1; nothing above Nyquist.
        brightness: 0 (dark) to 1 (bright), by the centroid on a logarithmic scale.
    """

    centroid: float
    bandwidth: float
    rolloff: float
    flatness: float
    zero_crossings: float
    percussive: float
    bands: Mapping[str, float]
    brightness: float = Field(ge=0, le=1)


class Section(Measured):
    """A section of a long piece.

    Attributes:
        start: Time at which it starts.
        end: Time at which it ends.
        label: Letter; sections that sound alike share it.
    """

    start: float = Field(ge=0)
    end: float = Field(gt=0)
    label: str


class Mood(Measured):
    """Mood by a documented mapping.

    Attributes:
        valence: -1 (unpleasant) to 1 (pleasant).
        arousal: -1 (calm) to 1 (excited).
        label: Word for the pair, for example `serene`.
    """

    valence: float = Field(ge=-1, le=1)
    arousal: float = Field(ge=-1, le=1)
    label: str


class Features(Measured):
    """All features of one sound.

    Attributes:
        seconds: Length.
        sample_rate: Sample rate of the source in Hz, before any conversion.
        channels: Number of channels of the source.
        key: Key and mode.
        rhythm: Tempo, beats and bars.
        melody: The leading voice.
        chords: Chords on a timeline.
        dynamics: Loudness.
        timbre: Colour.
        sections: Sections, of pieces that are long enough.
        mood: Mood.
        undefined: Why a feature is None, by its name.
        warnings: Faults that were heard (clipping, an offset), one sentence each.
        method: Version of the methods.
    """

    seconds: float
    sample_rate: int
    channels: int
    key: Key | None
    rhythm: Rhythm | None
    melody: Melody | None
    chords: tuple[Chord, ...] | None
    dynamics: Dynamics | None
    timbre: Timbre | None
    sections: tuple[Section, ...] | None
    mood: Mood | None
    undefined: Mapping[str, str] = Field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    method: str = "1"
