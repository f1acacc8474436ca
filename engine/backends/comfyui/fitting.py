"""A sound to start from, as long as the latent that it becomes."""

from engine.audio.decode import decode
from engine.audio.sound import SoundError
from engine.audio.wav import write_wav_24


def padded(data: bytes, seconds: float) -> bytes | None:
    """Return a sound as 24-bit WAV of exactly a length; None if it cannot be decoded.

    Args:
        data: The encoded sound; it is cut, or silence is added.
        seconds: The length.
    """
    import numpy as np

    try:
        sound = decode(data)
    except SoundError:
        return None
    wanted = round(seconds * sound.sample_rate)
    samples = sound.samples[:, :wanted]
    silence = np.zeros((sound.channels, wanted - samples.shape[1]), np.float32)
    return write_wav_24(np.concatenate([samples, silence], axis=1), sound.sample_rate)
