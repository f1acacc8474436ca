"""Errors of model libraries as operators read them."""

import pytest

from engine.contract import Blocked, Permanent
from engine.models.failures import loading


@pytest.mark.parametrize(
    "message",
    [
        "Failed to import transformers.models.t5 because of the following error",
        "operator torchvision::nms does not exist",  # torch and torchvision of different builds
    ],
)
def test_a_package_that_does_not_fit_the_others_is_no_fault_of_the_model(message: str) -> None:
    with pytest.raises(Blocked) as caught, loading("the model x", "Fetch it."):
        raise RuntimeError(message)
    assert caught.value.reason == "backend"
    assert caught.value.remedy.startswith("Run: ")


def test_other_errors_are_of_a_model_of_another_kind() -> None:
    with pytest.raises(Permanent, match="shapes do not fit"), loading("the model x", "Fetch it."):
        raise RuntimeError("shapes do not fit")
