"""Previews of unfinished sounds: their waveform as an image."""

from typing import TYPE_CHECKING

from engine.audio.samples import waveform_of
from engine.audio.sound import Sound
from engine.imaging.waveform import waveform_image

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIDE = 256
"""Width of a preview in pixels."""


def preview_of(samples: "NDArray[np.float32]", sample_rate: int) -> bytes:
    """Return the waveform of a sound as a PNG.

    Args:
        samples: Of shape (channels, frames).
        sample_rate: Sample rate in Hz.
    """
    waveform = waveform_of(Sound(samples, sample_rate), SIDE)
    levels = waveform.columns if waveform else (0.0,)
    top = max(levels) or 1.0
    return waveform_image([level / top for level in levels], SIDE)
