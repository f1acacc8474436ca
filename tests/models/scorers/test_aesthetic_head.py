"""The head of the aesthetic predictor: affine, on unit vectors, from a file that is checked."""

import pickle
from pathlib import Path

import pytest

from engine.contract import Blocked
from engine.models.scorers.regression_head import RegressionHead
from engine.models.weights import hash_of, load_tensors
from tests.models.scorers import references
from tests.models.scorers.conftest import IMAGES, Load, Models, raws, score


@pytest.fixture
def head(models: Models) -> RegressionHead:
    return RegressionHead(load_tensors(models.head), "head")


def test_it_collapses_to_one_product(head: RegressionHead) -> None:
    """Without activations the five layers are w.x + b, exactly."""
    import torch

    product, offset = torch.eye(32, dtype=torch.float64), torch.zeros(32, dtype=torch.float64)
    for weight, bias in head.layers:
        product = weight.double() @ product
        offset = weight.double() @ offset + bias.double()
    vectors = torch.randn(50, 32, generator=torch.Generator().manual_seed(1))
    wanted = (vectors.double() @ product.T + offset).squeeze(-1)
    assert torch.allclose(head(vectors).double(), wanted, atol=1e-5)


def test_forgetting_to_normalise_would_multiply_the_spread(
    models: Models, loaded: Load, head: RegressionHead
) -> None:
    (column,) = score(loaded("aesthetic"))
    lengths = [float(references.embedded(models.large, image).norm()) for image in IMAGES]
    forgotten = [float(head(references.embedded(models.large, image))[0]) for image in IMAGES]
    offset = float(head(references.embedded(models.large, IMAGES[0]) * 0)[0])
    for right, wrong, length in zip(raws(column), forgotten, lengths, strict=True):
        assert wrong - offset == pytest.approx((right - offset) * length, rel=1e-4)
    assert min(lengths) > 1.5, "so that the difference would be seen"


def test_another_file_than_the_one_that_is_trusted_is_refused(loaded: Load) -> None:
    with pytest.raises(Blocked, match="not the file that is wanted") as caught:
        loaded("aesthetic", aesthetic_sha256="0" * 64)
    assert caught.value.reason == "weights"


def test_a_head_of_other_layers_is_refused(tmp_path: Path) -> None:
    import torch

    torch.save({"layers.0.weight": torch.zeros(1, 32)}, tmp_path / "other.pth")
    with pytest.raises(Blocked, match="no head"):
        RegressionHead(load_tensors(tmp_path / "other.pth"), "other.pth")


def test_a_file_that_holds_code_is_refused_and_not_run(tmp_path: Path, loaded: Load) -> None:
    proof, file = tmp_path / "was-run", tmp_path / "head.pth"

    class Harmful:
        def __reduce__(self) -> tuple[object, tuple[Path]]:
            return Path.touch, (proof,)

    file.write_bytes(pickle.dumps({"layers.0.weight": Harmful()}, protocol=2))
    with pytest.raises(Blocked, match="holds code"):
        loaded("aesthetic", aesthetic=file, aesthetic_sha256=hash_of(file))
    assert not proof.exists()
