"""The embedded backends: they need no key, no network, no weights and no GPU.

A procedural painter, a synthesiser of sounds, a critic and scorers that measure, writers that go by
rules, and texts as vectors of their words (that needs scikit-learn, of the extra `audio`). What
they return is real output of documented methods (`docs/builtin.md`); none has learned from
examples.
"""

from collections.abc import Mapping

from engine.backends.builtin.settings import BuiltinSettings
from engine.contract import BackendFamily, ChatBackend, ImageBackend, ScoreBackend
from engine.contract.audio import AudioBackend
from engine.contract.embedding import EmbeddingBackend

__all__ = ["FAMILY", "BuiltinSettings"]


def _image(settings: BuiltinSettings, environment: Mapping[str, str]) -> ImageBackend:
    from engine.backends.builtin.image import Painter

    return Painter(settings)


def _audio(settings: BuiltinSettings, environment: Mapping[str, str]) -> AudioBackend:
    from engine.backends.builtin.audio import Synthesiser

    return Synthesiser(settings)


def _vision(settings: BuiltinSettings, environment: Mapping[str, str]) -> ChatBackend:
    from engine.backends.builtin.rules import vision_rules

    return vision_rules(settings)


def _text(settings: BuiltinSettings, environment: Mapping[str, str]) -> ChatBackend:
    from engine.backends.builtin.rules import text_rules

    return text_rules(settings)


def _score(settings: BuiltinSettings, environment: Mapping[str, str]) -> ScoreBackend:
    from engine.backends.builtin.score import Measurer

    return Measurer(settings)


def _embedding(settings: BuiltinSettings, environment: Mapping[str, str]) -> EmbeddingBackend:
    from engine.backends.builtin.embedding import WordEmbedder

    return WordEmbedder()


FAMILY = BackendFamily(
    name="builtin",
    summary="Procedural images and sounds, measured scores, writing by rules; needs nothing.",
    settings=BuiltinSettings,
    factories={
        "image": _image,
        "audio": _audio,
        "vision": _vision,
        "text": _text,
        "score": _score,
        "embedding": _embedding,
    },
)
"""The family, as the entry point `builtin` of `safelight.backends` gives it."""
