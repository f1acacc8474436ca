"""Messages between processes as bytes: reading them creates plain data and runs nothing.

Hosts run large libraries on files from outside, and may be on other machines, so neither side
believes the other. Bytes are msgpack, which knows no code. A list that opens with a mark stands for
what msgpack has no type for: tuples, sets, complex numbers, large integers, numpy arrays, and
messages with their fields, whose types and ranges are checked.

Plain data are None, bool, int, float, complex, str, bytes, lists, tuples, sets, frozensets and
dicts of these, and numpy arrays and scalars of numbers. A bytearray arrives as bytes.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Annotated, Any, cast, get_args, get_type_hints

import msgpack
import numpy as np
from annotated_types import Ge, Gt, Le
from pydantic import TypeAdapter, ValidationError

from engine.contract.errors import (
    Blocked,
    OutcomeUnknown,
    ParkReason,
    Permanent,
    Pressure,
    Retryable,
    StepError,
    restored_error,
)
from engine.contract.model_host import ModelKey
from engine.models.hosts import far_messages, messages
from engine.text.terminal import clean

Fetch = Callable[[bytes], bytes]
"""Return the bytes with a digest; raise `KeyError` if they are not there."""

MAX_TEXT = 20_000
MAX_COST = 10**12
"""Maximum cost of a failure in micro-dollars."""
MAX_WAIT = 7 * 86_400.0
"""Maximum seconds that a failure asks to wait."""
_MARK, _BLOB = 1, 2
_TUPLE, _SET, _FROZENSET, _COMPLEX, _INT, _ARRAY, _SCALAR, _MESSAGE = range(8)
_NUMBERS = "biufc"
_KINDS: dict[str, type[StepError]] = {
    kind.__name__: kind for kind in (StepError, Retryable, Permanent, Blocked, OutcomeUnknown)
}
_PARTS = (ModelKey, messages.ModelUsage, *get_args(messages.TaskReply))
_FAR_PARTS = (*_PARTS, messages.WorkerOptions, far_messages.FarDevice)
_MESSAGES = (*_FAR_PARTS, *get_args(far_messages.FarCommand), *get_args(far_messages.FarReport))

Known = Mapping[str, Any]


def _known(*kinds: type[Any]) -> Known:
    return {kind.__name__: kind for kind in kinds}


_COMMANDS = _known(*_PARTS, *get_args(messages.HostCommand))
_REPORTS = _known(*_PARTS, *get_args(messages.HostReport))
_FAR_COMMANDS = _known(*_FAR_PARTS, *get_args(far_messages.FarCommand))
_FAR_REPORTS = _known(*_FAR_PARTS, *get_args(far_messages.FarReport))
_FIELDS: dict[Any, tuple[str, ...]] = {
    kind: tuple(field.name for field in fields(kind)) for kind in set(_MESSAGES)
}


class NotPlainData(Exception):
    """A value is not plain data, or bytes are not what they should be; the message says why."""


class _Mark(int):
    """First item of a list that stands for something else."""


# -- plain data -----------------------------------------------------------------------------------


def pack(value: Any) -> bytes:
    """Return plain data as bytes.

    Raises:
        NotPlainData: It holds anything else.
    """
    return _pack(value, _encoded)


def unpack(data: bytes, fetch: Fetch | None = None) -> Any:
    """Return plain data.

    Args:
        data: What `pack` or `pack_around` returned.
        fetch: Source of the bytes that were left out.

    Raises:
        NotPlainData: It is not such data, or bytes that were left out are not there.
    """
    return _unpack(data, _decoded, fetch)


def pack_around(value: Any, leave_out: Callable[[bytes], bytes | None]) -> bytes:
    """Return plain data as bytes, without the large ones in it.

    Args:
        value: The data.
        leave_out: Returns a digest that stands for some bytes, None to keep them.

    Raises:
        NotPlainData: It holds anything else.
    """
    return _pack(_thinned(value, leave_out), _encoded)


def _pack(value: Any, encode: Callable[[Any], Any]) -> bytes:
    try:
        return cast(
            "bytes",
            msgpack.packb(value, default=encode, strict_types=True, unicode_errors="surrogatepass"),
        )
    except NotPlainData:
        raise
    except Exception as error:  # too deep, too large, in a circle
        raise NotPlainData(f"a {type(value).__name__} is not plain data: {error}") from error


def _unpack(
    data: bytes | bytearray, decode: Callable[[list[Any]], Any], fetch: Fetch | None
) -> Any:
    def extension(code: int, content: bytes) -> Any:
        if code == _MARK and len(content) == 1:
            return _Mark(content[0])
        if code == _BLOB and fetch is not None:
            return fetch(content)
        raise NotPlainData(f"there is no extension {code}")

    try:
        return msgpack.unpackb(
            data,
            list_hook=decode,
            ext_hook=extension,
            strict_map_key=False,
            unicode_errors="surrogatepass",
        )
    except NotPlainData:
        raise
    except Exception as error:  # damaged bytes raise all kinds of errors
        raise NotPlainData(f"it cannot be read: {error}"[:500]) from error


def _marked(mark: int, *items: Any) -> list[Any]:
    return [msgpack.ExtType(_MARK, bytes([mark])), *items]


def _encoded(value: Any) -> Any:
    """Return what stands for a value that msgpack has no type for."""
    kind = type(value)
    if kind is tuple:
        return _marked(_TUPLE, *value)
    if kind in (set, frozenset):
        return _marked(_SET if kind is set else _FROZENSET, *value)
    if kind is complex:
        return _marked(_COMPLEX, value.real, value.imag)
    if kind is int:
        size = value.bit_length() // 8 + 1
        return _marked(_INT, value.to_bytes(size, "little", signed=True))
    if kind is np.ndarray and value.dtype.kind in _NUMBERS:
        return _marked(_ARRAY, value.dtype.str, list(value.shape), value.tobytes())
    if isinstance(value, np.generic) and value.dtype.kind in _NUMBERS:
        return _marked(_SCALAR, value.dtype.str, value.tobytes())
    raise NotPlainData(f"a {kind.__name__} is not plain data")


def _decoded(items: list[Any]) -> Any:
    """Return what a list stands for."""
    if not items or type(items[0]) is not _Mark:
        return items
    match items[0], items[1:]:
        case 0, rest:
            return tuple(rest)
        case 1, rest:
            return set(rest)
        case 2, rest:
            return frozenset(rest)
        case 3, [float() as real, float() as imaginary]:
            return complex(real, imaginary)
        case 4, [bytes() as data]:
            return int.from_bytes(data, "little", signed=True)
        case 5, [str() as dtype, list() as shape, bytes() as data]:
            return np.frombuffer(data, _number_type(dtype)).reshape(shape).copy()
        case 6, [str() as dtype, bytes() as data]:
            return np.frombuffer(data, _number_type(dtype), count=1)[0]
    raise NotPlainData(f"there is no mark {items[0]:d} of this form")


def _number_type(name: str) -> "np.dtype[Any]":
    if len(name) > 5 or name[1:2] not in _NUMBERS:
        raise NotPlainData("an array is not of numbers")
    return np.dtype(name)


def _thinned(value: Any, leave_out: Callable[[bytes], bytes | None]) -> Any:
    """Return data with digests in place of bytes that are left out."""

    def thin(part: Any) -> Any:
        kind = type(part)
        if kind in (bytes, bytearray):
            digest = leave_out(bytes(part))
            return part if digest is None else msgpack.ExtType(_BLOB, digest)
        if kind in (list, tuple):
            return kind(thin(item) for item in part)
        if kind is dict:
            return {key: thin(item) for key, item in part.items()}
        if kind is np.ndarray:
            *start, data = _encoded(part)
            return [*start, thin(data)]
        return part

    try:
        return thin(value)
    except RecursionError:
        raise NotPlainData(f"a {type(value).__name__} is nested too deeply") from None


# -- messages -------------------------------------------------------------------------------------


def pack_message(message: "far_messages.FarCommand | far_messages.FarReport") -> bytes:
    """Return a message as bytes."""
    return _pack(message, _encoded_message)


def unpack_command(data: bytes) -> messages.HostCommand:
    """Return a command to a host.

    Raises:
        NotPlainData: It is not a command.
    """
    return cast("messages.HostCommand", _message(data, _COMMANDS, messages.HostCommand))


def unpack_report(data: bytes | bytearray) -> messages.HostReport:
    """Return a host's report.

    Raises:
        NotPlainData: It is not a report.
    """
    return cast("messages.HostReport", _message(data, _REPORTS, messages.HostReport))


def unpack_far_command(data: bytes) -> far_messages.FarCommand:
    """Return a command to a host on another machine.

    Raises:
        NotPlainData: It is not a command.
    """
    command = _message(data, _FAR_COMMANDS, far_messages.FarCommand)
    return cast("far_messages.FarCommand", command)


def unpack_far_report(data: bytes) -> far_messages.FarReport:
    """Return a report of a host on another machine.

    Raises:
        NotPlainData: It is not a report.
    """
    return cast("far_messages.FarReport", _message(data, _FAR_REPORTS, far_messages.FarReport))


def _message(data: bytes | bytearray, known: Known, kinds: Any) -> Any:
    message = _unpack(data, functools.partial(_decoded_message, known), None)
    if not isinstance(message, kinds):
        raise NotPlainData(f"a {type(message).__name__} is not a message")
    return message


def _encoded_message(value: Any) -> Any:
    names = _FIELDS.get(type(value))
    if names is None:
        return _encoded(value)
    return _marked(_MESSAGE, type(value).__name__, *(getattr(value, name) for name in names))


def _decoded_message(known: Known, items: list[Any]) -> Any:
    if not items or items[0] != _MESSAGE or type(items[0]) is not _Mark:
        return _decoded(items)
    kind = known.get(items[1]) if len(items) > 1 and isinstance(items[1], str) else None
    if kind is None:
        raise NotPlainData("it is not a known message")
    try:
        return kind(*_fields_adapter(kind).validate_python(tuple(items[2:]), strict=True))
    except ValidationError as error:
        raise NotPlainData(f"{kind.__name__}: {_first(error)}") from error


@functools.cache
def _fields_adapter(kind: Any) -> TypeAdapter[Any]:
    hints = get_type_hints(kind, include_extras=True)
    types: Any = tuple[tuple(hints[name] for name in _FIELDS[kind])]  # type: ignore[misc]
    return TypeAdapter(types)


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _first(error: ValidationError) -> str:
    detail = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}"


# -- failures of tasks ----------------------------------------------------------------------------


_ERROR_FIELDS: dict[str, Any] = {
    "message": str,
    "remedy": str,
    "cost": Annotated[int, Ge(0), Le(MAX_COST)],
    "lacks_device": bool,
    "retry_after": Annotated[float, Ge(0), Le(MAX_WAIT)] | None,
    "resubmit": bool,
    "pressure": Pressure | None,
    "parks": ParkReason | None,
    "allowed": Annotated[float, Gt(0), Le(1e9)] | None,
    "uncertain": bool,
    "keeps_call": bool,
    "reason": ParkReason,
    "lane": str | None,
}
"""Fields of our errors, with the types and ranges that they may have."""


def pack_error(error: StepError) -> bytes:
    """Return a failure as bytes; a third party's subclass is reduced to our own base class."""
    kind = next((kind for kind in (*_KINDS.values(),)[1:] if isinstance(error, kind)), Permanent)
    known = {name: value for name, value in vars(error).items() if name in _ERROR_FIELDS}
    return pack([kind.__name__, known])


def unpack_error(data: bytes) -> StepError:
    """Return a task's failure.

    Raises:
        NotPlainData: It is not a failure.
    """
    match unpack(data):
        case [str() as name, dict() as values] if name in _KINDS:
            known = {field: _checked(field, value) for field, value in values.items()}
        case other:
            raise NotPlainData(f"a {type(other).__name__} is not a failure")
    for text in ("message", "remedy"):
        known[text] = clean(known.get(text, ""), MAX_TEXT, keep_newlines=True)
    return restored_error(_KINDS[name], known["message"], known)


def _checked(field: str, value: Any) -> Any:
    if field not in _ERROR_FIELDS:
        raise NotPlainData("a failure has an unknown field")
    try:
        return _adapter(_ERROR_FIELDS[field]).validate_python(value, strict=True)
    except ValidationError as error:
        raise NotPlainData(f"{field}: {_first(error)}") from error
