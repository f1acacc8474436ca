"""Checks of settings before a batch is queued, without loading anything."""

import os
from collections.abc import Iterator
from pathlib import Path

from engine.backends.stable_audio.settings import StableAudioSettings
from engine.models.sound.checkpoints import problem_of
from engine.models.sound.model_config import ConfigError
from engine.models.sound.options import SoundModelOptions
from engine.models.sound.sources import ModelSources, lora_config
from engine.models.weights import parse_source
from engine.text.terminal import quoted


def options_of(settings: StableAudioSettings) -> SoundModelOptions:
    """Return the options of a model."""
    return SoundModelOptions(
        model=settings.model,
        config=settings.config,
        checkpoint=settings.checkpoint,
        text_encoder=settings.text_encoder,
        dtype=settings.dtype,
        most=settings.batch,
        offline=settings.offline,
    )


def trouble_with(settings: StableAudioSettings) -> str:
    """Return the first problem of the files that settings name, as a sentence; empty for none."""
    for name, source, is_weights in _files(settings):
        path = parse_source(source).path
        if path is not None and (problem := _problem(path, is_weights=is_weights)):
            return f"The {name} {quoted(str(path), 300)} {problem}."
    try:
        ModelSources.of(options_of(settings))
        lora_config(options_of(settings))
    except ConfigError as error:
        return str(error)
    return ""


def _files(settings: StableAudioSettings) -> Iterator[tuple[str, str, bool]]:
    if settings.config is not None:
        yield "configuration", settings.config, False
    if settings.checkpoint is not None:
        yield "checkpoint", settings.checkpoint, True
    for lora in settings.loras:
        yield "LoRA", lora.source, True


def _problem(path: Path, *, is_weights: bool) -> str:
    if not path.exists():
        return "does not exist"
    if not path.is_file():
        return "is not a file"
    if not os.access(path, os.R_OK):
        return "cannot be read"
    return problem_of(path) if is_weights else ""
