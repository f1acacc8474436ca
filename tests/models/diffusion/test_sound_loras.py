"""LoRAs of sound pipelines, in PEFT's layout and Stable Audio 3's: they count as weighed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.contract import Blocked, Permanent, StepError
from engine.models.diffusion.lora_stable_audio_3 import renamed
from tests.models.diffusion.conftest import Load
from tests.models.diffusion.desks import NotingDesk
from tests.models.diffusion.sounds import QUIET, apart, heard, sound
from tests.support import tiny_pipelines as tiny
from tests.support import tiny_sounds
from tests.support.tiny_sounds import random_update, save_tensors

CLOSE = 1e-5
"""Maximum difference of two ways to compute the same sound."""

LAYERS = ("transformer_blocks.0.attn1.to_q", "proj_in", "preprocess_conv")
"""Layers of Stable Audio Open that the LoRAs of these tests change."""

REFERENCE = {
    "transformer.layers.0.self_attn.to_qkv": "transformer_blocks.0.self_attn.to_qkv",
    "model.transformer.layers.0.ff.ff.0.proj": "transformer_blocks.0.ff.proj_in",
    "transformer.project_in": "proj_in",
    "preprocess_conv": "preprocess_conv",
    "model.to_timestep_embed.2": "to_timestep_embed.2",
    "conditioners.seconds_total.embedder.embedding.1": "duration_embedder.linear",
}
"""Layers of Stable Audio 3 by its own names, and those of diffusers."""


def with_loras(*loras: tuple[Path, float], **fields: Any) -> dict[str, Any]:
    listed = [{"source": str(path), "weight": weight} for path, weight in loras]
    return sound(sampling={"loras": listed}, **fields)


def layer_of(model: Any, name: str) -> Any:
    part = "duration_embedder" if name.startswith("duration_embedder.") else "transformer"
    return getattr(model._pipe, part).get_submodule(name.removeprefix(f"{part}."))


@pytest.fixture(scope="module")
def model(load_sound: Load) -> Any:
    """Stable Audio Open in small."""
    return load_sound()


def peft_tensors(model: Any, prefix: str = "", *, seed: int = 1, rank: int = 2) -> dict[str, Any]:
    """A LoRA in the layout of PEFT."""
    tensors = {}
    for name in LAYERS:
        layer = layer_of(model, name)
        down, up = random_update(layer, rank, seed)
        if layer.weight.ndim == 3:
            down, up = down.reshape(rank, *layer.weight.shape[1:]), up[..., None]
        tensors[f"{prefix}{name}.lora_A.weight"], tensors[f"{prefix}{name}.lora_B.weight"] = (
            down,
            up,
        )
    return tensors


@pytest.fixture(scope="module")
def first(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA of Stable Audio Open."""
    folder = tmp_path_factory.mktemp("loras")
    return save_tensors(folder / "first.safetensors", peft_tensors(model, "base_model.model."))


@pytest.fixture(scope="module")
def second(model: Any, first: Path) -> Path:
    """Another one, with the prefix of diffusers."""
    tensors = peft_tensors(model, "transformer.", seed=2, rank=3)
    return save_tensors(first.with_name("second.safetensors"), tensors)


# -- weights ----------------------------------------------------------------------------------


def test_weight_zero_and_no_lora_give_the_base_back_exactly(
    model: Any, first: Path, second: Path
) -> None:
    (base,) = heard(model, sound())
    (full,) = heard(model, with_loras((first, 1.0)))
    assert apart(base, full) > 10 * QUIET
    assert apart(heard(model, with_loras((first, 0.0)))[0], base) == 0
    (half,) = heard(model, with_loras((first, 0.5)))
    assert apart(half, base) > QUIET
    assert apart(half, full) > QUIET
    (both,) = heard(model, with_loras((first, 1.0), (second, 0.7)))
    assert apart(both, full) > QUIET
    assert apart(heard(model, with_loras((second, 0.7), (first, 1.0)))[0], both) < CLOSE
    assert apart(heard(model, with_loras((first, 1.0)))[0], full) == 0
    assert apart(heard(model, sound())[0], base) == 0


def test_sounds_with_a_lora_are_their_seeds_too(model: Any, first: Path) -> None:
    asks = [with_loras((first, 0.8), seed=seed) for seed in (1, 2, 3)]
    together = heard(model, *asks)
    assert apart(heard(model, asks[2])[0], together[2]) < QUIET


