"""Settings that name backends: one, or several in the order in which they are asked."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator


def names_of(written: str) -> tuple[str, ...]:
    """Return the backends that a setting names, in order.

    Raises:
        ValueError: It names none, or one twice.
    """
    names = tuple(name.strip() for name in written.split(","))
    if not all(names):
        raise ValueError("name a backend, or several with a comma between")
    if len(set(names)) < len(names):
        raise ValueError("name each backend once")
    return names


def _joined(value: Any) -> Any:
    is_list = isinstance(value, list) and all(isinstance(name, str) for name in value)
    return ",".join(value) if is_list else value


def _none_if_empty(value: Any) -> Any:
    return None if isinstance(value, str) and value.strip().lower() in {"", "none"} else value


BackendNames = Annotated[
    str, BeforeValidator(_joined), AfterValidator(lambda text: ",".join(names_of(text)))
]
"""A setting that names a backend, or several in the order in which they are asked: `fal,comfyui`
or, in a file, `["fal", "comfyui"]`."""

OptionalBackend = Annotated[BackendNames | None, BeforeValidator(_none_if_empty)]
"""A setting of a capability that is not used by default; `none` switches it off."""
