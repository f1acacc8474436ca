"""The library of pipelines, and what all loaders of them share.

Nothing is fetched and no code of a model is run.
"""

from typing import Any

from engine.models.diffusion.options import Precision
from engine.models.weights import RequiredWeights
from engine.models.weights.finding import remedy

SAFE: dict[str, Any] = {"use_safetensors": True, "local_files_only": True}
"""Options of every `from_pretrained`."""


def precision(dtype: Precision, device: str) -> Any:
    """Return torch's type of the numbers that a model computes with.

    `auto` is bfloat16 on a CUDA or ROCm device that supports it, float16 on others and on Apple's,
    float32 on a processor.
    """
    import torch

    named = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}
    if dtype != "auto":
        return named[dtype]
    if device.startswith("cuda"):
        computes = torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if computes else torch.float16
    return torch.float16 if device.startswith("mps") else torch.float32


def library() -> Any:
    """Return the library, whose loaders have no types."""
    import diffusers

    return diffusers


def quiet() -> None:
    """Silence progress bars and advice for notebooks, which do not belong in a host's log."""
    import transformers

    for one in (library(), transformers):
        one.utils.logging.disable_progress_bar()
        one.utils.logging.set_verbosity_error()


def mend(wanted: RequiredWeights) -> str:
    """Return the remedy for weights that are missing or broken."""
    return f"{remedy(wanted)} Then resume."