@pytest.mark.parametrize("where", ["file", "folder", "tensor", "nowhere", "root"])
def test_alpha_is_read_from_wherever_it_stands(
    model: Any, load_sound: Load, tmp_path: Path, where: str
) -> None:
    import torch

    tensors = peft_tensors(model, rank=4)
    settings: dict[str, Any] = {"r": 4, "lora_alpha": 2, "alpha_pattern": {"proj_in": 12}}
    file, scales = tmp_path / "adapter_model.safetensors", dict.fromkeys(LAYERS, 0.5)
    scales["proj_in"] = 3.0
    if where == "file":
        named = {f"transformer.{key}": value for key, value in settings.items()}
        save_tensors(file, tensors, lora_adapter_metadata=named)
    elif where == "folder":
        (tmp_path / "adapter_config.json").write_text(json.dumps(settings))
        save_tensors(file, tensors)
    elif where == "root":
        rooted = {**settings, "use_rslora": True}
        (tmp_path / "adapter_config.json").write_text(json.dumps(rooted))
        save_tensors(file, tensors)
        scales = {name: 2 * scale for name, scale in scales.items()}
    elif where == "tensor":
        alphas = {f"{name}.alpha": torch.tensor(4 * scale) for name, scale in scales.items()}
        save_tensors(file, tensors | alphas)
    else:
        save_tensors(file, tensors)
        scales = dict.fromkeys(LAYERS, 1.0)
    merged = load_sound()
    with torch.no_grad():
        for name, scale in scales.items():
            layer = layer_of(merged, name)
            down, up = random_update(layer, 4, 1)
            layer.weight.add_((up @ down * scale * 0.5).reshape(layer.weight.shape))
    (expected,) = heard(merged, sound())
    assert apart(heard(model, with_loras((tmp_path, 0.5)))[0], expected) < CLOSE


def test_a_decomposed_lora_has_the_magnitude_of_its_file(
    model: Any, load_sound: Load, tmp_path: Path
) -> None:
    import torch

    tensors, merged = peft_tensors(model), load_sound()
    for name in LAYERS:
        layer = layer_of(merged, name)
        down, up = random_update(layer, 2, 1)
        magnitude = torch.linspace(0.5, 1.5, len(up))
        tensors[f"{name}.lora_magnitude_vector"] = magnitude
        with torch.no_grad():
            rows = layer.weight.reshape(len(up), -1) + up @ down
            rows = rows / rows.norm(dim=1, keepdim=True) * magnitude[:, None]
            layer.weight.copy_(rows.reshape(layer.weight.shape))
    file = save_tensors(tmp_path / "dora.safetensors", tensors)
    (expected,) = heard(merged, sound())
    assert apart(heard(model, with_loras((file, 1.0)))[0], expected) < CLOSE


# -- Stable Audio 3 ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def load_third(load_sound: Load, sounds: Path) -> Load:
    """Loads Stable Audio 3 in small."""
    tiny.saved(tiny_sounds.stable_audio_3, sounds / "third")
    return lambda: load_sound("third")


@pytest.fixture(scope="module")
def third(load_third: Load) -> Any:
    """Stable Audio 3 in small."""
    return load_third()


def order(rows: int, name: str) -> Any:
    """Places of the rows of diffusers in the layout of Stable Audio 3."""
    import torch

    if not name.endswith("self_attn.to_qkv"):
        return torch.arange(rows)
    q, q2, k, k2, v = torch.arange(rows).chunk(5)
    return torch.cat([q, k, v, q2, k2])


