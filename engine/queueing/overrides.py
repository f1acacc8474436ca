"""Settings from `--set`, divided by owner."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from engine.contract.fields import Seed
from engine.text.errors import UserError
from engine.text.terminal import clean


class QueueError(UserError):
    """A batch cannot be queued as requested; the message has the remedy."""


class SettingError(QueueError):
    """A setting of a recipe is unknown or wrong.

    Args:
        message: Description of the error.
        setting: Name of the setting, with dots for a nested one; empty for several together.
    """

    def __init__(self, message: str, setting: str) -> None:
        super().__init__(message)
        self.setting = setting


def sort_overrides(
    overrides: Mapping[str, Any],
) -> tuple[int | None, dict[str, Any], dict[str, dict[str, Any]]]:
    """Divide `--set` into the batch's seed, recipe settings, and settings of backends by name."""
    seed: int | None = None
    own: dict[str, Any] = {}
    of_backends: dict[str, dict[str, Any]] = {}
    for key, value in overrides.items():
        if key == "seed":
            seed = _seed(value)
        elif "." in key:
            name, *inner = key.split(".")
            _put(of_backends.setdefault(name, {}), key, inner, value)
        else:
            own[key] = value
    return seed, own, of_backends


def _put(settings: dict[str, Any], key: str, inner: list[str], value: Any) -> None:
    """Set a backend's setting, or one entry of a setting with entries (`slots.prompt`)."""
    *tables, last = inner
    for name in tables:
        found = settings.setdefault(name, {})
        if not isinstance(found, dict):
            raise QueueError(f"--set {key} is an entry of {name!r}, which is set as a whole too.")
        settings = found
    if last in settings:
        raise QueueError(f"--set {key} is set as a whole and by its entries.")
    settings[last] = value


def merged(settings: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings overridden by others, entry by entry if both have entries."""
    found = dict(settings)
    for name, value in over.items():
        known = found.get(name)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            found[name] = merged(known, value)
        else:
            found[name] = value
    return found


def _seed(value: Any) -> int | None:
    """Return the batch's seed, None for a random one.

    Raises:
        QueueError: It is not a seed.
    """
    try:
        seed: int | None = TypeAdapter(Seed).validate_python(value)
    except ValidationError:
        raise QueueError(
            f"Setting seed: {clean(str(value), 40)} is not a seed; use 0 to 2**63 - 1, or -1 for a "
            "random one."
        ) from None
    return seed
