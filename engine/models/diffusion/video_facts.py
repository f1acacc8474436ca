"""Facts of a video pipeline from its configurations, or from its name, without loading it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.contract.video import FrameCounts, VideoField
from engine.models.diffusion.configurations import described, positive
from engine.models.diffusion.video_families import (
    ANIMATEDIFF,
    FAMILIES,
    LTX,
    NAMED,
    SVD,
    WAN,
    WAN_BOTH,
    WAN_ENDS,
    WAN_IMAGE,
    VideoFamily,
)
from engine.text.terminal import clean

_ANIMATED = ("StableDiffusionPipeline", "AnimateDiffPipeline")
"""Classes of models that AnimateDiff's motion adapter can be added to."""


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """Facts of a model of clips.

    Attributes:
        family: Its family; None if its class is none that can be loaded.
        frames: Legal numbers of frames.
        rates: Frame rates, the default first.
        side_step: Sides are multiples of this number of pixels.
        takes: Fields of a request that it uses.
        needs_image: True if it has to start from an image.
        class_name: Class that its files name; empty if they are not there.
    """

    family: VideoFamily | None
    frames: FrameCounts
    rates: tuple[float, ...]
    side_step: int
    takes: frozenset[VideoField]
    needs_image: bool
    class_name: str = ""


def video_facts(folder: Path | None, source: str, *, is_animated: bool = False) -> VideoFacts:
    """Return the facts of the pipeline in a folder.

    Args:
        folder: The folder; None if the weights are not on this machine.
        source: Source of the weights, whose name tells the family while there is no folder.
        is_animated: True if AnimateDiff's motion adapter is added to it.
    """
    index = described(folder, "model_index.json") if folder else {}
    name = clean(str(index.get("_class_name", "")), 100)
    family = _family(folder, index, name) if folder and name else _by_name(source)
    if is_animated:
        family = ANIMATEDIFF if name in {"", *_ANIMATED} else None
    shape = family or LTX
    images: set[VideoField] = {"first_image"} if shape.image else set()
    return VideoFacts(
        family=family,
        frames=_frames(folder, shape),
        rates=shape.rates,
        side_step=shape.side_step,
        takes=shape.takes | images,
        needs_image=shape.text is None,
        class_name=name,
    )


def _family(folder: Path, index: dict[str, Any], name: str) -> VideoFamily | None:
    family = FAMILIES.get(name)
    if family is WAN and index.get("expand_timesteps") is True:
        return WAN_BOTH
    if family is WAN_IMAGE:
        # Wan 2.1 has a model of its own for both ends; that of Wan 2.2 has no image encoder.
        has_encoder = index.get("image_encoder") not in (None, [None, None])
        has_ends = positive(described(folder / "transformer"), "pos_embed_seq_len")
        return WAN_ENDS if has_ends or not has_encoder else WAN_IMAGE
    return family


def _frames(folder: Path | None, family: VideoFamily) -> FrameCounts:
    """Return the legal numbers of frames: Stable Video Diffusion states how many it has learned."""
    known = positive(described(folder / "unet"), "num_frames") if folder and family is SVD else None
    return replace(family.frames, most=max(2, int(known))) if known else family.frames


def _by_name(source: str) -> VideoFamily:
    small = source.lower()
    return next((one for one in NAMED if all(word in small for word in one.words)), LTX)
