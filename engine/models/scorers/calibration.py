"""Calibration of a scorer's own number to 0..100: piecewise linear, with versions.

A map makes columns readable side by side; it does not make two scorers comparable. Anchors are
taken from what the models' authors publish where they do, and are a judgement where they do not:

pickscore-1: 17 and 26, between which images of today's models lie; users commonly divide by 26
    to get to 0..1 (yifan123/flow_grpo, issue 100), and two images of one prompt of a strong model
    score 22.96 and 23.32 in the example of DiffSynth-Studio's metrics.
clipscore-1: the mean of captions that fit, 0.8584, at 75 and of captions that do not, 0.7153, at
    25, both from the README of the authors' code (jmhessel/clipscore); the line continues to 0 and
    100.
aesthetic-1: 1 and 10, the scale of the ratings that the head was trained on (AVA, SAC, LAION's
    logos).
vqascore-1: 0 and 1, for it is a probability.
hpsv2-1: 0.15 and 0.35: averages of models on the authors' benchmark lie between 0.24 and 0.34
    (tgxs002/HPSv2); the ends are a judgement.
imagereward-1: -2 and 2 standard deviations, for the model standardises its reward by the mean and
    deviation of its training set (THUDM/ImageReward); the ends are a judgement.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class ScoreCalibration:
    """A piecewise linear map.

    Attributes:
        version: Its name with a number that is raised when an anchor moves.
        anchors: Pairs of a raw number and its value, both rising; beyond the ends it stays level.
    """

    version: str
    anchors: Sequence[tuple[float, float]]

    def __call__(self, raw: float) -> float:
        """Return the value of a raw number, 0 to 100, rounded to three places.

        Raises:
            ValueError: The number is not finite.
        """
        if not math.isfinite(raw):
            raise ValueError(f"{raw} has no value")
        if raw <= self.anchors[0][0]:
            return self.anchors[0][1]
        for (low, start), (high, end) in pairwise(self.anchors):
            if raw <= high:
                return round(start + (raw - low) / (high - low) * (end - start), 3)
        return self.anchors[-1][1]


MAPS: Mapping[str, ScoreCalibration] = {
    "pickscore": ScoreCalibration("pickscore-1", ((17.0, 0.0), (26.0, 100.0))),
    "clipscore": ScoreCalibration(
        "clipscore-1", ((0.64375, 0.0), (0.7153, 25.0), (0.8584, 75.0), (0.92995, 100.0))
    ),
    "aesthetic": ScoreCalibration("aesthetic-1", ((1.0, 0.0), (10.0, 100.0))),
    "vqascore": ScoreCalibration("vqascore-1", ((0.0, 0.0), (1.0, 100.0))),
    "hpsv2": ScoreCalibration("hpsv2-1", ((0.15, 0.0), (0.35, 100.0))),
    "imagereward": ScoreCalibration("imagereward-1", ((-2.0, 0.0), (2.0, 100.0))),
}
"""The map of each metric."""
