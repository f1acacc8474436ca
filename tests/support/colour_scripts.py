"""Distance of an image from a colour script: which colours should cover which part of it."""

import io

import numpy as np
from PIL import Image


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB under D65 of sRGB values of 0..1, shape (n, 3)."""
    light = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = light @ np.array(to_xyz).T / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=-1
    )


_RNG = np.random.default_rng(0)
DIRECTIONS = _RNG.standard_normal((48, 3))
DIRECTIONS /= np.linalg.norm(DIRECTIONS, axis=1, keepdims=True)
QUANTILES = (np.arange(256) + 0.5) / 256


def distance(image: bytes, script: str) -> float:
    """Sliced Wasserstein distance from an image to its script, in units of CIELAB."""
    with Image.open(io.BytesIO(image)) as decoded:
        small = np.asarray(decoded.convert("RGB").resize((64, 64), Image.Resampling.BOX))
    points = lab(small.reshape(-1, 3) / 255)
    words = script.split()
    targets = lab(np.array([list(bytes.fromhex(word)) for word in words[::2]]) / 255)
    shares = np.array([float(word) for word in words[1::2]]) / 100
    assert abs(shares.sum() - 1) < 1e-6
    work = []
    for direction in DIRECTIONS:
        seen = np.quantile(points @ direction, QUANTILES)
        order = np.argsort(targets @ direction)
        at = np.searchsorted(np.cumsum(shares[order]), QUANTILES).clip(0, len(order) - 1)
        work.append(np.abs(seen - (targets @ direction)[order][at]).mean())
    return float(np.mean(work))
