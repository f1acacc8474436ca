"""Dominant colours: k-means in OKLab (S. Lloyd, 1982), seeded by the farthest-point rule."""

from dataclasses import dataclass

import numpy as np

from engine.imaging.measure.colour import Array, Rgb, oklab, srgb

SAMPLES = 3000
"""Pixels that are clustered at most, on a regular grid."""

ROUNDS = 8
"""Rounds of k-means; the centres move less than a visible difference after about six."""


@dataclass(frozen=True, slots=True)
class Swatch:
    """A dominant colour.

    Attributes:
        rgb: The colour, sRGB 0..1.
        share: Share of the image that is nearest to it, 0..1.
    """

    rgb: Rgb
    share: float


def dominant(pixels: Array, count: int = 6) -> list[Swatch]:
    """Return the dominant colours of an image, the largest share first.

    Args:
        pixels: sRGB of shape (h, w, 3), 0..1.
        count: Maximum number of colours; fewer are returned if the image has fewer.
    """
    flat = pixels.reshape(-1, 3)
    lab = oklab(flat[:: max(1, len(flat) // SAMPLES)].astype(np.float64))
    centres = [lab[int(np.argmin(((lab - lab.mean(axis=0)) ** 2).sum(axis=1)))]]
    for _ in range(count - 1):
        gap = np.min([((lab - centre) ** 2).sum(axis=1) for centre in centres], axis=0)
        if float(gap.max()) < 1e-4:
            break
        centres.append(lab[int(np.argmax(gap))])
    means = np.array(centres)
    nearest = np.zeros(len(lab), dtype=np.intp)
    for _ in range(ROUNDS):
        nearest = ((lab[:, None] - means[None]) ** 2).sum(axis=-1).argmin(axis=1)
        for at in range(len(means)):
            if np.any(nearest == at):
                means[at] = lab[nearest == at].mean(axis=0)
    shares = np.bincount(nearest, minlength=len(means)) / len(lab)
    colours = srgb(means)
    order = np.argsort(-shares, kind="stable")
    shares_by_colour = [(colours[at], float(shares[at])) for at in order if shares[at] > 0]
    return [Swatch((float(c[0]), float(c[1]), float(c[2])), share) for c, share in shares_by_colour]
