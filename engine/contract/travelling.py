"""Functions of CPU-heavy steps that another machine may run too.

Such a function is pure: its result depends on its arguments only, which are plain data and the
contents of artifacts, and on the versions of the packages that it uses. It is named by its module
and its own name, both constants of our code, and never sent. What comes back is checked against
its return annotation.
"""

import functools
import importlib
from collections.abc import Callable
from typing import Any, TypeVar, cast, get_type_hints

from pydantic import TypeAdapter, ValidationError

F = TypeVar("F", bound=Callable[..., Any])

_ROOM = "engine."
"""Beginning of the names of modules whose functions may travel."""

_MARK = "__stays_with__"


def _never(*_args: Any) -> bool:
    return False


def travels(*, stays_with: Callable[..., bool] = _never) -> Callable[[F], F]:
    """Mark a function that another machine may run too.

    Args:
        stays_with: Returns whether the function has to run on the engine's machine with some
            arguments, which it gets in the same way.
    """

    def marked(function: F) -> F:
        setattr(function, _MARK, stays_with)
        return function

    return marked


def may_travel(function: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    """Return whether another machine may run a function with some arguments."""
    stays_with: Callable[..., bool] | None = getattr(function, _MARK, None)
    return stays_with is not None and not stays_with(*args)


def name_of(function: Callable[..., Any]) -> str:
    """Return the name by which a function is asked for, `module:function`."""
    return f"{function.__module__}:{function.__qualname__}"


@functools.lru_cache(maxsize=64)
def function_named(name: str) -> Callable[..., Any]:
    """Return the function that is asked for.

    Raises:
        LookupError: There is none that may travel; the end of a sentence.
    """
    module, _, attribute = name.partition(":")
    if not (module.startswith(_ROOM) and attribute.isidentifier()):
        raise LookupError("is not a function of Safelight")
    try:
        function = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError):
        raise LookupError("is not a function of this version of Safelight") from None
    if getattr(function, _MARK, None) is None or name_of(function) != name:
        raise LookupError("is not a function that travels")
    return cast("Callable[..., Any]", function)


def plain_result(function: Callable[..., Any], result: Any) -> Any:
    """Return a function's result as plain data."""
    return _adapter(function).dump_python(result)


def checked_result(function: Callable[..., Any], data: Any) -> Any:
    """Return a function's result from plain data.

    Raises:
        ValueError: It is not of the type that the function returns.
    """
    try:
        return _adapter(function).validate_python(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


@functools.lru_cache(maxsize=64)
def _adapter(function: Callable[..., Any]) -> TypeAdapter[Any]:
    return TypeAdapter(get_type_hints(function)["return"])
