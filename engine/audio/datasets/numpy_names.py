"""The globals that pickles of NumPy's arrays name, each built by hand; nothing is imported."""

import re
from typing import Any

from engine.audio.datasets.values import Array, Blob, Name, Text, TypeBox
from engine.audio.sound import SoundError
from engine.text.terminal import quoted

_MODULES = ("numpy.core.", "numpy._core.")
_ROLES = {
    "numpy.ndarray": "ndarray",
    "numpy.dtype": "dtype",
    "_codecs.encode": "encode",
    "builtins.bytes": "bytes",
    "__builtin__.bytes": "bytes",
    "collections.OrderedDict": "dict",
    **{f"{module}multiarray._reconstruct": "reconstruct" for module in _MODULES},
    **{f"{module}multiarray.scalar": "scalar" for module in _MODULES},
    **{f"{module}numeric._frombuffer": "frombuffer" for module in _MODULES},
}
_MAX_DIMENSIONS = 8


def named(module: str, name: str) -> Name:
    """Return what a global stands for.

    Raises:
        SoundError: It is none of those that arrays need.
    """
    role = _ROLES.get(f"{module}.{name}")
    if role is None or "." in name:
        asked = quoted(f"{module}.{name}")
        raise SoundError(f"asks for {asked}, and no dataset of sounds needs that; it was not run")
    return Name(role)


def call(function: Any, arguments: Any) -> Any:
    """Return what a global yields for its arguments.

    Raises:
        SoundError: It is no function of arrays, or the arguments are not those of an array.
    """
    role = function.role if isinstance(function, Name) else ""
    builder = _BUILDERS.get(role)
    if builder is None or not isinstance(arguments, tuple):
        raise SoundError("calls something that is no part of an array; it was not run")
    try:
        return builder(*arguments)
    except (TypeError, ValueError, OverflowError) as error:
        if isinstance(error, SoundError):
            raise
        raise SoundError("holds an array that cannot be understood") from None


def build(target: Any, state: Any) -> None:
    """Complete an array or an element type by its state.

    Raises:
        SoundError: The target is neither, or the state is not one of NumPy's.
    """
    if not isinstance(state, tuple):
        raise SoundError("sets the state of something that is no array")
    try:
        if isinstance(target, Array):
            _, shape, box, fortran, data = state
            _fill(target, data, box, shape, bool(fortran))
        elif isinstance(target, TypeBox):
            _complete(target, state)
        else:
            raise SoundError("sets the state of something that is no array")
    except (TypeError, ValueError, KeyError, IndexError) as error:
        if isinstance(error, SoundError):
            raise
        raise SoundError("holds an array that cannot be understood") from None


def _shape(value: Any) -> tuple[int, ...]:
    right = isinstance(value, tuple) and len(value) <= _MAX_DIMENSIONS
    if not right or not all(type(n) is int and 0 <= n < 1 << 40 for n in value):
        raise SoundError("holds an array of an impossible shape")
    shape: tuple[int, ...] = value
    return shape


def _fill(array: Array, data: Any, box: Any, shape: Any, fortran: bool) -> Array:
    if not isinstance(box, TypeBox):
        raise SoundError("holds an array without an element type")
    array.dtype, array.shape, array.fortran, array.data = box.dtype, _shape(shape), fortran, data
    return array


def _element_type(code: Any, *_: Any) -> TypeBox:
    import numpy as np

    if not isinstance(code, str) or not re.fullmatch(r"[<>=|]?[biufcSUVOMm?]\d{0,6}", code):
        raise SoundError("holds an array of an unknown element type")
    return TypeBox(np.dtype(code))


def _complete(box: TypeBox, state: tuple[Any, ...]) -> None:
    import numpy as np

    order, names, fields, size = state[1], state[3], state[4], state[5]
    if names is not None:
        parts = [fields[name] for name in names]
        formats = [part[0].dtype for part in parts]
        offsets = [int(part[1]) for part in parts]
        spelled = [str(name) for name in names]
        box.dtype = np.dtype(
            {"names": spelled, "formats": formats, "offsets": offsets, "itemsize": int(size)}
        )
    elif order in ("<", ">", "="):
        box.dtype = box.dtype.newbyteorder(order)


def _from_buffer(data: Any, box: Any, shape: Any, order: Any) -> Array:
    return _fill(Array(), data, box, shape, order == "F")


def _scalar(box: Any, data: Any) -> Any:
    import numpy as np

    if not isinstance(box, TypeBox) or not isinstance(data, bytes) or box.dtype.hasobject:
        raise SoundError("holds a number that cannot be understood")
    if len(data) != box.dtype.itemsize:
        raise SoundError("holds a number that does not fit its bytes")
    if box.dtype.kind == "U":  # NumPy does not check that these are characters
        encoding = "utf-32-be" if box.dtype.byteorder == ">" else "utf-32-le"
        return data.decode(encoding, "replace").rstrip("\0")
    return np.frombuffer(data, box.dtype)[0].item()


def _encode(text: Any, encoding: Any) -> bytes | Blob:
    if encoding not in ("latin1", "latin-1"):
        raise SoundError("encodes text in another way than arrays do")
    if isinstance(text, Text):
        return Blob(text.offset, text.length, encoded=True)
    if not isinstance(text, str):
        raise SoundError("encodes something that is no text")
    return text.encode("latin-1")


def _empty_bytes() -> bytes:
    return b""


def _empty_dict() -> dict[Any, Any]:
    return {}


_BUILDERS: dict[str, Any] = {
    "reconstruct": lambda *_: Array(),
    "dtype": _element_type,
    "frombuffer": _from_buffer,
    "scalar": _scalar,
    "encode": _encode,
    "bytes": _empty_bytes,
    "dict": _empty_dict,
}
