"""Loading of sound pipelines: folders and ids, safetensors only.

Nothing is fetched here and no code of a model is run.
"""

from functools import partial
from typing import Any

from engine.contract import LoadContext, Permanent
from engine.models.diffusion.library import SAFE, library, mend, precision, quiet
from engine.models.diffusion.sound_facts import sound_facts
from engine.models.diffusion.sound_loras import InjectedLoras
from engine.models.diffusion.sound_options import SoundPipelineOptions
from engine.models.diffusion.sounds import SoundModel
from engine.models.diffusion.sources import SOUND_LORA, lora_file, sound_model_wanted
from engine.models.failures import MAKES_SOUNDS, loading
from engine.models.weights import require


def load(options: str, place: LoadContext) -> SoundModel:
    """Load a sound pipeline for a model host.

    Args:
        options: `SoundPipelineOptions` as JSON.
        place: Place to load it in.

    Raises:
        Blocked: Weights are missing or broken, or a package is missing.
        Permanent: They belong to something that does not generate sounds.
    """
    asked = SoundPipelineOptions.model_validate_json(options)
    quiet()
    wanted = sound_model_wanted(asked)
    path = require(wanted)
    with loading(f"the model {wanted.source}", mend(wanted), MAKES_SOUNDS):
        pipe = library().AutoPipelineForText2Audio.from_pretrained(
            path, variant=asked.variant, dtype=precision(asked.dtype, place.device), **SAFE
        )
    check_language_model(pipe)
    pipe.set_progress_bar_config(disable=True)
    if hasattr(pipe.vae, "enable_slicing"):  # decode one sound at a time
        pipe.vae.enable_slicing()
    for part in pipe.components.values():
        if hasattr(part, "requires_grad_"):  # a LoRA that comes and goes leaves it so
            part.requires_grad_(requires_grad=False)
    pipe.to(place.device)
    loras = InjectedLoras(pipe, partial(lora_file, name=SOUND_LORA))
    return SoundModel(pipe, loras, sound_facts(path).sample_rate, place.device, asked.most)


def check_language_model(pipe: Any) -> None:
    """Refuse AudioLDM 2 with a class for its language model that no longer generates.

    Raises:
        Permanent: Its files name such a class.
    """
    model = getattr(pipe, "language_model", None)
    if model is None or hasattr(model, "_update_model_kwargs_for_generation"):
        return
    raise Permanent(
        f"The files of this model name {type(model).__name__} as its language model, with which "
        "the installed transformers cannot generate.",
        remedy="Write GPT2LMHeadModel in its place into model_index.json, then resume.",
    )
