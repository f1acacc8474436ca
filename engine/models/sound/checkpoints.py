"""Checkpoints of sound models: a whole model, or a LoRA, distinguished without loading them."""

import json
import zipfile
from pathlib import Path
from typing import Literal

from engine.models.weights.content import is_safetensors

SUFFIXES = (".ckpt", ".pt", ".pth", ".safetensors")
"""Endings of checkpoints."""

MAX_NAMES = 64 << 20
"""Bytes with the names of tensors that are looked at."""

_LORA = b"lora_down.weight"
_PICKLE = b"\x80\x02"
"""Start of what torch saved before its files were archives."""

Layout = Literal["model", "lora"]


def layout_of(path: Path) -> Layout | None:
    """Return the layout of a checkpoint by the names of its tensors; nothing in it is run.

    Args:
        path: A `.safetensors` file, or one that torch saved.

    Returns:
        None if it is neither, or is not readable.
    """
    try:
        names = _names(path)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return None
    if names is None:
        return None
    return "lora" if _LORA in names else "model"


def problem_of(path: Path) -> str:
    """Return why a file holds no weights, as the end of a sentence; empty if it looks like some.

    Args:
        path: A file that can be read.
    """
    if layout_of(path) is not None:
        return ""
    if path.suffix == ".safetensors":
        return "is damaged, or is not a file of the safetensors format"
    with path.open("rb") as stream:
        is_old = stream.read(len(_PICKLE)) == _PICKLE
    return "" if is_old else "is damaged, or is not a checkpoint that torch saved"


def _names(path: Path) -> bytes | None:
    """Return bytes that hold the names of all tensors: a header, or a pickle that is not read."""
    if path.suffix == ".safetensors":
        if not is_safetensors(path):
            return None
        with path.open("rb") as stream:
            size = int.from_bytes(stream.read(8), "little")
            header = stream.read(min(size, MAX_NAMES))
        json.loads(header)
        return header
    with zipfile.ZipFile(path) as archive:
        name = next((one for one in archive.namelist() if one.endswith("/data.pkl")), None)
        if name is None:
            return None
        with archive.open(name) as stream:
            return stream.read(MAX_NAMES)
