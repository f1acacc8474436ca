"""Local models that score images, in the model hosts of this machine.

The backend describes a set of images as one task and knows nothing of torch; the formulas are in
`engine.models.scorers`, the weights in `engine.models.weights`.
"""

from collections.abc import Mapping

from engine.backends.local.settings import LocalSettings
from engine.contract import BackendFamily, ScoreBackend

__all__ = ["FAMILY", "LocalSettings"]


def _score(settings: LocalSettings, environment: Mapping[str, str]) -> ScoreBackend:
    from engine.backends.local.score import LocalScorers

    return LocalScorers(settings)


FAMILY = BackendFamily(
    name="local",
    summary="PickScore, CLIPScore, VQAScore, aesthetics and others, on this machine's devices.",
    settings=LocalSettings,
    factories={"score": _score},
)
"""The family, as the entry point `local` of `safelight.backends` gives it."""
