"""Loading of video pipelines: folders and ids, safetensors only.

Nothing is fetched here and no code of a model is run.
"""

from functools import partial
from pathlib import Path
from typing import Any

from engine.contract import LoadContext, Permanent
from engine.models.diffusion.adapters import ImageAdapter, PipelineLoras
from engine.models.diffusion.library import SAFE, library, mend, precision, quiet
from engine.models.diffusion.sources import (
    VIDEO_ADAPTER,
    VIDEO_LORA,
    adapter_wanted,
    lora_file,
    motion_wanted,
    video_model_wanted,
)
from engine.models.diffusion.video_facts import video_facts
from engine.models.diffusion.video_families import VideoFamily
from engine.models.diffusion.video_options import VideoPipelineOptions
from engine.models.diffusion.videos import VideoModel
from engine.models.failures import MAKES_VIDEOS, loading
from engine.models.weights import require

_NOISE_LEVELS = {
    "beta_schedule": "linear",
    "clip_sample": False,
    "steps_offset": 1,
    "timestep_spacing": "linspace",
}
"""Scheduler that AnimateDiff's motion adapters were trained with."""

_STATED = ("boundary_ratio", "expand_timesteps")
"""Facts of Wan that both of its pipelines need beside their parts."""


def load(options: str, place: LoadContext) -> VideoModel:
    """Load a video pipeline for a model host.

    Args:
        options: `VideoPipelineOptions` as JSON.
        place: Place to load it in.

    Raises:
        Blocked: Weights are missing or broken, or a package is missing.
        Permanent: They belong to something that does not generate clips.
    """
    asked = VideoPipelineOptions.model_validate_json(options)
    quiet()
    wanted = video_model_wanted(asked)
    path = require(wanted)
    family = _family(path, asked)
    dtype = precision(asked.dtype, place.device)
    with loading(f"the model {wanted.source}", mend(wanted), MAKES_VIDEOS):
        pipe = _loaded(path, asked, family, dtype)
        texts, images = _both(pipe, family)
    adapter = None
    if asked.ip_adapter is not None:
        wanted = adapter_wanted(asked.ip_adapter, offline=asked.offline, name=VIDEO_ADAPTER)
        adapter = ImageAdapter.attach(pipe, asked.ip_adapter, dtype, wanted)
    if asked.vae_tiling and hasattr(pipe.vae, "enable_tiling"):
        pipe.vae.enable_tiling()
    for one in filter(None, (texts, images)):
        one.set_progress_bar_config(disable=True)
    pipe.to(place.device)
    loras = PipelineLoras(pipe, partial(lora_file, name=VIDEO_LORA), "diffusers.video_loras")
    return VideoModel(family, texts, images, adapter, loras, place.device)


def _family(path: Path, asked: VideoPipelineOptions) -> VideoFamily:
    facts = video_facts(path, asked.model, is_animated=asked.motion_adapter is not None)
    if facts.family is None:
        raise Permanent(
            f"The model {asked.model} is of the class {facts.class_name}, which makes no clips "
            "here.",
            remedy=MAKES_VIDEOS[1],
        )
    return facts.family


def _loaded(path: Path, asked: VideoPipelineOptions, family: VideoFamily, dtype: Any) -> Any:
    """Return the pipeline of a family, from a prompt if it can."""
    import torch

    numbers: Any = dtype
    if family.exact:
        numbers = {"default": dtype, **dict.fromkeys(family.exact, torch.float32)}
    maker = getattr(library(), str(family.text or family.image))
    parts = _motion(asked, dtype)
    pipe = maker.from_pretrained(path, variant=asked.variant, dtype=numbers, **SAFE, **parts)
    if parts:  # a model of images has other noise levels than the motion adapter
        pipe.scheduler = library().DDIMScheduler.from_config(pipe.scheduler.config, **_NOISE_LEVELS)
    return pipe


def _motion(asked: VideoPipelineOptions, dtype: Any) -> dict[str, Any]:
    """Return AnimateDiff's motion adapter, if one is added to a model of images."""
    wanted = motion_wanted(asked)
    if wanted is None:
        return {}
    path = require(wanted)
    with loading(f"the motion adapter {wanted.source}", mend(wanted), MAKES_VIDEOS):
        maker = library().MotionAdapter
        return {"motion_adapter": maker.from_pretrained(path, dtype=dtype, **SAFE)}


def _both(pipe: Any, family: VideoFamily) -> tuple[Any, Any]:
    """Return the pipelines from a prompt and from an image, which share their parts."""
    if family.text is None:
        return None, pipe
    if family.image is None:
        return pipe, None
    maker = getattr(library(), family.image)
    stated = {name: pipe.config[name] for name in _STATED if name in pipe.config}
    return pipe, maker(**pipe.components, **stated)
