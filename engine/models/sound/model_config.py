"""Configurations of stable-audio-tools: `model_config.json` of a model, or of a training run.

A configuration comes from outside. The library would load any file that one names, some of them as
pickled code (`clap_ckpt_path`), and would allocate whatever sizes it states. So only the parts that
generate sounds from a prompt are accepted, with sizes that such models have.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field, ValidationError

from engine.contract.backend import FrozenModel
from engine.models.sound.lengths import latents_for, samples_of
from engine.text.terminal import quoted

MAX_BYTES = 1 << 20
"""Size of a configuration; real ones have a few kilobytes."""

MAX_SIZE = 65_536
"""Largest width, depth or length of anything in a configuration's model."""

MAX_DEPTH = 256
"""Layers of a denoiser at most; Stable Audio Open has 24."""

MAX_ITEMS = 64
"""Items of a list in a configuration's model, such as the strides of an encoder."""

CONDITIONS = frozenset({"prompt", "seconds_start", "seconds_total"})
"""Conditions that a request can give a model."""

T5_SOURCES = {name: f"google-t5/{name}" for name in ("t5-small", "t5-base", "t5-large")}
"""Id on the hub of the text encoders that configurations call by an old name."""

_T5_NAME = r"^(google/)?(flan-)?t5-[a-z0-9_-]{1,20}$"

ModelT = TypeVar("ModelT", bound=FrozenModel)

Objective = Literal["v", "rectified_flow", "rf_denoiser"]
"""Objective of a denoiser: velocity, rectified flow, or a distilled rectified flow."""


class ConfigError(ValueError):
    """A configuration that cannot be used; the message ends a sentence that names its file."""


class LoraConfig(FrozenModel):
    """The section `lora` of a training run by LoRAW (https://github.com/NeuralNotW0rk/LoRAW).

    Attributes:
        rank: Rank of each layer, or less if a layer is smaller; None if it is not stated.
        alpha: Numerator of the scale; None for the rank, as LoRAW reads 0.
        multiplier: Weight that the LoRA was trained with.
    """

    rank: int | None = Field(None, ge=1, le=MAX_SIZE)
    alpha: float | None = Field(None, ge=0, le=1_000_000)
    multiplier: float = Field(1.0, ge=-10, le=10)


class ModelFacts(FrozenModel):
    """Facts of a model that are known before it is loaded.

    The defaults are those of Stable Audio Open 1.0.

    Attributes:
        sample_rate: Sample rate in Hz.
        channels: Number of channels.
        sample_size: Samples per channel that it was trained on.
        ratio: Samples per latent; 1 for a model without an autoencoder.
        patch: Latents that are read as one.
        objective: Objective of the denoiser.
        text_encoder: Name of the T5 text encoder; empty if it has none.
        text_tokens: Tokens of a prompt that it reads at most.
        lora: Section of a LoRA's training run; None if there is none.
    """

    sample_rate: int = Field(44_100, ge=8_000, le=192_000)
    channels: int = Field(2, ge=1, le=8)
    sample_size: int = Field(2_097_152, ge=1, le=1_000_000_000)
    ratio: int = Field(2048, ge=1, le=MAX_SIZE)
    patch: int = Field(1, ge=1, le=64)
    objective: Objective = "v"
    text_encoder: str = Field("t5-base", pattern=rf"{_T5_NAME}|^$")
    text_tokens: int = Field(128, ge=1, le=4096)
    lora: LoraConfig | None = None

    @property
    def is_distilled(self) -> bool:
        """True for a model of few steps and no guidance, such as Stable Audio Open Small."""
        return self.objective == "rf_denoiser"

    @property
    def window(self) -> float:
        """Length in seconds that it was trained on."""
        return self.sample_size / self.sample_rate

    def latent_seconds(self, seconds: float) -> float:
        """Return the length in seconds of the latents that hold a sound.

        Args:
            seconds: Length of the sound.
        """
        samples = samples_of(seconds, self.sample_rate)
        return latents_for(samples, self.ratio, self.patch) * self.ratio / self.sample_rate


