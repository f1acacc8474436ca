"""LoRAs in LoRAW's layout on plain modules of torch, without the defects of its own loader."""

from pathlib import Path
from typing import Any

import pytest

from engine.contract import Blocked, Permanent
from engine.models.sound.adapters import SoundLoras, branches_of
from engine.models.sound.loraw import LoraError, read_layers, scales_of
from engine.models.sound.model_config import LoraConfig, lora_of
from engine.models.sound.options import SoundLora
from engine.models.weights import load_tensors
from tests.support import tiny_stable_audio as tiny
from tests.support.optional import needs

needs("torch")

RUN: dict[str, Any] = {
    "rank": 32,
    "alpha": 64,
    "multiplier": 1.0,
    "dropout": 0,
    "module_dropout": 0,
}
"""Section `lora` as the training of footsteps had it."""


@pytest.fixture(scope="module")
def model() -> Any:
    """A model whose parts are named as those of Stable Audio Open: `model.model.transformer...`."""
    import torch

    torch.manual_seed(0)
    nn = torch.nn
    layer = nn.ModuleDict({"to_q": nn.Linear(64, 48, bias=False), "ff": nn.Linear(48, 40)})
    transformer = nn.ModuleDict({"layers": nn.ModuleList([layer]), "conv": nn.Conv1d(40, 36, 3)})
    return nn.ModuleDict(
        {"model": nn.ModuleDict({"model": nn.ModuleDict({"transformer": transformer})})}
    )


Q, FF, CONV = (
    f"model/model/transformer/{name}" for name in ("layers/0/to_q", "layers/0/ff", "conv")
)


def run(model: Any) -> Any:
    """Outputs of all layers, one after the other, for the same input."""
    import torch

    layers, values = (
        model["model"]["model"]["transformer"],
        torch.linspace(-1, 1, 320).reshape(5, 64),
    )
    hidden = layers["layers"][0]["ff"](layers["layers"][0]["to_q"](values))
    return layers["conv"](hidden.T.unsqueeze(0))


def lora(rank: Any = 32, **more: Any) -> dict[str, Any]:
    """A LoRA for `to_q`, with random values."""
    import torch

    generator = torch.Generator().manual_seed(3)
    down, up = (torch.randn(size, generator=generator) for size in ((rank, 64), (48, rank)))
    return {f"{Q}/lora_down.weight": down * 0.1, f"{Q}/lora_up.weight": up * 0.1, **more}


@pytest.fixture
def use(model: Any, tmp_path: Path) -> Any:
    """Saves LoRAs, activates them with weights, runs the model, and takes them away again."""
    import torch

    def activate(*wanted: tuple[dict[str, Any], float], config: Any = RUN, **fields: Any) -> Any:
        files = []
        for number, (tensors, _) in enumerate(wanted):
            files.append(tmp_path / f"{number}-{len(list(tmp_path.iterdir()))}.ckpt")
            torch.save(tensors, files[-1])
        section = lora_of({"lora": config}) if config else None
        loras = SoundLoras(model, section, lambda _, lora: Path(lora.source))
        chosen = [
            SoundLora(source=str(file), weight=weight, **fields)
            for file, (_, weight) in zip(files, wanted, strict=True)
        ]
        try:
            loras.use(chosen)
            return run(model)
        finally:
            loras.clear()

    return activate


def merged(model: Any, tensors: dict[str, Any], factor: float) -> Any:
    """Outputs of the model with a LoRA of `to_q` added to its weight, times a factor."""
    layer = model["model"]["model"]["transformer"]["layers"][0]["to_q"]
    before = layer.weight.data
    update = tensors[f"{Q}/lora_up.weight"] @ tensors[f"{Q}/lora_down.weight"]
    layer.weight.data = before + update * factor
    try:
        return run(model)
    finally:
        layer.weight.data = before


def near(one: Any, other: Any) -> bool:
    return bool((one - other).abs().max() < 1e-5)


