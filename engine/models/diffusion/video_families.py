"""Families of video models: classes, legal lengths and sizes, and what a request may have.

Sources are the documents of each model: LTX-Video (https://huggingface.co/Lightricks/LTX-Video),
CogVideoX (https://arxiv.org/abs/2408.06072), Wan (https://arxiv.org/abs/2503.20314), HunyuanVideo
(https://arxiv.org/abs/2412.03603), Stable Video Diffusion (https://arxiv.org/abs/2311.15127) and
AnimateDiff (https://arxiv.org/abs/2307.04725).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from engine.contract.video import FrameCounts, VideoField

Latents = Literal["channels", "frames", "packed"]
"""Order of a clip's latents: channels first, frames first, or one sequence."""

_PROMPTED: frozenset[VideoField] = frozenset(
    {"prompt", "negative_prompt", "seed", "steps", "guidance"}
)


@dataclass(frozen=True, slots=True)
class VideoFamily:
    """A kind of video model.

    Attributes:
        name: Its name.
        words: Words in names of its models, small, for models that are not on this machine yet.
        text: Class of diffusers that generates from a prompt; None if an image is needed.
        image: Class that starts from an image; None if there is none.
        frames: Legal numbers of frames.
        rates: Frame rates, the default first.
        side_step: Sides are multiples of this number of pixels.
        takes: Fields of a request that it uses, besides images.
        guidance: Argument of its calls for the guidance scale.
        arguments: Further arguments of all its calls.
        exact: Parts that compute in float32 always.
        latents: Order of its latents.
    """

    name: str
    words: tuple[str, ...]
    text: str | None
    image: str | None
    frames: FrameCounts
    rates: tuple[float, ...]
    side_step: int
    takes: frozenset[VideoField] = _PROMPTED
    guidance: str = "guidance_scale"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    exact: tuple[str, ...] = ()
    latents: Latents = "channels"


LTX = VideoFamily(
    name="LTX",
    words=("ltx",),
    text="LTXPipeline",
    image="LTXImageToVideoPipeline",
    frames=FrameCounts(step=8, offset=1, least=9, most=257),
    rates=(24.0, 25.0, 30.0),
    side_step=32,
    # For decoders since 0.9.1, which denoise a last time; others ignore them.
    arguments={"decode_timestep": 0.05, "decode_noise_scale": 0.025},
    latents="packed",
)

FAMILIES: Mapping[str, VideoFamily] = {
    "LTXPipeline": LTX,
    "LTXImageToVideoPipeline": LTX,
}
"""Families by the class that a model's `model_index.json` names."""
