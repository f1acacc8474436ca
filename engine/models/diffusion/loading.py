"""Loading of image pipelines: folders, ids and single files, safetensors only.

Nothing is fetched here and no code of a model is run: weights are looked for on this machine, and
errors about missing ones name the command that fetches them.
"""

import inspect
from pathlib import Path
from typing import Any

from engine.contract import LoadContext, Permanent
from engine.models.diffusion.adapters import ImageAdapter, PipelineLoras
from engine.models.diffusion.control import Control
from engine.models.diffusion.images import Helpers, ImageModel
from engine.models.diffusion.library import SAFE, library, mend, precision, quiet
from engine.models.diffusion.options import PipelineOptions
from engine.models.diffusion.sources import (
    adapter_wanted,
    config_wanted,
    is_single_file,
    model_wanted,
    refiner_wanted,
    vae_wanted,
)
from engine.models.diffusion.upscaling import Upscaler
from engine.models.failures import loading
from engine.models.weights import require


def load(options: str, place: LoadContext) -> ImageModel:
    """Load a pipeline for a model host.

    Args:
        options: `PipelineOptions` as JSON.
        place: Place to load it in.

    Raises:
        Blocked: Weights are missing or broken.
        Permanent: They belong to something that does not generate images.
    """
    asked = PipelineOptions.model_validate_json(options)
    quiet()
    dtype = precision(asked.dtype, place.device)
    pipe = _base(asked, dtype)
    refiner = _refiner(asked, dtype, pipe)
    adapter = None
    if asked.ip_adapter is not None:
        wanted = adapter_wanted(asked.ip_adapter, offline=asked.offline)
        adapter = ImageAdapter.attach(pipe, asked.ip_adapter, dtype, wanted)
    control = None
    if asked.control is not None:
        control = Control.attach(pipe, asked, dtype, place.device)
    upscaler = Upscaler.load(asked, place.device) if asked.upscaler is not None else None
    for one in filter(None, (pipe, refiner)):
        one.set_progress_bar_config(disable=True)
        if asked.vae_tiling and hasattr(one, "vae"):  # pixel-space models do not have one
            one.vae.enable_tiling()
        one.to(place.device)
    helpers = Helpers(refiner, adapter, control, upscaler)
    return ImageModel(pipe, helpers, PipelineLoras(pipe), place.device, asked.most)


def _base(asked: PipelineOptions, dtype: Any) -> Any:
    wanted = model_wanted(asked)
    path = require(wanted)
    with loading(f"the model {wanted.source}", mend(wanted)):
        options = {"dtype": dtype, **_vae(asked, dtype, path)}
        if is_single_file(asked.model):
            return _from_single_file(asked, path, options)
        return library().AutoPipelineForText2Image.from_pretrained(
            path, variant=asked.variant, **SAFE, **options
        )


def _from_single_file(asked: PipelineOptions, path: Path, options: dict[str, Any]) -> Any:
    """Load a single file, which has weights only: class and configuration are another model's."""
    diffusers, wanted = library(), config_wanted(asked)
    config = require(wanted) if wanted else path.parent
    name = diffusers.DiffusionPipeline.load_config(config)["_class_name"]
    pipeline = getattr(diffusers, str(name), None)
    if pipeline is None or not hasattr(pipeline, "from_single_file"):
        raise Permanent(
            f"A model of class {name!r} cannot be loaded from a single file.",
            remedy="Set diffusers.config to the folder or id of a model that the file belongs to, "
            "or diffusers.model to a folder.",
        )
    return pipeline.from_single_file(
        str(path), config=str(config), local_files_only=True, **options
    )


def _vae(asked: PipelineOptions, dtype: Any, model: Path) -> dict[str, Any]:
    wanted = vae_wanted(asked)
    if wanted is None:
        return {}
    vae_class, path = library().AutoencoderKL, require(wanted)
    with loading(f"the VAE {wanted.source}", mend(wanted)):
        if not path.is_file():
            return {"vae": vae_class.from_pretrained(path, dtype=dtype, **SAFE)}
        config_path = config_wanted(asked)
        config = require(config_path) if config_path else model
        vae = vae_class.from_single_file(
            str(path), config=str(config), subfolder="vae", dtype=dtype, local_files_only=True
        )
    return {"vae": vae}


def _refiner(asked: PipelineOptions, dtype: Any, pipe: Any) -> Any:
    """Load the refiner; it shares the base's second text encoder and VAE, as published."""
    wanted = refiner_wanted(asked)
    if wanted is None:
        return None
    if "denoising_end" not in inspect.signature(pipe.__call__).parameters:
        raise Permanent(
            f"The model {asked.model} hands nothing on to a refiner; SDXL does.",
            remedy="Take diffusers.refiner out of the settings, or choose an SDXL model.",
        )
    path = require(wanted)
    with loading(f"the refiner {wanted.source}", mend(wanted)):
        return library().StableDiffusionXLImg2ImgPipeline.from_pretrained(
            path,
            variant=asked.variant,
            text_encoder_2=pipe.text_encoder_2,
            vae=pipe.vae,
            dtype=dtype,
            **SAFE,
        )
