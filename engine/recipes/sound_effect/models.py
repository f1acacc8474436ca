"""Models of local backends, as the settings of a sound effect name them."""

from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

MODELS = {
    "checkpoint": frozenset({"stable-audio"}),
    "config": frozenset({"stable-audio"}),
    "loras": frozenset({"stable-audio", "diffusers"}),
    "device": frozenset({"stable-audio", "diffusers"}),
}
"""Settings, and the backends that use each."""


def absolute(value: Any) -> Any:
    """Return the source of a file with an absolute path, since an engine works elsewhere.

    Args:
        value: A path, `org/name:file` of the hub, which stays as it is, or nothing.
    """
    if value is None or not str(value).strip():
        return None
    text = str(value).strip()
    if ":" in text and not text.startswith(("/", ".", "~")):
        return text
    return str(Path(text).expanduser().absolute())


def file_name(source: str | None) -> str:
    """Return the name of a file without its folder; empty for nothing."""
    return PurePath((source or "").rpartition(":")[2]).name


def absolute_loras(value: Any) -> Any:
    """Return LoRAs with absolute paths; several may be separated by commas.

    Args:
        value: `FILE` or `FILE*WEIGHT`, or a list of them.
    """
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        return value
    return tuple(_lora(str(part)) for part in parts if str(part).strip())


def _lora(text: str) -> str:
    source, star, weight = text.rpartition("*")
    return f"{absolute(source)}*{weight.strip()}" if star else str(absolute(text))


def backend_settings(
    *, checkpoint: str | None, config: str | None, loras: Sequence[str], device: str
) -> dict[str, dict[str, Any]]:
    """Return the settings of local backends, by the backend's name, without those not given."""
    named = {"checkpoint": checkpoint, "config": config, "loras": list(loras)}
    place = {} if device == "auto" else {"device": device}
    return {
        "stable-audio": {name: value for name, value in named.items() if value} | place,
        "diffusers": ({"audio_loras": list(loras)} if loras else {}) | place,
    }
