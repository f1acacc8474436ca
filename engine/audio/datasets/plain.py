"""Plain data and samples from the values of a pickle."""

import contextlib
from typing import TYPE_CHECKING, Any, BinaryIO

from engine.audio.datasets.values import Array, Run
from engine.audio.sound import SoundError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_ITEMS = 1000
MAX_DEPTH = 6
MAX_CHANNELS = 32
MAX_FRAMES = 3600 * 192_000
INTEGER_SCALE = {"i1": 2**7, "i2": 2**15, "i4": 2**31, "i8": 2**15, "u1": 2**7, "u2": 2**15}


class _TooLarge(Exception):
    """A value that is no metadata, for its size or kind."""


def metadata(record: dict[Any, Any], audio: str) -> dict[str, Any]:
    """Return a record's small values as JSON holds them, all but its audio.

    Large values, arrays and anything nested more than six deep are left out.
    """
    known = {key: value for key, value in record.items() if isinstance(key, str) and key != audio}
    return _plain_items(known, [MAX_ITEMS], 0)


def _plain_items(record: dict[Any, Any], budget: list[int], depth: int) -> dict[str, Any]:
    """Return the items of a dict that are plain data, without the others."""
    kept = {}
    for key, value in record.items():
        with contextlib.suppress(_TooLarge):
            kept[str(key)] = _plain(value, budget, depth)
    return kept


def _plain(value: Any, budget: list[int], depth: int) -> Any:
    budget[0] -= 1
    if budget[0] < 0 or depth > MAX_DEPTH:
        raise _TooLarge
    if isinstance(value, dict):
        return _plain_items(value, budget, depth + 1)
    if isinstance(value, list | tuple):
        if len(value) > MAX_ITEMS:
            raise _TooLarge
        return [_plain(item, budget, depth + 1) for item in value]
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if value is None or isinstance(value, str | int):
        return value
    raise _TooLarge


def samples(value: Any, stream: BinaryIO) -> "NDArray[np.float32]":
    """Return sound as 32-bit floats, of shape (frames,) or (channels, frames).

    Integers are scaled to -1 to 1 by the range of their type; 64-bit ones count as 16-bit samples.

    Raises:
        SoundError: The value is no sound.
    """
    import numpy as np

    if isinstance(value, Array) and isinstance(value.data, list):
        value = value.data
    if isinstance(value, Array):
        return scaled(value.read(stream))
    if isinstance(value, list | tuple) and value:
        if isinstance(value[0], Array | list | tuple):
            if len(value) > MAX_CHANNELS:
                raise SoundError("has more channels than sounds have")
            parts = [_row(part, stream) for part in value]
            if len({part.size for part in parts}) > 1:
                raise SoundError("has channels of different lengths")
            return scaled(np.stack(parts))
        return scaled(_row(value, stream))
    raise SoundError("holds no sound: its audio is neither an array nor a list of numbers")


def _row(value: Any, stream: BinaryIO) -> "NDArray[Any]":
    import numpy as np

    if isinstance(value, Array):
        row = value.read(stream)
        if row.ndim != 1:
            raise SoundError("holds audio of more than two dimensions")
        return row
    if not isinstance(value, list | tuple):
        raise SoundError("holds audio that is not of numbers")
    pieces: list[Any] = []
    small: list[Any] = []
    for item in value:
        if isinstance(item, Run):
            pieces += [small, item.read(stream)]
            small = []
        elif isinstance(item, float | int):
            small.append(item)
        else:
            raise SoundError("holds audio that is not of numbers")
    pieces.append(small)
    filled = [np.asarray(piece) for piece in pieces if len(piece)]
    if not filled:
        raise SoundError("is empty")
    return np.concatenate(filled)


def scaled(numbers: "NDArray[Any]") -> "NDArray[np.float32]":
    """Return numbers as 32-bit floats, channels first.

    Raises:
        SoundError: They are not real numbers, or have no shape of a sound.
    """
    import numpy as np

    if numbers.dtype.kind not in "fiu":
        raise SoundError("holds audio that is not of real numbers")
    if numbers.ndim not in (1, 2):
        raise SoundError(f"holds audio of {numbers.ndim} dimensions, not one or two")
    if numbers.size == 0:
        raise SoundError("is empty")
    if numbers.ndim == 2 and numbers.shape[0] > numbers.shape[1]:
        numbers = numbers.T
    if numbers.ndim == 2 and numbers.shape[0] > MAX_CHANNELS:
        raise SoundError(f"has {numbers.shape[0]} channels, more than the {MAX_CHANNELS} allowed")
    if numbers.shape[-1] > MAX_FRAMES:
        raise SoundError("is longer than an hour")
    kind = numbers.dtype.kind
    scale = INTEGER_SCALE.get(f"{kind}{numbers.dtype.itemsize}", 1) if kind != "f" else 1
    middle = scale if kind == "u" else 0
    with np.errstate(over="ignore"):  # what does not fit becomes infinite, and is named later
        values = numbers.astype(np.float32)
    return values if scale == 1 else (values - np.float32(middle)) / np.float32(scale)
