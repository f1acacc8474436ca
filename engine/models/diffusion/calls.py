"""Images of one call: the request for each, its references, its noise, its pixels."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.contract import Permanent, StepError
from engine.imaging.errors import ImageError
from engine.models.diffusion.options import ImageTask, Sampling
from engine.models.diffusion.sizes import cropped, made_size, opened
from engine.models.seeds import folded


@dataclass
class ImageCall:
    """Input of one call of a pipeline.

    Attributes:
        size: Width and height that are generated, in pixels.
        tasks: For each image, the index of its task.
        asks: Requests of the images.
        references: Its reference images.
        controls: Images whose layout it has, by the ControlNet; empty without one.
        generators: The source of its noise.
    """

    size: tuple[int, int]
    tasks: list[int] = field(default_factory=list)
    asks: list[ImageTask] = field(default_factory=list)
    references: list[list[Any]] = field(default_factory=list)
    controls: list[Any] = field(default_factory=list)
    generators: list[Any] = field(default_factory=list)

    @property
    def sampling(self) -> Sampling:
        """The sampling that all of them share."""
        return self.asks[0].sampling

    @property
    def is_controlled(self) -> bool:
        """True if its images have the layout of others."""
        return bool(self.controls)

    @property
    def following(self) -> str | None:
        """Way in which references are followed; None if there are none."""
        return self.sampling.following if self.references[0] else None


def call_of(asks: Sequence[ImageTask], step: int, answers: list[Any]) -> ImageCall:
    """Return a call for the images that can be generated.

    Args:
        asks: The requests, all of one group.
        step: Number of pixels that sides have to be multiples of.
        answers: One for each task; tasks that cannot be done get the reason.
    """
    import torch

    call = ImageCall(made_size(asks[0].width, asks[0].height, step))
    decoded: dict[bytes, Any] = {}  # variations follow the same image
    for task, ask in enumerate(asks):
        try:
            followed = (*ask.references, *filter(None, (ask.control,)))
            decoded |= {data: opened(data) for data in followed if data not in decoded}
        except ImageError as error:
            answers[task] = Permanent(f"The reference cannot be followed: {error}.")
            continue
        call.tasks.append(task)
        call.asks.append(ask)
        call.references.append([decoded[data] for data in ask.references])
        if ask.control:
            call.controls.append(decoded[ask.control])
        call.generators.append(torch.Generator("cpu").manual_seed(folded(ask.seed)))
    return call


def smaller(ask: ImageTask) -> ImageTask:
    """Return a request for the image that is enlarged afterwards; the same if it is not."""
    side = max(ask.width, ask.height)
    if not 0 < ask.upscale_from < side:
        return ask
    scale = ask.upscale_from / side
    size = {name: max(1, round(getattr(ask, name) * scale)) for name in ("width", "height")}
    return ask.model_copy(update=size)


def answers_of(output: Any, call: ImageCall) -> list[Any]:
    """Return the pixels of a pipeline's output, or the reason why there are none."""
    flagged = getattr(output, "nsfw_content_detected", None) or [False] * len(call.asks)
    return [
        _held_back() if is_flagged else _pixels(tensor, ask)
        for tensor, ask, is_flagged in zip(output.images, call.asks, flagged, strict=True)
    ]


def _held_back() -> StepError:
    return Permanent(
        "The model's safety checker held the image back.",
        remedy="Change the prompt or the seed.",
    )


def _pixels(tensor: Any, ask: ImageTask) -> dict[str, Any] | StepError:
    """Return the image of a tensor of shape (3, height, width), 0 to 1, in the requested size."""
    import torch
    from PIL import Image

    if not bool(torch.isfinite(tensor).all()):
        return Permanent(
            "The image came out as no numbers, as it does where a model overflows.",
            remedy="Set diffusers.dtype to bf16 or fp32, or another diffusers.vae.",
        )
    scaled = (tensor.float() * 255).round().clamp(0, 255).to(torch.uint8)
    whole = Image.fromarray(scaled.permute(1, 2, 0).contiguous().cpu().numpy())
    image = cropped(whole, ask.width, ask.height)
    return {"rgb": image.tobytes(), "width": image.width, "height": image.height}
