"""Images of films."""

import pytest


@pytest.fixture(scope="session")
def images():
    """Three images with detail at all sizes, brighter to one side, of 240x135 pixels."""
    import cv2
    import numpy as np

    random = np.random.default_rng(15)
    result = []
    for number in range(3):
        layers = [
            cv2.resize(random.integers(0, 256, (9 * size, 16 * size, 3), np.uint8), (240, 135))
            for size in (1, 2, 4, 8)
        ]
        image = np.full((135, 240, 4), 255, np.uint8)
        mean = np.mean(layers, axis=0)
        image[..., :3] = np.clip((mean - 60) * 1.6 + np.roll((40, 0, -20), number), 0, 255)
        result.append(image)
    return result
