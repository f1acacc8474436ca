"""Weights that a model of stable-audio-tools needs, and the files that they were found in.

`safelight models pull` uses the names. A base model is a folder or an id with `model_config.json`
and `model.safetensors` (or `model.ckpt`, in a folder of this machine), or a single file. Its text
encoder is a model of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.models.sound.checkpoints import SUFFIXES, layout_of
from engine.models.sound.model_config import (
    T5_SOURCES,
    ConfigError,
    ModelFacts,
    facts_of,
    lora_of,
    read_config,
)
from engine.models.sound.options import SoundLora, SoundModelOptions
from engine.models.weights import RequiredWeights, find, parse_source

CONFIG = "model_config.json"
MODEL_FILES = ("model.safetensors", "model.ckpt")
TEXT_FILES = ("config.json", "tokenizer.json", "model.safetensors")


@dataclass(frozen=True, slots=True)
class ModelSources:
    """Sources of a model, resolved as far as its files are on this machine.

    Attributes:
        options: Its options.
        is_lora: True if its checkpoint is a LoRA; the base model's weights are needed then.
        facts: Facts of the configuration that the model is built from; those of Stable Audio Open
            1.0 if it is not on this machine.
    """

    options: SoundModelOptions
    is_lora: bool
    facts: ModelFacts

    @classmethod
    def of(cls, options: SoundModelOptions) -> "ModelSources":
        """Look at the files that are on this machine.

        Raises:
            ConfigError: A configuration cannot be used; the message is a sentence.
        """
        is_lora = _is_lora(options)
        path = _config_path(options, is_lora=is_lora)
        if path is None:
            return cls(options, is_lora, ModelFacts())
        return cls(options, is_lora, named(path, facts_of))

    @property
    def needs_base(self) -> bool:
        """True if the weights of the base model are needed."""
        return self.options.checkpoint is None or self.is_lora

    @property
    def checkpoint(self) -> RequiredWeights:
        """The checkpoint, which is named if the base model's weights are not needed.

        Raises:
            ConfigError: None is named.
        """
        wanted = checkpoint_wanted(self.options)
        if wanted is None:
            raise ConfigError("No checkpoint is named.")
        return wanted

    def wanted(self, loras: Sequence[SoundLora] = ()) -> Iterator[RequiredWeights]:
        """Yield everything that is needed, the base model first."""
        options = self.options
        if self.needs_base or options.config is None:
            yield base_wanted(options)
        if (config := config_wanted(options)) is not None:
            yield config
        if (checkpoint := checkpoint_wanted(options)) is not None:
            yield checkpoint
        if (text := self.text_wanted()) is not None:
            yield text
        for number, lora in enumerate(loras, start=1):
            yield lora_wanted(number, lora, offline=options.offline)

    def text_wanted(self) -> RequiredWeights | None:
        """Return the text encoder; None if the model has none."""
        name = self.facts.text_encoder
        if not name:
            return None
        return RequiredWeights(
            name="stable-audio.text",
            source=self.options.text_encoder or T5_SOURCES.get(name, name),
            needs=TEXT_FILES[:2],
            files=TEXT_FILES,
            offline=self.options.offline,
        )


def base_wanted(options: SoundModelOptions) -> RequiredWeights:
    """Return the base model."""
    source = parse_source(options.model)
    folder = source.path.expanduser() if source.path else None
    if folder is not None and folder.is_dir() and not (folder / MODEL_FILES[0]).is_file():
        needs: tuple[str, ...] = (CONFIG, MODEL_FILES[1])
    else:
        needs = (CONFIG, MODEL_FILES[0])
    return RequiredWeights(
        name="stable-audio",
        source=options.model,
        needs=needs,
        has_weights=needs[1] == MODEL_FILES[0],
        files=needs,
        offline=options.offline,
    )


def config_wanted(options: SoundModelOptions) -> RequiredWeights | None:
    """Return the configuration, if one is named."""
    return _single("stable-audio.config", options.config, options)


def checkpoint_wanted(options: SoundModelOptions) -> RequiredWeights | None:
    """Return the checkpoint, if one is named."""
    return _single("stable-audio.checkpoint", options.checkpoint, options)


def lora_wanted(number: int, lora: SoundLora, *, offline: bool = False) -> RequiredWeights:
    """Return a LoRA, by its position in the list, from 1."""
    name = f"stable-audio.lora-{number}"
    return RequiredWeights(name=name, source=lora.source, needs=(), offline=offline)


def _single(name: str, source: str | None, options: SoundModelOptions) -> RequiredWeights | None:
    if source is None:
        return None
    return RequiredWeights(
        name=name, source=source, needs=(), has_weights=False, offline=options.offline
    )


def weights_in(path: Path) -> Path:
    """Return the file with the weights of a base model: the file itself, or one in a folder."""
    if path.is_file():
        return path
    return next((path / name for name in MODEL_FILES if (path / name).is_file()), path)


def named(path: Path, read: Any) -> Any:
    """Return what is read from a configuration; errors name its file.

    Raises:
        ConfigError: It cannot be used; the message is a sentence.
    """
    try:
        return read(read_config(path))
    except ConfigError as error:
        raise ConfigError(f"The configuration {path.name} {error}.") from None


def lora_config(options: SoundModelOptions) -> Any:
    """Return the section `lora` of the configuration that is named; None if there is none.

    Raises:
        ConfigError: It makes no sense.
    """
    path = _found(config_wanted(options))
    return None if path is None else named(path, lora_of)


def config_path(options: SoundModelOptions) -> Path | None:
    """Return the configuration that the model is built from; None if it is not on this machine."""
    return _config_path(options, is_lora=_is_lora(options))


def _config_path(options: SoundModelOptions, *, is_lora: bool) -> Path | None:
    """Return the configuration of the model.

    One of a LoRA's training run describes that run; the base model's own describes the model.
    """
    stated, base = _found(config_wanted(options)), _base_config(options)
    if stated is None or base is None:
        return stated or base
    is_of_a_run = options.checkpoint is None or is_lora
    return base if is_of_a_run and named(stated, lora_of) is not None else stated


def _base_config(options: SoundModelOptions) -> Path | None:
    base = find(base_wanted(options).model_copy(update={"needs": (CONFIG,), "has_weights": False}))
    if base is None:
        return None
    path = (base.parent if base.is_file() else base) / CONFIG
    return path if path.is_file() else None


def _is_lora(options: SoundModelOptions) -> bool:
    """Return True if the checkpoint is a LoRA, or looks like one as far as it can be seen."""
    path = _found(checkpoint_wanted(options))
    layout = layout_of(path) if path is not None and path.is_file() else None
    if layout is not None or options.checkpoint is None:
        return layout == "lora"
    try:
        return lora_config(options) is not None
    except ConfigError:
        return False


def _found(wanted: RequiredWeights | None) -> Path | None:
    return None if wanted is None else find(wanted)


def is_checkpoint(source: str) -> bool:
    """Return True if a source names a single file of weights."""
    parsed = parse_source(source)
    name = parsed.file or (parsed.path.name if parsed.path else "")
    return name.endswith(SUFFIXES)
