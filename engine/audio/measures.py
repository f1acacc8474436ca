"""Measures of a sound effect: each a value, or None and the reason why there is none.

They are facts of the samples, comparable from file to file. Levels are in dBFS, 0 for full scale;
silence has no level, rather than a very low one.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from pydantic import Field

from engine.audio.clicks import clicks, clipped_share
from engine.audio.dynamics import SILENT_PEAK
from engine.audio.envelope import Envelope
from engine.audio.features import Measured, Undefined
from engine.audio.loudness import BLOCK_SECONDS, LOWEST_RATE, loudness, true_peak_db
from engine.audio.phase import Phase, phase
from engine.audio.sound import Sound, magnitude

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

SHORT_TERM_SECONDS = 3.0
"""Length under which a sound has no short-term loudness and no loudness range."""

LARGEST = 1e6
"""Largest sample that can be a sound; 1 for full scale."""

_WINDOW, _HOP = 2048, 1024
_SMALLEST = 1e-12

T = TypeVar("T")


class SoundMeasures(Measured):
    """Measures of one sound.

    Attributes:
        seconds: Length.
        sample_rate: Sample rate in Hz.
        channels: Number of channels.
        rms: Root mean square over all channels together, 1 for full scale.
        rms_db: The same in dBFS.
        peak: Largest magnitude of a sample.
        peak_db: The same in dBFS.
        true_peak_db: Peak between samples in dBTP, four times oversampled.
        crest_db: Peak above RMS in dB.
        lufs: Integrated loudness (ITU-R BS.1770-4) in LUFS.
        momentary_max: Loudest 0.4 s in LUFS.
        short_term_max: Loudest 3 s in LUFS.
        lra: Loudness range (EBU Tech 3342) in LU.
        dc: Offset: the channel mean that is farthest from 0, with its sign.
        clipping: Share of frames in runs of samples at full scale, 0 to 1.
        clicks: Times of discontinuities in seconds.
        silence_start: Seconds of silence before the sound.
        silence_end: Seconds of silence after it.
        sound_end: Time in seconds at which the sound ends.
        centroid_hz: Spectral centroid in Hz, by power over all frames.
        flatness: Spectral flatness, 0 (tones) to 1 (noise), a mean over the frames by their power.
        onsets: Times of onsets in seconds.
        cadence: Pace of regular onsets, such as steps, a minute.
        phase: Phase of the two channels.
        undefined: Why a measure is None, by its name.
    """

    seconds: float
    sample_rate: int
    channels: int
    rms: float | None = None
    rms_db: float | None = None
    peak: float | None = None
    peak_db: float | None = None
    true_peak_db: float | None = None
    crest_db: float | None = None
    lufs: float | None = None
    momentary_max: float | None = None
    short_term_max: float | None = None
    lra: float | None = None
    dc: float | None = None
    clipping: float | None = None
    clicks: tuple[float, ...] | None = None
    silence_start: float | None = None
    silence_end: float | None = None
    sound_end: float | None = None
    centroid_hz: float | None = None
    flatness: float | None = None
    onsets: tuple[float, ...] | None = None
    cadence: float | None = None
    phase: Phase | None = None
    undefined: Mapping[str, str] = Field(default_factory=dict)


MEASURES = tuple(
    name
    for name in SoundMeasures.model_fields
    if name not in {"seconds", "sample_rate", "channels", "undefined"}
)
"""Names of the measures that may be None."""


def measure_sound(sound: Sound) -> SoundMeasures:
    """Measure a sound, whatever is wrong with it.

    If it has no samples, or samples that are not numbers, no measure has a value.
    """
    taken = _Taken()
    obstacle = _obstacle(sound)
    if obstacle:
        taken.leave_out(MEASURES, obstacle)
    else:
        _measure(sound, taken)
    return SoundMeasures(
        seconds=sound.seconds,
        sample_rate=sound.sample_rate,
        channels=sound.channels,
        undefined=taken.undefined,
        **taken.values,
    )


@dataclass(frozen=True, slots=True)
class _Taken:
    """Measures so far: values by name, and reasons for those without one."""

    values: dict[str, object] = field(default_factory=dict)
    undefined: dict[str, str] = field(default_factory=dict)

    def take(self, name: str, measure: Callable[[], object]) -> None:
        """Keep a measure, or the reason why it has no value."""
        try:
            self.values[name] = measure()
        except Undefined as reason:
            self.undefined[name] = str(reason)

    def leave_out(self, names: tuple[str, ...], reason: str) -> None:
        """Keep one reason for several measures."""
        self.undefined.update(dict.fromkeys(names, reason))


def _obstacle(sound: Sound) -> str | None:
    """Return why nothing of a sound can be measured, or None."""
    if not sound.samples.size:
        return "it has no samples"
    largest = magnitude(sound.samples)
    if not math.isfinite(largest):
        return "some samples are not numbers"
    if largest > LARGEST:
        return f"its samples reach {largest:.0e}, 1 being full scale"
    return None


def _measure(sound: Sound, taken: _Taken) -> None:
    import numpy as np

    samples = np.ascontiguousarray(sound.samples)
    part = Sound(samples, sound.sample_rate)
    means = samples.mean(axis=1, dtype=np.float64)
    taken.values["dc"] = float(means[np.abs(means).argmax()])
    taken.values["clipping"] = clipped_share(samples)
    taken.values["clicks"] = clicks(samples, sound.sample_rate)
    _levels(part, taken)
    _loudness(part, taken)
    taken.take("phase", lambda: phase(samples, sound.sample_rate))
    _times(part, taken)
    if "sound_end" in taken.undefined:
        taken.leave_out(("centroid_hz", "flatness"), taken.undefined["sound_end"])
        return
    centroid, flatness = _colour(samples, sound.sample_rate)
    taken.values.update(centroid_hz=centroid, flatness=flatness)


def _levels(sound: Sound, taken: _Taken) -> None:
    """Measure levels of the samples as they are, an offset included."""
    import numpy as np

    peak = magnitude(sound.samples)
    power = float(np.mean(np.square(sound.samples), dtype=np.float64))
    taken.values.update(peak=peak, rms=math.sqrt(power))
    if peak <= SILENT_PEAK:
        names = ("rms_db", "peak_db", "true_peak_db", "crest_db")
        taken.leave_out(names, "the sound is silent")
        return
    peak_db, rms_db = 20 * math.log10(peak), 10 * math.log10(power)
    taken.values.update(rms_db=rms_db, peak_db=peak_db, crest_db=peak_db - rms_db)
    taken.values["true_peak_db"] = true_peak_db(sound.samples)


def _loudness(sound: Sound, taken: _Taken) -> None:
    measured = loudness(sound.samples, sound.sample_rate)
    values = (
        ("lufs", measured.integrated, BLOCK_SECONDS),
        ("momentary_max", measured.momentary_max, BLOCK_SECONDS),
        ("short_term_max", measured.short_term_max, SHORT_TERM_SECONDS),
        ("lra", measured.loudness_range, SHORT_TERM_SECONDS),
    )
    for name, value, shortest in values:
        if value is None:
            taken.undefined[name] = _why_no_loudness(sound, shortest)
        else:
            taken.values[name] = value


def _why_no_loudness(sound: Sound, shortest: float) -> str:
    if sound.sample_rate < LOWEST_RATE:
        return f"a sample rate of {sound.sample_rate} Hz is too low; it needs {LOWEST_RATE} Hz"
    if sound.seconds < shortest - 1e-9:
        return f"{sound.seconds:.3g} s is too short; it needs {shortest:g} s"
    return "the sound is quieter than -70 LUFS"


def _times(sound: Sound, taken: _Taken) -> None:
    """Measure when something is heard."""
    envelope = Envelope.of(sound)
    try:
        start, end = envelope.edges()
    except Undefined as reason:
        taken.leave_out(("silence_start", "silence_end", "sound_end", "cadence"), str(reason))
        taken.values["onsets"] = ()
        return
    onsets = envelope.onsets()
    taken.values.update(
        silence_start=start, silence_end=sound.seconds - end, sound_end=end, onsets=onsets
    )
    taken.take("cadence", lambda: envelope.cadence(onsets))


def _colour(samples: "Floats", sample_rate: int) -> tuple[float, float]:
    """Return centroid in Hz and flatness, of the power of all channels together."""
    import numpy as np

    power = _power_spectra(samples)
    hertz = np.fft.rfftfreq(_WINDOW, 1 / sample_rate)
    by_bin, by_frame = power.sum(axis=0, dtype=np.float64), power.sum(axis=1, dtype=np.float64)
    centroid = float(by_bin @ hertz / max(float(by_bin.sum()), _SMALLEST))
    floored = np.maximum(power, np.float32(_SMALLEST) * power.max())
    ratio = np.exp(np.log(floored).mean(axis=1)) / floored.mean(axis=1)
    return centroid, float(ratio @ by_frame / max(float(by_frame.sum()), _SMALLEST))


def _power_spectra(samples: "Floats") -> "Floats":
    """Return the power by frame of 2048 samples and bin, without offset, all channels added."""
    import numpy as np
    from scipy.fft import rfft

    taper = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
    lacking = max(0, _WINDOW - samples.shape[1])
    total: Floats = np.zeros(1, np.float32)
    for channel in np.pad(samples, ((0, 0), (0, lacking))):
        frames = np.lib.stride_tricks.sliding_window_view(channel, _WINDOW)[::_HOP]
        spectrum = rfft(frames * taper, axis=1)
        total = total + (spectrum.real**2 + spectrum.imag**2)
    total[:, 0] = 0  # an offset has no pitch
    return total