def test_the_scale_is_alpha_by_rank_as_the_configuration_states_it(model: Any, use: Any):
    tensors = lora()
    assert near(use((tensors, 1.0)), merged(model, tensors, 2.0))
    assert not near(use((tensors, 1.0)), run(model))


def test_weight_zero_and_no_lora_equal_the_base_exactly(model: Any, use: Any):
    base = run(model)
    assert bool((use((lora(), 0.0)) == base).all())
    use((lora(), 1.0))
    assert bool((use() == base).all())
    assert bool((run(model) == base).all())


def test_a_weight_counts_once_and_not_squared(model: Any, use: Any):
    tensors = lora()
    assert near(use((tensors, 0.5)), merged(model, tensors, 0.5 * 2.0))
    assert near(use((tensors, -1.5)), merged(model, tensors, -1.5 * 2.0))


def test_several_loras_add_up_each_by_its_own_weight(model: Any, use: Any):
    one, other = lora(), {name: tensor.flip(0) for name, tensor in lora(16).items()}
    both = merged(model, one, 0.7 * 2.0) - run(model)
    both = both + merged(model, other, 0.2 * 64 / 16)
    assert near(use((one, 0.7), (other, 0.2)), both)


def test_a_bare_dictionary_and_one_under_state_dict_are_the_same(use: Any):
    assert near(use((lora(), 1.0)), use(({"state_dict": lora()}, 1.0)))


def test_the_rank_of_the_file_decides_where_it_is_not_that_of_the_configuration():
    layers = read_layers(lora(rank=8))
    assert scales_of(layers, LoraConfig(rank=32, alpha=64)) == {Q: 64 / 8}
    assert scales_of(layers, LoraConfig(rank=8, alpha=16)) == {Q: 2.0}


def test_layers_smaller_than_the_rank_are_scaled_as_they_were_trained():
    import torch

    small = {
        f"{FF}/lora_down.weight": torch.ones(40, 48),
        f"{FF}/lora_up.weight": torch.ones(40, 40),
    }
    layers = read_layers(lora(rank=48) | small)
    assert scales_of(layers, LoraConfig(rank=64, alpha=128)) == {Q: 2.0, FF: 2.0}


@pytest.mark.parametrize("alpha", [None, 0])
def test_without_alpha_the_configuration_means_a_scale_of_one(alpha: Any):
    assert scales_of(read_layers(lora()), LoraConfig(rank=32, alpha=alpha)) == {Q: 1.0}


def test_a_file_without_configuration_needs_its_alpha(model: Any, use: Any):
    tensors = lora()
    with pytest.raises(Permanent, match="does not state its alpha: name the configuration"):
        use((tensors, 1.0), config=None)
    assert near(use((tensors, 1.0), config=None, alpha=16), merged(model, tensors, 0.5))


def test_a_magnitude_is_that_of_the_file_and_scales_as_in_training(model: Any, use: Any):
    import torch

    layer = model["model"]["model"]["transformer"]["layers"][0]["to_q"]
    magnitude = torch.linspace(0.5, 1.5, 48).reshape(48, 1)
    tensors = lora(**{f"{Q}/dora_mag.weight": magnitude, f"{Q}/dora_mag.bias": torch.ones(48)})
    before = layer.weight.data
    update = tensors[f"{Q}/lora_up.weight"] @ tensors[f"{Q}/lora_down.weight"] * 2.0
    direction = (before + update) / torch.linalg.norm(before + update, dim=1, keepdim=True)
    layer.weight.data = magnitude * direction
    expected = run(model)
    layer.weight.data = before
    assert near(use((tensors, 1.0)), expected)
    assert bool((use((tensors, 0.0)) == run(model)).all())
    half = use((tensors, 0.5))
    assert near(half, (expected + run(model)) / 2)