def read_config(path: Path) -> dict[str, Any]:
    """Return a configuration.

    Raises:
        ConfigError: It cannot be read, or is not a JSON object.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ConfigError("is larger than a megabyte, which no configuration is")
        config = json.loads(data)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError("is not JSON") from None
    if not isinstance(config, dict):
        raise ConfigError("is not a JSON object")
    return config


def facts_of(config: Mapping[str, Any]) -> ModelFacts:
    """Return the facts of a configuration of a model from prompt to sound.

    Raises:
        ConfigError: It is of another kind of model, or has parts that are not accepted.
    """
    kind = config.get("model_type")
    if kind != "diffusion_cond":
        raise ConfigError(f"has the model_type {quoted(str(kind))}, not 'diffusion_cond'")
    model = _table(config, "model")
    _refuse_sizes(model)
    denoiser = _table(model, "diffusion")
    _one_of(denoiser, "diffusion.type", ("dit", "adp_cfg_1d", "adp_1d"))
    t5 = _conditions(_table(model, "conditioning"))
    stated = {
        "sample_rate": config.get("sample_rate"),
        "channels": config.get("audio_channels"),
        "sample_size": config.get("sample_size"),
        "ratio": _ratio(model),
        "patch": _table(denoiser, "config").get("patch_size"),
        "objective": denoiser.get("diffusion_objective"),
        "text_encoder": t5.get("t5_model_name", "t5-base") if t5 is not None else "",
        "text_tokens": (t5 or {}).get("max_length"),
        "lora": _lora(config),
    }
    return _validated(
        ModelFacts, {key: value for key, value in stated.items() if value is not None}
    )


def lora_of(config: Mapping[str, Any]) -> LoraConfig | None:
    """Return the section of a LoRA's training run; None if there is none.

    Options that matter for training alone, such as `training.optimizer_configs`, are not needed.

    Raises:
        ConfigError: It makes no sense.
    """
    section = _lora(config)
    return None if section is None else _validated(LoraConfig, section)


def _validated(model: type[ModelT], values: Mapping[str, Any]) -> ModelT:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"has a wrong {place}: {first['msg'].lower()}") from None


def _lora(config: Mapping[str, Any]) -> dict[str, Any] | None:
    section = config.get("lora")
    if not isinstance(section, dict):
        return None
    names = ("rank", "alpha", "multiplier")
    return {name: section[name] for name in names if section.get(name) is not None}


def _table(parent: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = parent.get(name)
    if not isinstance(value, dict):
        raise ConfigError(f"has no section {name}")
    return value


def _one_of(section: Mapping[str, Any], place: str, known: tuple[str, ...]) -> str:
    value = section.get(place.rpartition(".")[2])
    if value not in known:
        raise ConfigError(f"has the {place} {quoted(str(value))}; known are {', '.join(known)}")
    return str(value)


def _ratio(model: Mapping[str, Any]) -> int:
    """Return the samples per latent; only autoencoders of Stable Audio are accepted."""
    if model.get("pretransform") is None:
        return 1
    pretransform = _table(model, "pretransform")
    _one_of(pretransform, "pretransform.type", ("autoencoder",))
    autoencoder = _table(pretransform, "config")
    for part in ("encoder", "decoder"):
        _one_of(_table(autoencoder, part), f"{part}.type", ("oobleck", "taae"))
    if autoencoder.get("bottleneck") is not None:
        known = ("vae", "tanh", "wasserstein", "l2_norm")
        _one_of(_table(autoencoder, "bottleneck"), "bottleneck.type", known)
    if autoencoder.get("pretransform") is not None:
        raise ConfigError("has an autoencoder within its autoencoder")
    ratio = autoencoder.get("downsampling_ratio")
    if not isinstance(ratio, int):
        raise ConfigError("has no downsampling_ratio")
    return ratio


def _conditions(section: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the options of the T5 text encoder, or None, of conditions that a request can give."""
    options: dict[str, Any] | None = None
    configs = section.get("configs")
    for item in configs if isinstance(configs, list) else ():
        if not isinstance(item, dict) or not isinstance(item.get("config"), dict):
            raise ConfigError("has a condition without a config")
        if item.get("id") not in CONDITIONS:
            raise ConfigError(
                f"needs the condition {quoted(str(item.get('id')))}, which a prompt does not give"
            )
        if _one_of(item, "conditioning.type", ("t5", "number", "int")) == "t5":
            options = item["config"]
    if section.get("default_keys") or section.get("pre_encoded_keys"):
        raise ConfigError("has conditions that are computed elsewhere")
    return options


def _refuse_sizes(value: Any, name: str = "") -> None:
    """Refuse sizes that no model of sounds has, before anything of them is allocated.

    Raises:
        ConfigError: There is one.
    """
    if isinstance(value, dict):
        for key, item in value.items():
            _refuse_sizes(item, str(key))
    elif isinstance(value, list):
        if len(value) > MAX_ITEMS:
            raise ConfigError(f"has {len(value)} items in {quoted(name)}, which are too many")
        for item in value:
            _refuse_sizes(item, name)
    elif isinstance(value, int | float) and not abs(value) <= (
        MAX_DEPTH if name == "depth" else MAX_SIZE
    ):
        raise ConfigError(f"has {quoted(name)} = {value:g}, which is too large")
