"""Absolute difference of two images, amplified until it is seen."""

import io
from dataclasses import dataclass
from pathlib import Path

from tui.images.decode import thumbnail

SIDE = 1024
"""Longer side at which images are compared, in pixels."""

MAX_GAIN = 16.0
"""Largest amplification: the noise of encoding is not to look like a difference."""

_BRIGHT = 99.5
"""Percentile of the differences that becomes white."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Absolute difference of two images, per channel.

    Attributes:
        data: The difference as a PNG, amplified.
        mean: Mean difference, 0..100 percent.
        share: Pixels that differ by more than 1 %, 0..100 percent.
        gain: Amplification.
        same_size: False if the second image was scaled to the first.
    """

    data: bytes
    mean: float
    share: float
    gain: float
    same_size: bool

    @property
    def sentence(self) -> str:
        """The difference in figures."""
        if self.share == 0 and self.mean == 0:
            return "no difference"
        scaled = "" if self.same_size else ", scaled to the first"
        return (
            f"mean difference {self.mean:.1f} %, {self.share:.0f} % of pixels differ, "
            f"shown x {self.gain:.1f}{scaled}"
        )


def difference_of(one: Path, other: Path) -> Difference:
    """Compare two images.

    Args:
        one: The first stored image.
        other: The second; it is scaled to the size of the first.

    Returns:
        Their difference, at most `SIDE` pixels wide and high.

    Raises:
        ImageTrouble: One of them cannot be shown; the message is a sentence.
    """
    import numpy as np
    from PIL import Image

    first, second = thumbnail(one, (SIDE, SIDE)), thumbnail(other, (SIDE, SIDE))
    same_size = first.size == second.size
    second = second if same_size else second.resize(first.size)
    apart = np.abs(np.asarray(first, np.float32) - np.asarray(second, np.float32))
    bright = float(np.percentile(apart, _BRIGHT)) or float(apart.max())
    gain = min(MAX_GAIN, max(1.0, 255 / bright)) if bright else 1.0
    image = Image.fromarray((apart * gain).clip(0, 255).astype(np.uint8))
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1)
    share = float((apart.max(2) > 2.55).mean())
    return Difference(out.getvalue(), apart.mean() / 2.55, 100 * share, gain, same_size)
