"""Configurations of models: the facts in them, and what is never built from one."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.models.sound.model_config import ConfigError, ModelFacts, facts_of, read_config
from tests.support import tiny_stable_audio as tiny


def changed(place: str, value: Any) -> dict[str, Any]:
    """A configuration with another value at a place such as `model.diffusion.type`."""
    config = tiny.config()
    *tables, last = place.split(".")
    inner: Any = config
    for name in tables:
        inner = inner[int(name) if name.isdigit() else name]
    inner[last] = value
    return config


def test_the_facts_of_a_configuration():
    facts = facts_of(tiny.config("rf_denoiser", rank=32, alpha=64))
    assert (facts.sample_rate, facts.channels, facts.ratio, facts.patch) == (8000, 2, 64, 1)
    assert (facts.objective, facts.is_distilled) == ("rf_denoiser", True)
    assert (facts.text_encoder, facts.text_tokens) == ("t5-base", 16)
    assert facts.lora is not None
    assert (facts.lora.rank, facts.lora.alpha, facts.lora.multiplier) == (32, 64, 1.0)


def test_the_objective_is_velocity_where_none_is_stated():
    config = tiny.config()
    del config["model"]["diffusion"]["diffusion_objective"]
    assert facts_of(config).objective == "v"


def test_what_is_not_known_is_assumed_to_be_stable_audio_open():
    facts = ModelFacts()
    assert (facts.sample_rate, facts.channels, facts.ratio) == (44_100, 2, 2048)
    assert round(facts.window, 2) == 47.55


CONDITIONS = "model.conditioning.configs"


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("model_type", "lm", "has the model_type 'lm', not 'diffusion_cond'"),
        ("model_type", None, "has the model_type 'None'"),
        ("model", [], "has no section model"),
        (f"{CONDITIONS}.0.type", "clap_text", "conditioning.type 'clap_text'; known are t5"),
        (f"{CONDITIONS}.0.type", "pretransform", "conditioning.type 'pretransform'"),
        (f"{CONDITIONS}.0.config", None, "has a condition without a config"),
        (f"{CONDITIONS}.0.config.t5_model_name", "/etc/passwd", "has a wrong text_encoder"),
        (f"{CONDITIONS}.0.config.t5_model_name", "evil/t5-base", "has a wrong text_encoder"),
        (f"{CONDITIONS}.1.id", "melody", "needs the condition 'melody'"),
        ("model.conditioning.default_keys", {"a": "b"}, "conditions that are computed elsewhere"),
        ("model.diffusion.type", "custom", "diffusion.type 'custom'"),
        ("model.diffusion.diffusion_objective", "x", "has a wrong objective"),
        ("model.diffusion.config.depth", 10**9, "'depth' = 1e+09, which is too large"),
        ("model.diffusion.config.embed_dim", 10**7, "'embed_dim' = 1e+07, which is too large"),
        ("model.diffusion.config.embed_dim", float("nan"), "which is too large"),
        ("model.pretransform.type", "dac_pretrained", "pretransform.type 'dac_pretrained'"),
        ("model.pretransform.config.encoder.type", "seanet", "encoder.type 'seanet'"),
        ("model.pretransform.config.bottleneck.type", "rvq", "bottleneck.type 'rvq'"),
        ("model.pretransform.config.pretransform", {}, "an autoencoder within its autoencoder"),
        ("model.pretransform.config.downsampling_ratio", None, "has no downsampling_ratio"),
        ("model.pretransform.config.downsampling_ratio", 0, "has a wrong ratio"),
        ("model.pretransform.config.encoder.config.strides", [2] * 999, "999 items in 'strides'"),
        ("sample_rate", 0, "has a wrong sample_rate"),
        ("audio_channels", 99, "has a wrong channels"),
        ("lora", {"rank": -1}, "has a wrong lora.rank"),
        ("model_type", "\x1b[2J", r"has the model_type"),
    ],
)
def test_configurations_that_ask_for_more_are_refused(place: str, value: Any, message: str):
    with pytest.raises(ConfigError) as refusal:
        facts_of(changed(place, value))
    assert message in str(refusal.value)
    assert "\x1b" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[1]", "is not a JSON object"),
        (" " * (1 << 20) + "{}", "is larger than a megabyte"),
    ],
)
def test_files_that_are_no_configuration_are_refused(tmp_path: Path, text: str, message: str):
    file = tmp_path / "model_config.json"
    file.write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_config(file)
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        read_config(tmp_path)


def test_a_configuration_is_read_as_it_is(tmp_path: Path):
    file = tmp_path / "model_config.json"
    file.write_text(json.dumps(tiny.config()))
    assert read_config(file) == tiny.config()
