"""Short excerpts of sounds, for models that hear."""

from engine.audio.decode import decode
from engine.audio.resampling import resampled
from engine.audio.wav import write_wav

SECONDS = 60.0
"""Maximum length of an excerpt in seconds."""

RATE = 16000
"""Sample rate of an excerpt in Hz."""


def excerpt(data: bytes, seconds: float = SECONDS) -> bytes:
    """Return a sound as a mono 16-bit WAV file of `RATE`; of a longer one, its middle.

    The middle, since a beginning is seldom like the rest. A level over full scale is turned down.

    Args:
        data: Bytes of a sound of any format that can be decoded.
        seconds: Maximum length.

    Raises:
        MissingExtraError: The extra `audio` is not installed.
        SoundError: They are not a sound.
    """
    import numpy as np

    sound = decode(data, middle=seconds)
    samples = np.nan_to_num(sound.mono(), nan=0.0, posinf=0.0, neginf=0.0)
    samples = resampled(samples, sound.sample_rate, RATE)
    peak = float(abs(samples).max(initial=0.0))
    whole = np.round(samples * (32767 / max(peak, 1.0))).astype("<i2")
    return write_wav(whole.tobytes(), RATE, 1)
