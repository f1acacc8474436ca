"""Load tensors from a file without running code that it may hold. Imports torch when called."""

from pathlib import Path
from typing import Any

from engine.contract.errors import Blocked
from engine.text.terminal import clean

_KEYS = ("state_dict", "model")
"""Keys under which checkpoints of training runs keep the tensors."""


def load_tensors(path: Path) -> dict[str, Any]:
    """Return the tensors of a `.safetensors` file, or of one that torch saved, on the CPU.

    Files of torch are read with `weights_only=True`: tensors and plain containers, nothing else.

    Raises:
        Blocked: The file is damaged, or holds more than tensors.
    """
    try:
        tensors = _read(path)
    except Exception as error:
        raise Blocked(
            f"{path.name} cannot be loaded as weights: it is damaged, or it holds code beside "
            f"tensors ({type(error).__name__}).",
            reason="weights",
            remedy="Use the file that its authors published, or one in the safetensors format.",
        ) from error
    for key in _KEYS:
        if isinstance(tensors.get(key), dict):
            tensors = tensors[key]
    return {str(name): tensor for name, tensor in tensors.items()}


def fill(model: Any, tensors: dict[str, Any], name: str) -> None:
    """Load weights into a model.

    Args:
        model: A module of torch.
        tensors: All of its weights.
        name: Name of their file, for errors.

    Raises:
        Blocked: They belong to another model.
    """
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise wrong_parts(name, str(error).splitlines()[0]) from error


def wrong_parts(name: str, what: str) -> Blocked:
    """Return an error: a file holds the weights of another model than the loaded one."""
    return Blocked(
        f"{name} holds the weights of another model: {clean(what, 120)}.",
        reason="weights",
        remedy="Use the file that its authors published.",
    )


def _read(path: Path) -> dict[str, Any]:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return dict(load_file(path))
    import torch

    state = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(state, dict):
        raise TypeError(type(state).__name__)
    return state
