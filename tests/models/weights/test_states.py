"""Weights are read as tensors and nothing else."""

import pickle
from pathlib import Path

import pytest

from engine.contract import Blocked
from engine.models.weights import load_tensors
from engine.models.weights.safe_load import fill


def test_both_formats_give_the_same(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    tensors = {"a": torch.arange(4.0), "b": torch.ones(2, 2)}
    save_file(tensors, tmp_path / "w.safetensors")
    torch.save(tensors, tmp_path / "w.pt")
    torch.save({"epoch": 3, "state_dict": tensors}, tmp_path / "trained.pt")
    for name in ("w.safetensors", "w.pt", "trained.pt"):
        found = load_tensors(tmp_path / name)
        assert set(found) == {"a", "b"}
        assert torch.equal(found["a"], tensors["a"])


@pytest.mark.parametrize("name", ["w.pt", "w.ckpt", "w.bin"])
def test_code_in_a_file_is_refused_and_not_run(tmp_path: Path, name: str) -> None:
    proof, file = tmp_path / "was-run", tmp_path / name

    class Harmful:
        def __reduce__(self) -> tuple[object, tuple[Path]]:
            return Path.touch, (proof,)

    file.write_bytes(pickle.dumps({"a": Harmful()}, protocol=2))
    with pytest.raises(Blocked, match="it holds code beside tensors") as caught:
        load_tensors(file)
    assert caught.value.reason == "weights"
    assert not proof.exists()


@pytest.mark.parametrize("data", [b"", b"not a model", b"\xff" * 64])
@pytest.mark.parametrize("name", ["w.safetensors", "w.pt"])
def test_damaged_files_are_a_sentence(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(Blocked, match=f"{name} cannot be loaded as weights"):
        load_tensors(tmp_path / name)


def test_a_list_is_no_weights(tmp_path: Path) -> None:
    import torch

    torch.save([torch.ones(1)], tmp_path / "w.pt")
    with pytest.raises(Blocked, match="cannot be loaded as weights"):
        load_tensors(tmp_path / "w.pt")


def test_weights_of_another_model_are_a_sentence() -> None:
    import torch

    with pytest.raises(Blocked, match=r"x\.pt holds the weights of another model"):
        fill(torch.nn.Linear(2, 1), {"other": torch.ones(1)}, "x.pt")
