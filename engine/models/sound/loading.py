"""Loading of models of stable-audio-tools for a model host.

Nothing is fetched here and no code of a model is run: weights are looked for on this machine,
configurations are checked before anything is built from them, and checkpoints are read as tensors.
"""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.contract import LoadContext, Permanent, StepError
from engine.models.failures import loading
from engine.models.sound import library
from engine.models.sound.adapters import SoundLoras
from engine.models.sound.loraw import is_lora
from engine.models.sound.model_config import ConfigError, LoraConfig, ModelFacts, facts_of
from engine.models.sound.options import Precision, SoundLora, SoundModelOptions
from engine.models.sound.packages import tools_command
from engine.models.sound.sounds import LoraSet, SoundModel, text_encoders
from engine.models.sound.sources import (
    ModelSources,
    base_wanted,
    config_path,
    lora_config,
    lora_wanted,
    named,
    weights_in,
)
from engine.models.weights import load_tensors, require
from engine.models.weights.finding import remedy
from engine.models.weights.safe_load import fill, wrong_parts

SOUND_MODELS = (
    "a model that generates sounds",
    "Choose a model of stable-audio-tools from prompt to sound, and the configuration of it.",
)

_TRAINED = "diffusion."
_AVERAGED = "diffusion_ema.ema_model."
"""Names in front of a model's tensors in a checkpoint of a training run."""


def load(options: str, place: LoadContext) -> SoundModel:
    """Load a model for a model host.

    Args:
        options: `SoundModelOptions` as JSON.
        place: Place to load it in.

    Raises:
        Blocked: A package or weights are missing, or weights are broken.
        Permanent: A configuration cannot be used, or weights belong to another model.
    """
    asked = SoundModelOptions.model_validate_json(options)
    try:
        sources = ModelSources.of(asked)
        for wanted in sources.wanted():
            require(wanted)
        path = config_path(asked)
        if path is None:
            raise ConfigError(f"There is no model_config.json for {asked.model}.")
        config = named(path, dict)
        facts, section = named(path, facts_of), lora_config(asked)
    except ConfigError as error:
        raise Permanent(str(error), remedy=SOUND_MODELS[1]) from error
    return _loaded(sources, config, facts, section, place.device)


def _loaded(
    sources: ModelSources,
    config: dict[str, Any],
    facts: ModelFacts,
    section: LoraConfig | None,
    device: str,
) -> SoundModel:
    options = sources.options
    wanted = base_wanted(options) if sources.needs_base else sources.checkpoint
    file = weights_in(require(wanted))
    tensors = unwrapped(load_tensors(file))
    if is_lora(tensors):
        raise _mistaken(file)
    text = sources.text_wanted()
    with loading(
        f"the model {wanted.source}", f"{remedy(wanted)} Then resume.", SOUND_MODELS, tools_command
    ):
        model = _built(config, facts, require(text) if text else None, tensors, file)
    fill(model, tensors, file.name)
    del tensors
    _set_precision(model, options.dtype, device)
    fixed = (_as_lora(options, section),) if sources.is_lora else ()
    loras = SoundLoras(model, section, lambda number, lora: _lora_file(number, lora, options))
    return SoundModel(model, facts, LoraSet(loras, fixed), device, options.most)


def _mistaken(file: Path) -> StepError:
    return Permanent(
        f"{file.name} is a LoRA, not a whole model.",
        remedy="Name it as checkpoint or in loras, with its base model as model, and as config the "
        "configuration of its training run.",
    )


def unwrapped(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tensors of a model; of a checkpoint of its training, the averaged ones if any.

    Args:
        tensors: Tensors as a file holds them.
    """
    if not any(name.startswith(_TRAINED) for name in tensors):
        return dict(tensors)
    result = {
        name.removeprefix(_TRAINED): value
        for name, value in tensors.items()
        if name.startswith(_TRAINED)
    }
    averaged = {
        f"model.{name.removeprefix(_AVERAGED)}": value
        for name, value in tensors.items()
        if name.startswith(_AVERAGED)
    }
    return result | averaged


def _built(
    config: dict[str, Any],
    facts: ModelFacts,
    text: Path | None,
    tensors: Mapping[str, Any],
    file: Path,
) -> Any:
    """Return a model of a configuration, once it is known to fit the weights."""
    import torch

    create = library.tools().create_model_from_config
    config = {key: config[key] for key in ("model_type", "model", "sample_rate", "sample_size")}
    with library.quiet():
        with torch.device("meta"):
            skeleton = create(_without_text(config))
        _refuse_others(skeleton, tensors, file)
        return create(_with_text(config, text)).eval().requires_grad_(requires_grad=False)


def _refuse_others(skeleton: Any, tensors: Mapping[str, Any], file: Path) -> None:
    for name, wanted in skeleton.state_dict().items():
        shape = getattr(tensors.get(name), "shape", None)
        if shape != wanted.shape:
            sizes = "is missing" if shape is None else f"is {tuple(shape)}"
            raise wrong_parts(file.name, f"{name} {sizes}, not {tuple(wanted.shape)}")


def _conditions(config: dict[str, Any]) -> list[dict[str, Any]]:
    conditions: list[dict[str, Any]] = config["model"]["conditioning"]["configs"]
    return conditions


def _without_text(config: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a configuration without its text encoder, which is not built of it."""
    config = copy.deepcopy(config)
    parts = [part for part in _conditions(config) if part["type"] != "t5"]
    config["model"]["conditioning"]["configs"] = parts
    return config


def _with_text(config: dict[str, Any], text: Path | None) -> dict[str, Any]:
    """Return a copy of a configuration whose text encoder is a folder of this machine.

    The library knows text encoders from a list of names and widths, to which the folder is added.
    """
    config = copy.deepcopy(config)
    if text is None:
        return config
    from stable_audio_tools.models.conditioners import T5Conditioner
    from transformers import AutoConfig

    name = str(text)
    if name not in T5Conditioner.T5_MODELS:
        T5Conditioner.T5_MODELS.append(name)
    width = AutoConfig.from_pretrained(name, local_files_only=True).d_model
    T5Conditioner.T5_MODEL_DIMS[name] = int(width)
    for part in _conditions(config):
        if part["type"] == "t5":
            part["config"] = part["config"] | {"t5_model_name": name, "enable_grad": False}
    return config


def _set_precision(model: Any, dtype: Precision, device: str) -> None:
    """Move a model to its device; the denoiser alone computes with other numbers than float32."""
    import torch

    named_types = {"bf16": torch.bfloat16, "fp16": torch.float16}
    model.float().to(device)
    if dtype in named_types:
        model.model.to(named_types[dtype])
    for encoder in text_encoders(model):
        # The library loads it with 16 bits, which processors compute slowly and with less care.
        encoder.to(device, torch.float32 if device == "cpu" else torch.float16)


def _as_lora(options: SoundModelOptions, section: LoraConfig | None) -> SoundLora:
    """Return the checkpoint as a LoRA, with the weight that it was trained with."""
    weight = section.multiplier if section else 1.0
    return SoundLora(source=str(options.checkpoint), weight=weight)


def _lora_file(number: int, lora: SoundLora, options: SoundModelOptions) -> Path:
    return require(lora_wanted(number, lora, offline=options.offline))
