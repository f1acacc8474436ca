"""Loads models of transformers from a folder: nothing is fetched, no code of a model is run."""

import importlib
from pathlib import Path
from typing import Any, Literal

from engine.contract.errors import Blocked

Kind = Literal["CLIPModel", "AutoModelForImageTextToText", "AutoProcessor", "AutoTokenizer"]


def pretrained(kind: Kind, folder: Path, **options: Any) -> Any:
    """A model, with `dtype` among the options, or a processor or tokenizer.

    Args:
        kind: Class of transformers that loads it.
        folder: Where it is.
        **options: More for `from_pretrained`.

    Raises:
        Blocked: What is in the folder cannot be loaded without running code of it.
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
