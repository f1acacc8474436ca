"""Local models that score images and embed texts, in the model hosts of this machine.

The backends describe a set of images or texts as one task and know nothing of torch; the models are
in `engine.models.scorers` and `engine.models.embedders`, the weights in `engine.models.weights`.
"""

from collections.abc import Mapping

from engine.backends.local.settings import LocalSettings
from engine.contract import BackendFamily, ScoreBackend
from engine.contract.embedding import EmbeddingBackend

__all__ = ["FAMILY", "LocalSettings"]


def _score(settings: LocalSettings, environment: Mapping[str, str]) -> ScoreBackend:
    from engine.backends.local.score import LocalScorers

    return LocalScorers(settings)


def _embedding(settings: LocalSettings, environment: Mapping[str, str]) -> EmbeddingBackend:
    from engine.backends.local.embedding import LocalEmbedder

    return LocalEmbedder(settings)


FAMILY = BackendFamily(
    name="local",
    summary="Scores by PickScore, CLIPScore, VQAScore and others, embedding; on this machine.",
    settings=LocalSettings,
    factories={"score": _score, "embedding": _embedding},
)
"""The family, as the entry point `local` of `safelight.backends` gives it."""
