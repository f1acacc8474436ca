"""Families of video models: classes, legal lengths and sizes, and what a request may have.

Sources are the documents of each model: LTX-Video (https://huggingface.co/Lightricks/LTX-Video),
CogVideoX (https://arxiv.org/abs/2408.06072), Wan (https://arxiv.org/abs/2503.20314), HunyuanVideo
(https://arxiv.org/abs/2412.03603), Stable Video Diffusion (https://arxiv.org/abs/2311.15127) and
AnimateDiff (https://arxiv.org/abs/2307.04725).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
        words: Words that are all in names of its models, in small letters; for models that are not
            on this machine yet.
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

LTX_ENDS = replace(
    LTX,
    words=("ltx-video-0.9",),
    text="LTXConditionPipeline",
    image="LTXConditionPipeline",
    takes=_PROMPTED | {"last_image"},
)
"""LTX since 0.9.5, which is conditioned by frames at any place of a clip."""

COGVIDEOX = VideoFamily(
    name="CogVideoX",
    words=("cogvideo",),
    text="CogVideoXPipeline",
    image=None,
    frames=FrameCounts(step=8, offset=1, least=9, most=81),
    rates=(8.0, 16.0),
    side_step=16,
)
COGVIDEOX_IMAGE = replace(
    COGVIDEOX, words=("cogvideo", "i2v"), text=None, image="CogVideoXImageToVideoPipeline"
)

WAN = VideoFamily(
    name="Wan",
    words=("wan2",),
    text="WanPipeline",
    image=None,
    frames=FrameCounts(step=4, offset=1, least=5, most=121),
    rates=(16.0, 24.0),
    side_step=16,
    exact=("vae", "image_encoder"),
)
WAN_BOTH = replace(WAN, words=("wan", "ti2v"), image="WanImageToVideoPipeline", side_step=32)
WAN_IMAGE = replace(WAN_BOTH, words=("wan", "i2v"), text=None, side_step=16)
WAN_ENDS = replace(WAN_IMAGE, words=("wan", "flf2v"), takes=_PROMPTED | {"last_image"})

HUNYUAN = VideoFamily(
    name="HunyuanVideo",
    words=("hunyuanvideo",),
    text="HunyuanVideoPipeline",
    image=None,
    frames=FrameCounts(step=4, offset=1, least=5, most=129),
    rates=(24.0,),
    side_step=16,
    takes=_PROMPTED - {"negative_prompt"},
)

SVD = VideoFamily(
    name="Stable Video Diffusion",
    words=("stable-video-diffusion",),
    text=None,
    image="StableVideoDiffusionPipeline",
    frames=FrameCounts(least=2, most=25),
    rates=(7.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 24.0, 25.0, 30.0),
    side_step=64,
    takes=frozenset({"seed", "motion", "steps", "guidance"}),
    guidance="max_guidance_scale",
    arguments={"decode_chunk_size": 8},
    latents="frames",
)

ANIMATEDIFF = VideoFamily(
    name="AnimateDiff",
    words=("animatediff",),
    text="AnimateDiffPipeline",
    image=None,
    frames=FrameCounts(least=8, most=32),
    rates=(8.0,),
    side_step=8,
)

FAMILIES: Mapping[str, VideoFamily] = {
    "LTXPipeline": LTX,
    "LTXImageToVideoPipeline": LTX,
    "LTXConditionPipeline": LTX_ENDS,
    "CogVideoXPipeline": COGVIDEOX,
    "CogVideoXImageToVideoPipeline": COGVIDEOX_IMAGE,
    "WanPipeline": WAN,
    "WanImageToVideoPipeline": WAN_IMAGE,
    "HunyuanVideoPipeline": HUNYUAN,
    "StableVideoDiffusionPipeline": SVD,
    "AnimateDiffPipeline": ANIMATEDIFF,
}
"""Families by the class that a model's `model_index.json` names."""

NAMED = (
    LTX_ENDS, LTX, COGVIDEOX_IMAGE, COGVIDEOX, WAN_ENDS, WAN_BOTH, WAN_IMAGE, WAN, HUNYUAN, SVD,
    ANIMATEDIFF,
)  # fmt: skip
"""Families in the order in which a name is compared with their words."""
