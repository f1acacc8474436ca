"""Loading of video pipelines: folders and ids, safetensors only.

Nothing is fetched here and no code of a model is run.
"""

from functools import partial
from pathlib import Path
from typing import Any

from engine.contract import LoadContext, Permanent
from engine.models.diffusion.adapters import PipelineLoras
from engine.models.diffusion.library import SAFE, library, mend, precision, quiet
from engine.models.diffusion.sources import VIDEO_LORA, lora_file, video_model_wanted
from engine.models.diffusion.video_facts import video_facts
from engine.models.diffusion.video_families import VideoFamily
from engine.models.diffusion.video_options import VideoPipelineOptions
from engine.models.diffusion.videos import VideoModel
from engine.models.failures import MAKES_VIDEOS, loading
from engine.models.weights import require


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
    family = _family(path, asked.model)
    dtype = precision(asked.dtype, place.device)
    with loading(f"the model {wanted.source}", mend(wanted), MAKES_VIDEOS):
        pipe = _loaded(path, asked, family, dtype)
        texts, images = _both(pipe, family)
    if asked.vae_tiling and hasattr(pipe.vae, "enable_tiling"):
        pipe.vae.enable_tiling()
    for one in filter(None, (texts, images)):
        one.set_progress_bar_config(disable=True)
    pipe.to(place.device)
    loras = PipelineLoras(pipe, partial(lora_file, name=VIDEO_LORA), "diffusers.video_loras")
    return VideoModel(family, texts, images, None, loras, place.device)


def _family(path: Path, source: str) -> VideoFamily:
    facts = video_facts(path, source)
    if facts.family is None:
        raise Permanent(
            f"The model {source} is of the class {facts.class_name}, which makes no clips here.",
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
    return maker.from_pretrained(path, variant=asked.variant, dtype=numbers, **SAFE)


def _both(pipe: Any, family: VideoFamily) -> tuple[Any, Any]:
    """Return the pipelines from a prompt and from an image, which share their parts."""
    if family.text is None:
        return None, pipe
    if family.image is None:
        return pipe, None
    return pipe, getattr(library(), family.image)(**pipe.components)
