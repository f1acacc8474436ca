"""Models that score: the source of each, as settings have it, and its required files."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from engine.models.scorers.aesthetic import SHA256
from engine.models.scorers.device_modules import Precision
from engine.models.scorers.vqa_prompts import ANSWER, Template
from engine.models.weights import RequiredWeights, checked_source, marked, parse_source

Metric = Literal["pickscore", "clipscore", "vqascore", "aesthetic", "hpsv2", "imagereward"]
Part = Metric | Literal["similarity"]

OPEN_CLIP_CONFIG = "open_clip_config.json"
_OPEN_CLIP = "open_clip:"
_PUBLISHED = {
    "ViT-B-32/openai": "timm/vit_base_patch32_clip_224.openai",
    "ViT-B-16/openai": "timm/vit_base_patch16_clip_224.openai",
    "ViT-L-14/openai": "timm/vit_large_patch14_clip_224.openai",
    "ViT-L-14-336/openai": "timm/vit_large_patch14_clip_336.openai",
    "ViT-H-14/laion2b_s32b_b79k": "laion/CLIP-ViT-H-14-laion2B-s32B-b79K",
}
"""Models by open_clip's names, with their safetensors repositories on the hub."""


def checked_clip(text: str) -> str:
    """Return the text of the source of a CLIP model, for a field of settings.

    Raises:
        ValueError: It is none.
    """
    if text in _PUBLISHED:
        return text
    prefix = _OPEN_CLIP if text.startswith(_OPEN_CLIP) else ""
    return prefix + checked_source(text.removeprefix(_OPEN_CLIP))


def marked_model(text: str) -> str:
    """Return a setting as part of a fingerprint: a path with a mark of its present content."""
    prefix = _OPEN_CLIP if text.startswith(_OPEN_CLIP) else ""
    source = text.removeprefix(prefix)
    return prefix + marked(source) if source.startswith("/") else text


def checked_file(text: str) -> str:
    """Return the text of the source of one file, for a field of settings.

    Raises:
        ValueError: It is none.
    """
    source = parse_source(text)
    if source.path is None and source.file is None:
        raise ValueError("must name a file: org/name:file, or its path")
    return checked_source(text)


FileText = Annotated[str, AfterValidator(checked_file)]
SourceText = Annotated[str, AfterValidator(checked_source)]
ClipText = Annotated[str, AfterValidator(checked_clip)]