def parametrized(weight: Any, kind: str, scale: float, seed: int) -> tuple[Any, dict[str, Any]]:
    """A weight as Stable Audio 3's training has it after a random update, and its tensors."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    rows = weight.reshape(len(weight), -1)
    down = torch.randn(2, rows.shape[1], generator=generator)
    up = torch.randn(len(rows), 2, generator=generator)
    tensors = {"lora_A": down, "lora_B": up}
    if kind.endswith("-xs"):
        core = torch.randn(2, 2, generator=generator)
        left, _, right = torch.linalg.svd(rows, full_matrices=False)
        highest = left.gather(0, left.abs().argmax(0, keepdim=True))
        left, right = left * highest.sign(), right * highest.sign().T
        down, up, tensors = right[:2], left[:, :2] @ core, {"M_xs": core}
    updated = rows + scale * up @ down
    if kind.startswith("dora"):
        magnitude = torch.rand(len(rows), generator=generator) + 0.5
        updated = updated / updated.norm(dim=1, keepdim=True) * magnitude[:, None]
        tensors["magnitude"] = magnitude
    return updated.reshape(weight.shape), tensors


@pytest.mark.parametrize("kind", ["lora", "dora-rows", "lora-xs", "dora-rows-xs", "dora"])
def test_a_lora_of_stable_audio_3_does_what_its_training_computes(
    third: Any, load_third: Load, tmp_path: Path, kind: str
) -> None:
    import torch

    merged, tensors = load_third(), {}
    for seed, (theirs, ours) in enumerate(REFERENCE.items()):
        layer = layer_of(merged, ours)
        places = order(len(layer.weight), theirs)
        updated, parts = parametrized(layer.weight.detach()[places], kind, 0.5, seed)
        for part, tensor in parts.items():
            tensors[f"{theirs}.parametrizations.weight.0.{part}"] = tensor
        with torch.no_grad():
            layer.weight[places] = updated
    config = {"rank": 2, "alpha": 1, "adapter_type": kind, "include": None, "exclude": None}
    file = save_tensors(tmp_path / "style.safetensors", tensors, lora_config=config)
    (base,) = heard(third, sound())
    (expected,) = heard(merged, sound())
    assert apart(base, expected) > 100 * CLOSE
    assert apart(heard(third, with_loras((file, 1.0)))[0], expected) < CLOSE * 10
    assert apart(heard(third, with_loras((file, 0.0)))[0], base) == 0


def test_names_of_stable_audio_3_are_those_of_diffusers() -> None:
    for theirs, ours in REFERENCE.items():
        place = ours if ours.startswith("duration_embedder") else f"transformer.{ours}"
        assert renamed(theirs) == place
    assert renamed("transformer.layers.7.ff.ff.2") == "transformer.transformer_blocks.7.ff.proj_out"
    assert renamed("model.model.transformer.project_out") == "transformer.proj_out"
    assert renamed("transformer.global_cond_embedder.0") == "transformer.global_cond_embedder.0"
    assert renamed("to_cond_embed.2") == "transformer.to_cond_embed.2"


# -- refusals ---------------------------------------------------------------------------------

Change = Callable[[dict[str, Any]], dict[str, Any]]


def _first_to(value: Any) -> Change:
    def changed(tensors: dict[str, Any]) -> dict[str, Any]:
        name = next(iter(tensors))
        return tensors | {name: value(tensors[name])}

    return changed


@pytest.mark.parametrize(
    ("change", "metadata", "words"),
    [
        (_first_to(lambda t: t * float("nan")), {}, "no numbers"),
        (_first_to(lambda t: t.int()), {}, "no tensor of numbers"),
        (_first_to(lambda t: t[:, :1]), {}, "has another shape"),
        (lambda ts: dict(list(ts.items())[1:]), {}, "is not whole"),
        (lambda ts: {f"unet.{k}": v for k, v in ts.items()}, {}, "has no layer 'unet"),
        (lambda ts: {f"../{k}": v for k, v in ts.items()}, {}, "no part of a LoRA"),
        (lambda ts: {k.replace("lora_A", "lora_down"): v for k, v in ts.items()}, {}, "LoRAW"),
        (lambda ts: ts, {"lora_adapter_metadata": {"lora_alpha": "8"}}, "as its alpha"),
        (lambda ts: ts, {"lora_adapter_metadata": {"lora_alpha": 1e300}}, "as its alpha"),
        (lambda ts: ts, {"lora_adapter_metadata": {"r": 0, "lora_alpha": 1}}, "as its rank"),
        (lambda ts: ts, {"lora_adapter_metadata": ["r"]}, "not an object"),
    ],
)
def test_a_lora_that_does_not_fit_is_refused_and_changes_nothing(
    model: Any, tmp_path: Path, change: Change, metadata: dict[str, Any], words: str
) -> None:
    file = save_tensors(tmp_path / "odd.safetensors", change(peft_tensors(model)), **metadata)
    (base,) = heard(model, sound())
    with pytest.raises(Permanent, match=words):
        heard(model, with_loras((file, 1.0)))
    assert apart(heard(model, sound())[0], base) == 0


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"adapter_type": "bora"}, "of the type 'bora'; there are dora-rows"),
        ({"adapter_type": "dora-cols"}, "of the type 'dora-cols'"),
        ({"rank": True}, "as its rank"),
        ({"rank": 2, "alpha": -1}, "as its alpha"),
    ],
)
def test_a_lora_of_stable_audio_3_that_cannot_be_expressed_is_refused(
    third: Any, tmp_path: Path, config: dict[str, Any], words: str
) -> None:
    down, up = random_update(layer_of(third, "proj_in"), 2, 1)
    name = "transformer.project_in.parametrizations.weight.0"
    tensors = {f"{name}.lora_A": down, f"{name}.lora_B": up}
    file = save_tensors(tmp_path / "odd.safetensors", tensors, lora_config=config)
    with pytest.raises(Permanent, match=words):
        heard(third, with_loras((file, 1.0)))


def test_expressions_of_a_file_are_never_evaluated(model: Any, tmp_path: Path) -> None:
    hostile = {"r": 2, "lora_alpha": 2, "alpha_pattern": {"(a+)+$": 9, "^proj_in": 2}}
    tensors = peft_tensors(model)
    file = save_tensors(tmp_path / "a.safetensors", tensors, lora_adapter_metadata=hostile)
    plain = save_tensors(tmp_path / "b.safetensors", tensors)
    (expected,) = heard(model, with_loras((plain, 1.0)))
    assert apart(heard(model, with_loras((file, 1.0)))[0], expected) < CLOSE


@pytest.mark.parametrize("fault", ["missing", "cut", "pickled"])
def test_a_file_that_cannot_be_read_is_said(
    model: Any, first: Path, tmp_path: Path, fault: str
) -> None:
    import torch

    file = tmp_path / ("style.ckpt" if fault == "pickled" else "style.safetensors")
    kinds: dict[str, type[StepError]] = {"missing": Blocked, "cut": Blocked, "pickled": Permanent}
    if fault == "cut":
        file.write_bytes(first.read_bytes()[:-100])
    elif fault == "pickled":
        torch.save({"a": torch.ones(1)}, file)
    with pytest.raises(kinds[fault], match=r"style\."):
        model.run("generate", [with_loras((file, 1.0))], NotingDesk())
