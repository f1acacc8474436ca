"""Facts of a video pipeline from its configurations, or from its name, without loading it."""

from dataclasses import dataclass
from pathlib import Path

from engine.contract.video import FrameCounts, VideoField
from engine.models.diffusion.configurations import described
from engine.models.diffusion.video_families import FAMILIES, LTX, VideoFamily
from engine.text.terminal import clean


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


def video_facts(folder: Path | None, source: str) -> VideoFacts:
    """Return the facts of the pipeline in a folder.

    Args:
        folder: The folder; None if the weights are not on this machine.
        source: Source of the weights, whose name tells the family while there is no folder.
    """
    name = described(folder, "model_index.json").get("_class_name") if folder else None
    family = FAMILIES.get(name) if isinstance(name, str) else _by_name(source)
    shape = family or LTX
    images: set[VideoField] = {"first_image"} if shape.image else set()
    return VideoFacts(
        family=family,
        frames=shape.frames,
        rates=shape.rates,
        side_step=shape.side_step,
        takes=shape.takes | images,
        needs_image=shape.text is None,
        class_name=clean(name, 100) if isinstance(name, str) else "",
    )


def _by_name(source: str) -> VideoFamily:
    small = source.lower()
    return next((f for f in FAMILIES.values() if any(w in small for w in f.words)), LTX)