class ScorerModels(BaseModel):
    """Source of each scorer's weights.

    A source is a model id of the hub (`org/name`, `org/name@revision`, `org/name:file`) or a path
    that starts with `/`, `./` or `~`. CLIP models can also be named as open_clip names them, for
    example `ViT-B-32/openai`, or with `open_clip:` before the id of a model in its format; other
    ids are models of transformers.

    Attributes:
        pickscore: PickScore's CLIP model, of transformers.
        pickscore_processor: The image processor and tokenizer that go with it.
        clipscore: CLIPScore's CLIP model.
        aesthetic: File with the head of the aesthetic predictor.
        aesthetic_sha256: Required SHA-256 of that file.
        aesthetic_tower: The CLIP model that the head was trained on.
        vqascore: VQAScore's model: any of transformers that reads images and texts.
        vqascore_template: Prompt template; `auto` uses the chat template if there is one.
        vqascore_answer: The answer whose likelihood is the score.
        hpsv2: Checkpoint of HPSv2 or v2.1.
        hpsv2_architecture: Its architecture, by open_clip's name.
        imagereward: Checkpoint of ImageReward.
        imagereward_tokenizer: BERT's tokenizer.
        similarity: The CLIP model that compares images.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pickscore: SourceText = Field(
        "yuvalkirstain/PickScore_v1", description="PickScore's model, a CLIP of transformers."
    )
    pickscore_processor: SourceText = Field(
        "laion/CLIP-ViT-H-14-laion2B-s32B-b79K", description="The processor that goes with it."
    )
    clipscore: ClipText = Field("ViT-B-32/openai", description="CLIPScore's CLIP model.")
    aesthetic: FileText = Field(
        "camenduru/improved-aesthetic-predictor:sac+logos+ava1-l14-linearMSE.pth",
        description="File with the head of the aesthetic predictor.",
    )
    aesthetic_sha256: str = Field(
        SHA256, pattern="^[0-9a-f]{64}$", description="What the SHA-256 of that file has to be."
    )
    aesthetic_tower: ClipText = Field("ViT-L-14/openai", description="The CLIP model under it.")
    vqascore: SourceText = Field(
        "Salesforce/instructblip-flan-t5-xl",
        description="VQAScore's model: any of transformers that reads images and texts.",
    )
    vqascore_template: Template = Field(
        "auto", description="How it is asked: auto, chat, plain or llava."
    )
    vqascore_answer: str = Field(
        ANSWER, min_length=1, max_length=40, description="The answer whose likelihood is the score."
    )
    hpsv2: FileText = Field(
        "xswu/HPSv2:HPS_v2.1_compressed.pt", description="Checkpoint of HPSv2 or v2.1."
    )
    hpsv2_architecture: str = Field(
        "ViT-H-14", pattern=r"^[\w-]{1,60}$", description="Its architecture in open_clip."
    )
    imagereward: FileText = Field(
        "THUDM/ImageReward:ImageReward.pt", description="Checkpoint of ImageReward."
    )
    imagereward_tokenizer: SourceText = Field(
        "google-bert/bert-base-uncased", description="The tokenizer that goes with it."
    )
    similarity: ClipText = Field(
        "ViT-B-32/openai", description="The CLIP model that says how alike images are."
    )


class ScoringOptions(ScorerModels):
    """Options of the scorers that a host loads.

    Attributes:
        parts: The scorers, in the order of their columns, or `similarity`.
        precision: Precision of the weights.
        batch: Number of images that a model processes at once.
    """

    parts: tuple[Part, ...]
    precision: Precision = "auto"
    batch: int = Field(16, ge=1, le=256)


def wanted_by(
    models: ScorerModels, parts: Sequence[Part], *, offline: bool = False
) -> list[RequiredWeights]:
    """Return all weights that parts need, each once, by name."""
    items = {item.name: item for part in parts for item in _of_part(models, part)}
    return [item.model_copy(update={"offline": offline}) for item in items.values()]


def _of_part(models: ScorerModels, part: Part) -> Iterator[RequiredWeights]:
    if part == "pickscore":
        yield RequiredWeights(name="pickscore", source=models.pickscore)
        yield processor("pickscore.processor", models.pickscore_processor)
    elif part == "clipscore":
        yield clip("clipscore", models.clipscore)
    elif part == "aesthetic":
        yield RequiredWeights(
            name="aesthetic", source=models.aesthetic, needs=(), sha256=models.aesthetic_sha256
        )
        yield clip("aesthetic.tower", models.aesthetic_tower)
    elif part == "vqascore":
        yield RequiredWeights(name="vqascore", source=models.vqascore)
    elif part == "hpsv2":
        yield RequiredWeights(name="hpsv2", source=models.hpsv2, needs=())
    elif part == "imagereward":
        yield RequiredWeights(name="imagereward", source=models.imagereward, needs=())
        yield processor("imagereward.tokenizer", models.imagereward_tokenizer)
    else:
        yield clip("similarity", models.similarity)


def processor(name: str, source: str) -> RequiredWeights:
    """Return a tokenizer and image processor without weights."""
    return RequiredWeights(
        name=name,
        source=source,
        needs=("tokenizer_config.json",),
        has_weights=False,
        files=("*.json", "*.txt", "*.model"),
    )


def clip(name: str, text: str) -> RequiredWeights:
    """Return a CLIP model: of open_clip if its name or files say so, else of transformers."""
    published = _PUBLISHED.get(text)
    source = parse_source(published or text.removeprefix(_OPEN_CLIP))
    path = source.path.expanduser() if source.path else None
    by_files = path is not None and not (path / "config.json").is_file()
    if published or text.startswith(_OPEN_CLIP) or by_files:
        return RequiredWeights(
            name=name,
            source=str(source),
            needs=(OPEN_CLIP_CONFIG,),
            files=("open_clip*.safetensors", "*.json", "*.txt"),
        )
    return RequiredWeights(name=name, source=str(source), leave=("open_clip*.safetensors",))
