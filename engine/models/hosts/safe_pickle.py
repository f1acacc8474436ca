"""Pickles between processes: reading them creates plain data and runs nothing.

Hosts run large libraries on files from outside. Their messages are read by an unpickler that knows
plain data, our own messages and our own errors, and refuses every other name, so that nothing a
host sends can run code in the engine, which holds the store and the keys.
"""

import io
import pickle
from typing import Any

from engine.contract import errors
from engine.contract.errors import (
    Blocked,
    OutcomeUnknown,
    Permanent,
    Retryable,
    StepError,
    restored_error,
)
from engine.contract.model_host import ModelKey
from engine.models.hosts import messages

PROTOCOL = 5

_DATA: dict[tuple[str, str], Any] = {
    ("builtins", kind.__name__): kind for kind in (set, frozenset, bytearray, complex)
}
_ERRORS: dict[tuple[str, str], Any] = {
    (errors.__name__, class_.__name__): class_
    for class_ in (StepError, Retryable, Permanent, Blocked, OutcomeUnknown, restored_error)
}
_MESSAGES: dict[tuple[str, str], Any] = {
    (ModelKey.__module__, "ModelKey"): ModelKey,
    **{
        (messages.__name__, kind.__name__): kind
        for kind in (
            messages.HostReady,
            messages.ModelUsage,
            messages.LoadedModels,
            messages.TaskSuccess,
            messages.TaskRefused,
            messages.TaskBug,
            messages.TaskAbandoned,
            messages.ModelLoaded,
            messages.ModelLoadFailed,
            messages.BatchDone,
            messages.TaskProgress,
            messages.TaskPreview,
            messages.LogLine,
        )
    },
}


class UnsafePickle(Exception):
    """A value is not plain data; the message names it."""


class _Reader(pickle.Unpickler):
    def __init__(self, data: bytes, known: dict[tuple[str, str], Any]) -> None:
        super().__init__(io.BytesIO(data))
        self._known = known

    def find_class(self, module: str, name: str) -> Any:
        """Unpickler that resolves known names only."""
        try:
            return self._known[module, name]
        except KeyError:
            raise UnsafePickle(f"{module}.{name} is not plain data") from None


def pack(value: Any) -> bytes:
    """Pickle a value.

    Raises:
        UnsafePickle: It cannot be pickled.
    """
    try:
        return pickle.dumps(value, PROTOCOL)
    except Exception as error:  # a __reduce__ may raise anything
        raise UnsafePickle(f"a {type(value).__name__} cannot be pickled: {error}") from error


def unpack_payload(data: bytes) -> Any:
    """Return a task's input; read in hosts only, which accept input from their engine only."""
    return pickle.loads(data)  # noqa: S301 - from our own process, over its own pipe


def unpack_answer(data: bytes) -> Any:
    """Return a task's answer.

    Raises:
        UnsafePickle: It holds anything but plain data.
    """
    return _read(data, _DATA)


def unpack_error(data: bytes) -> StepError:
    """Return a task's failure.

    Raises:
        UnsafePickle: It is not a failure.
    """
    error = _read(data, _DATA | _ERRORS)
    if not isinstance(error, StepError):
        raise UnsafePickle(f"a {type(error).__name__} is no failure")
    return error


def unpack_report(data: bytes) -> messages.HostReport:
    """Return a host's report.

    Raises:
        UnsafePickle: It is not a report.
    """
    report = _read(data, _MESSAGES)
    if not isinstance(report, messages.HostReport):
        raise UnsafePickle(f"a {type(report).__name__} is no report")
    return report


def _read(data: bytes, known: dict[tuple[str, str], Any]) -> Any:
    try:
        return _Reader(data, known).load()
    except UnsafePickle:
        raise
    except Exception as error:  # damaged bytes raise all kinds of errors
        raise UnsafePickle(f"it cannot be read: {error}") from error


def pack_error(error: StepError) -> bytes:
    """Pickle a failure; a third party's subclass is reduced to our own base class."""
    kinds = (Retryable, Permanent, Blocked, OutcomeUnknown)
    kind = next((kind for kind in kinds if isinstance(error, kind)), Permanent)
    if type(error) in kinds:
        return pack(error)
    plain = (str, int, float, bool, type(None))
    fields = {name: value for name, value in vars(error).items() if isinstance(value, plain)}
    return pack(restored_error(kind, error.message, fields))
