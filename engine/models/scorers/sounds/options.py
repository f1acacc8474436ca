"""Models that score sounds: the source of each, as settings have it, and its required files."""

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.models.scorers.calibration import ScoreCalibration
from engine.models.scorers.device_modules import Precision
from engine.models.scorers.models import SourceText
from engine.models.weights import RequiredWeights

SoundScorer = Literal["clap", "audiobox"]
"""A model that scores sounds."""

METRICS: Mapping[SoundScorer, tuple[str, ...]] = {
    "clap": ("clap",),
    "audiobox": (
        "audiobox_quality",
        "audiobox_enjoyment",
        "audiobox_usefulness",
        "audiobox_complexity",
    ),
}
"""Metrics of each model, in the order of their columns."""

_RATING = ((1.0, 0.0), (10.0, 100.0))

SOUND_MAPS: Mapping[str, ScoreCalibration] = {
    "clap": ScoreCalibration("clap-1", ((0.0, 0.0), (0.5, 100.0))),
    **{name: ScoreCalibration("audiobox-1", _RATING) for name in METRICS["audiobox"]},
}
"""The map of each metric.

clap-1: 0, what sounds and texts have that are not related, and 0.5, about what recordings have with
    the captions that people wrote for them; the ends are a judgement.
audiobox-1: 1 and 10, the scale of the ratings that the model was trained on.
"""


class SoundScorerModels(BaseModel):
    """Source of each model's weights.

    Attributes:
        clap: A CLAP model of transformers, for the fit of a sound to its prompt.
        audiobox: Audiobox-Aesthetics, for quality, enjoyment, usefulness and complexity.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    clap: SourceText = Field(
        "laion/clap-htsat-unfused", description="CLAP model of transformers: id or folder."
    )
    audiobox: SourceText = Field(
        "facebook/audiobox-aesthetics", description="Audiobox-Aesthetics: id or folder."
    )


class SoundScoringOptions(SoundScorerModels):
    """Options of the models that a host loads.

    Attributes:
        scorers: The models, in the order of their columns.
        precision: Precision of CLAP's weights; the other one has its own.
        batch: Number of windows that a model processes at once.
    """

    scorers: tuple[SoundScorer, ...]
    precision: Precision = "auto"
    batch: int = Field(16, ge=1, le=256)


def sound_scorers_wanted(
    models: SoundScorerModels, scorers: Sequence[SoundScorer], *, offline: bool = False
) -> list[RequiredWeights]:
    """Return the weights that models need, by the names that `safelight models pull` uses."""
    return [
        RequiredWeights(
            name=f"sounds.{scorer}",
            source=getattr(models, scorer),
            needs=("config.json",),
            offline=offline,
        )
        for scorer in scorers
    ]
