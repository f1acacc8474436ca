"""Loading of transformers models from a folder: fetches nothing, runs no code of a model."""

import importlib
from pathlib import Path
from typing import Any, Literal

from engine.contract.errors import Blocked

Kind = Literal[
    "CLIPModel", "AutoModel", "AutoModelForImageTextToText", "AutoProcessor", "AutoTokenizer"
]


def pretrained(kind: Kind, folder: Path, **options: Any) -> Any:
    """Return a model (with `dtype` among the options), a processor or a tokenizer.

    Args:
        kind: Class of transformers that loads it.
        folder: Its folder.
        **options: Further options of `from_pretrained`.

    Raises:
        Blocked: The folder's content cannot be loaded without running its code.
    """
    transformers: Any = importlib.import_module("transformers")
    if "dtype" in options:
        options["use_safetensors"] = True
    try:
        return getattr(transformers, kind).from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, **options
        )
    except (OSError, ValueError, KeyError) as error:
        raise Blocked(
            f"The model in {folder.name} cannot be loaded as {kind}: it is incomplete, not in the "
            f"safetensors format, or brings code of its own ({type(error).__name__}).",
            reason="weights",
            remedy="Choose another model, or fetch it again with safelight models pull.",
        ) from error
