"""Models that embed: the source of one, as settings have it, and its required files."""

from pydantic import BaseModel, ConfigDict, Field

from engine.models.scorers.device_modules import Precision
from engine.models.scorers.models import OPEN_CLIP_CONFIG, ClipText, clip
from engine.models.weights import RequiredWeights


class EmbeddingOptions(BaseModel):
    """Options of the model that a host loads.

    Attributes:
        embedding: Source of the model.
        precision: Precision of the weights.
        batch: Number of texts or images that it processes at once.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    embedding: ClipText
    precision: Precision = "auto"
    batch: int = Field(16, ge=1, le=256)


def required(source: str, *, offline: bool = False) -> RequiredWeights:
    """Return the files that a model needs.

    A CLIP model is named as for the scorers; any other is a sentence embedding of transformers.
    """
    if embeds_images(source):
        return clip("embedding", source).model_copy(update={"offline": offline})
    needs = ("config.json", "tokenizer_config.json")
    return RequiredWeights(name="embedding", source=source, needs=needs, offline=offline)


def embeds_images(source: str) -> bool:
    """Return True if a source is a CLIP model of open_clip, which embeds images too."""
    return clip("embedding", source).needs == (OPEN_CLIP_CONFIG,)