def test_convolutions_take_a_lora_too(model: Any, use: Any):
    import torch

    conv = model["model"]["model"]["transformer"]["conv"]
    down, up = torch.randn(4, 40, 3) * 0.1, torch.randn(36, 4, 1) * 0.1
    before = conv.weight.data
    conv.weight.data = before + torch.einsum("or,rik->oik", up[:, :, 0], down) * 2.0
    expected = run(model)
    conv.weight.data = before
    tensors = {f"{CONV}/lora_down.weight": down, f"{CONV}/lora_up.weight": up}
    assert near(use((tensors, 1.0), config={"rank": 4, "alpha": 8}), expected)


def test_the_form_of_comfyui_is_the_same_lora(use: Any):
    import torch

    key = "lora_unet_model_model_transformer_layers_0_to_q"
    down, up = lora().values()
    other = {f"{key}.lora_down.weight": down, f"{key}.lora_up.weight": up}
    assert near(use((other, 1.0)), use((lora(), 1.0)))
    short = {name.replace("model_model_", ""): tensor for name, tensor in other.items()}
    stated = short | {f"{key.replace('model_model_', '')}.alpha": torch.tensor(64.0)}
    assert near(use((stated, 1.0), config=None), use((lora(), 1.0)))


def test_half_precision_files_are_computed_with_the_models_numbers(use: Any):
    halved = {name: tensor.half() for name, tensor in lora().items()}
    assert float((use((halved, 1.0)) - use((lora(), 1.0))).detach().abs().max()) < 0.01


def test_options_for_training_alone_are_not_asked_for():
    config = tiny.config(**RUN)
    assert "optimizer_configs" not in config["training"]
    assert lora_of(config) == LoraConfig(rank=32, alpha=64)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model/model/other/lora_up.weight": "ones"}, "has no lora_down for"),
        ({f"{Q}/lora_up.weight": None}, "has no lora_up for"),
        ({"epoch": "ones"}, "holds 'epoch', which is no part of a LoRA"),
        ({f"{Q}/lora_up.weight": "nan"}, "values that are no numbers"),
        ({f"{Q}/lora_up.weight": "whole"}, "has no tensor of numbers as lora_up"),
        ({f"{Q}/lora_up.weight": "narrow"}, "do not fit each other"),
        ({f"{Q}/dora_mag.weight": "ones"}, "magnitude for .* does not fit it"),
        ({"../../etc/passwd\x1b[2J/lora_up.weight": "ones"}, r"no part of a LoRA"),
    ],
)
def test_files_that_are_no_whole_lora_are_refused(change: dict[str, Any], message: str):
    import torch

    values = {
        "ones": torch.ones(3, 5),
        "nan": torch.full((48, 32), float("nan")),
        "whole": torch.ones(48, 32, dtype=torch.int64),
        "narrow": torch.ones(48, 31),
    }
    tensors = lora()
    for name, value in change.items():
        if value is None:
            del tensors[name]
        else:
            tensors[name] = values[value]
    with pytest.raises(LoraError, match=message) as refusal:
        read_layers(tensors)
    assert "\x1b" not in str(refusal.value)


@pytest.mark.parametrize(
    "other", ["model/model/transformer/layers/9/to_q", FF, CONV, "model/model/transformer"]
)
def test_a_lora_of_another_model_is_named_and_changes_nothing(model: Any, use: Any, other: str):
    base = run(model)
    tensors = {name.replace(Q, other): tensor for name, tensor in lora().items()}
    with pytest.raises(Permanent, match="is for another model"):
        use((lora(), 1.0), (tensors, 1.0))
    assert bool((run(model) == base).all())


def test_a_checkpoint_with_code_is_never_run(tmp_path: Path):
    import torch

    class Code:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    file = tmp_path / "best.ckpt"
    torch.save({"state_dict": Code()}, file)
    with pytest.raises(Blocked, match="it holds code beside tensors"):
        load_tensors(file)
    assert not (tmp_path / "ran").exists()


def test_an_empty_file_is_no_lora(model: Any):
    with pytest.raises(Permanent, match=r"The LoRA best\.ckpt holds 0 layers"):
        branches_of(model, {}, "best.ckpt", None)
