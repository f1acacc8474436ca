"""Steps that a recipe computes itself: in the engine's process, or in its process pool.

They cost nothing and need nothing, and are steps all the same: their results are stored, shown and
never computed twice.
"""

import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, get_type_hints
from weakref import WeakKeyDictionary

from engine.contract import BackendInfo, BaseBackend, Call, CallContext, Limits, Request, Result

_LOCAL = "local"
"""In place of a capability: no other backend can stand in for a recipe."""


class LocalExecutor(BaseBackend):
    """A recipe as the executor of its own computations.

    Args:
        name: The recipe's name; part of the fingerprints. The lane has the same.
        model: Name of the method; part of the fingerprints.
        version: Version of the function; part of the fingerprints.
    """

    def __init__(self, name: str, model: str, version: str) -> None:
        self.info = BackendInfo(
            name=name,
            capability=_LOCAL,
            model=model,
            version=version,
            lane=name,
            limits=Limits(concurrency=0),
        )


def author_of(call: Call[Any]) -> str:
    """Return the component that may be at fault besides Safelight, for example `a backend`."""
    return "a recipe" if isinstance(call.backend, LocalExecutor) else "a backend"


def local_call(
    executor: LocalExecutor, function: Callable[..., Any], request: Request
) -> Call[Any]:
    """Describe a computation in the engine's process.

    Args:
        executor: The recipe.
        function: A quick function of the request, or a coroutine function of the request and a
            `CallContext`; its return annotation names the result's model.
        request: What it is given.

    Raises:
        TypeError: The function does not say what model it returns.
    """
    operation, result_type = _operation_of(function), _result_type_of(function)
    return Call(executor, operation, request, result_type, perform=partial(_in_process, function))


def pool_call(executor: LocalExecutor, function: Callable[..., Any], request: Request) -> Call[Any]:
    """Describe a computation in the process pool.

    Args:
        executor: The recipe.
        function: A function at the top of a module; its return annotation names the result's model.
        request: What it is given.

    Raises:
        TypeError: The function does not say what model it returns.
    """
    operation, result_type = _operation_of(function), _result_type_of(function)
    return Call(executor, operation, request, result_type, perform=partial(_in_pool, function))


async def _in_process(
    function: Callable[..., Any], _executor: LocalExecutor, request: Request, context: CallContext
) -> Any:
    if inspect.iscoroutinefunction(function):
        return await function(request, context)
    return function(request)


def _in_pool(
    function: Callable[..., Any], _executor: LocalExecutor, request: Request, context: CallContext
) -> Awaitable[Any]:
    return context.compute(function, request)


def _operation_of(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__name__", type(function).__name__))


_RESULT_TYPES: WeakKeyDictionary[Callable[..., Any], type[Result]] = WeakKeyDictionary()
"""Result of each function; a closure goes with the data that it holds."""


def _result_type_of(function: Callable[..., Any]) -> type[Result]:
    known = _RESULT_TYPES.get(function)
    if known is None:
        known = _RESULT_TYPES[function] = _read_result_type(function)
    return known


def _read_result_type(function: Callable[..., Any]) -> type[Result]:
    annotation = get_type_hints(function).get("return")
    if not (isinstance(annotation, type) and issubclass(annotation, Result)):
        name = f"{function.__module__}.{_operation_of(function)}"
        raise TypeError(f"{name} must be annotated with the Result that it returns.")
    return annotation
