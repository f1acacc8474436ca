"""Samples of `.npy` and `.npz` files: dicts with `audio`, arrays, ragged and structured arrays.

A file of objects is a pickle, read by the restricted `machine`; other arrays are mapped from the
file. Nothing in a dataset gives the sample rate, except `sample_rate` in a `.npz`.
"""

import math
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tokenize import TokenError
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple

from engine.audio.datasets import machine, plain
from engine.audio.datasets.values import Array
from engine.audio.sound import Sound, SoundError, magnitude

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

AUDIO = "audio"
MAX_UNPACKED = 4 << 30
MAX_SOUND_VALUES = 1 << 28
"""Samples of all channels of one sound: 1 GiB as floats."""

_PIECE = 1 << 20
_KEPT_FREE = 1 << 28
_LOCAL_HEADER = 30
_ENCRYPTED = 1
_BROKEN = "is a broken .npz file"
_BUFFER = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class RawSample:
    """One sample of a dataset.

    Attributes:
        index: Its place in the dataset, from 0.
        audio: 32-bit floats of shape (frames,) or (channels, frames); None with a problem.
        metadata: The record's small values as plain data, by name.
        problem: The reason that there is no audio, as the end of a sentence; empty if there is.
        sample_rate: Frames a second if the file says so.
    """

    index: int
    audio: "NDArray[np.float32] | None" = None
    metadata: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    sample_rate: int | None = None


def read_samples(
    path: Path, start: int = 0, count: int | None = None, *, audio: bool = True
) -> Iterator[RawSample]:
    """Yield the samples of a dataset one at a time.

    Args:
        path: A `.npy` or `.npz` file.
        start: Index of the first one.
        count: The most to yield; all if None.
        audio: With False only metadata is read, and `audio` stays None.

    Raises:
        SoundError: The file is no dataset, is broken, or asks for code to be run.
        OSError: It cannot be read.
    """
    with _open(path) as (stream, rate, end):
        records = _records(stream, end)
        stop = len(records) if count is None else min(len(records), start + count)
        for index in range(start, stop):
            yield _sample(index, records[index], stream, rate, audio)


def read_sound(path: Path) -> Sound:
    """Return the sound of a `.npz` file with `audio` and `sample_rate`.

    Its `audio` is of shape (frames,) or (channels, frames), of real numbers; integers are scaled to
    -1 to 1 by the range of their type.

    Raises:
        SoundError: It is no such file, or is broken.
        OSError: It cannot be read.
    """
    if not zipfile.is_zipfile(path):
        raise SoundError("is no .npz file")
    with _open(path) as (stream, rate, end):
        if rate is None:
            raise SoundError("has no 'sample_rate'")
        form = _form(stream)
        if form.dtype.hasobject:
            raise SoundError("holds objects in place of an array of numbers")
        array = _mapped(stream, end, form)
        if array.size > MAX_SOUND_VALUES:
            raise SoundError("is larger than 1 GiB; cut it")
        samples = plain.scaled(array)
    if not math.isfinite(magnitude(samples)):
        raise SoundError("holds samples that are not numbers")
    return Sound(samples.reshape(-1, samples.shape[-1]), rate)


def count_samples(path: Path) -> int:
    """Return the number of samples of a dataset, without reading their audio.

    Raises:
        SoundError: The file is no dataset, is broken, or asks for code to be run.
        OSError: It cannot be read.
    """
    with _open(path) as (stream, _, end):
        return len(_records(stream, end))


def _sample(index: int, record: Any, stream: BinaryIO, rate: int | None, wanted: bool) -> RawSample:
    known: dict[str, Any] = {}
    try:
        if isinstance(record, dict):
            known = plain.metadata(record, AUDIO)
            if AUDIO not in record:
                raise SoundError("has no 'audio'")
            record = record[AUDIO]
        audio = _audio(record, stream) if wanted else None
    except (SoundError, UnicodeError) as error:
        return RawSample(index, None, known, str(error), rate)
    return RawSample(index, audio, known, "", rate)


def _audio(value: Any, stream: BinaryIO) -> "NDArray[np.float32]":
    import numpy as np

    return plain.scaled(value) if isinstance(value, np.ndarray) else plain.samples(value, stream)


def _records(stream: Any, end: int) -> Any:
    """Return a sequence of records: dicts, arrays, or values of a pickle; the array ends at end."""
    form = _form(stream)
    if form.dtype.hasobject:
        return _object_records(machine.load(stream))
    array = _mapped(stream, end, form)
    if array.dtype.names:
        return [_fields(array, row) for row in range(array.size)]
    if array.ndim == 0:
        raise SoundError("holds a single number, no samples")
    return array[None] if array.ndim == 1 else array


class _Form(NamedTuple):
    """Type, shape and order of an array in a file."""

    dtype: Any
    shape: tuple[int, ...]
    order: Literal["C", "F"]


def _form(stream: Any) -> _Form:
    from numpy.lib import format as npy

    try:
        version = npy.read_magic(stream)
        read_header = {
            (1, 0): npy.read_array_header_1_0,
            (2, 0): npy.read_array_header_2_0,
        }[version]
        shape, is_fortran, dtype = read_header(stream)
    except (ValueError, KeyError, TypeError, SyntaxError, TokenError):
        raise SoundError("is no NumPy file, or its header is broken") from None
    return _Form(dtype, shape, "F" if is_fortran else "C")


def _object_records(value: Any) -> list[Any]:
    if not isinstance(value, Array) or not isinstance(value.data, list):
        raise SoundError("holds no list of records")
    names = value.dtype.names
    if names:
        return [dict(zip(names, record, strict=False)) for record in value.data]
    return value.data


def _mapped(stream: Any, end: int, form: _Form) -> Any:
    import numpy as np

    start = stream.tell()
    try:
        if math.prod(form.shape) * form.dtype.itemsize > end - start:
            raise ValueError
        return np.memmap(stream.name, form.dtype, "r", start, form.shape, form.order)
    except (ValueError, OSError, EOFError):
        raise SoundError("is broken: its data is shorter than its header says") from None


def _fields(array: Any, row: int) -> dict[str, Any]:
    record = array.reshape(-1)[row : row + 1]
    return {name: _field(record[name], name) for name in array.dtype.names}


def _field(cell: Any, name: str) -> Any:
    """Return the value of an array of one; None for text of numbers beyond Unicode."""
    import numpy as np

    if cell.dtype.kind == "U" and cell.dtype.itemsize:
        numbers = np.dtype("u4").newbyteorder(cell.dtype.byteorder)
        if (np.ascontiguousarray(cell).view(numbers) > sys.maxunicode).any():
            return None
    value = cell[0]
    return value if value.ndim or name == AUDIO else value.item()


@contextmanager
def _open(path: Path) -> Iterator[tuple[Any, int | None, int]]:
    """Open a file at its array of sounds; yields the sample rate too, and where the file ends."""
    if zipfile.is_zipfile(path):
        with _opened_member(path) as found:
            yield found
        return
    with path.open("rb", buffering=_BUFFER) as stream:
        yield stream, None, path.stat().st_size


@contextmanager
def _opened_member(path: Path) -> Iterator[tuple[Any, int | None, int]]:
    """Open the member `audio` of a `.npz`, or its only one.

    One that is stored as it is, as `numpy.savez` does, is read in place; a compressed one is
    unpacked into a temporary file.
    """
    rate, stored = _stored(path)
    if stored is not None:
        with path.open("rb", buffering=_BUFFER) as stream:
            stream.seek(stored.start)
            yield stream, rate, stored.stop
        return
    with tempfile.NamedTemporaryFile(suffix=".npy") as copy:
        _unpack(path, copy)
        with Path(copy.name).open("rb", buffering=_BUFFER) as stream:
            yield stream, rate, Path(copy.name).stat().st_size


def _stored(path: Path) -> tuple[int | None, range | None]:
    """Return the sample rate, and the bytes of the array of sounds if it is not compressed."""
    with _archive(path) as archive:
        rate, member = _rate(archive), archive.getinfo(_member(archive))
        if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & _ENCRYPTED:
            return rate, None
    with path.open("rb") as stream:
        stream.seek(member.header_offset)
        head = stream.read(_LOCAL_HEADER)
        if len(head) < _LOCAL_HEADER or not head.startswith(b"PK\x03\x04"):
            raise SoundError(_BROKEN)
        names = sum(int.from_bytes(head[at : at + 2], "little") for at in (26, 28))
        start = member.header_offset + _LOCAL_HEADER + names
    if start + member.file_size > path.stat().st_size:
        raise SoundError(_BROKEN)
    return rate, range(start, start + member.file_size)


def _unpack(path: Path, copy: Any) -> None:
    """Copy the array of sounds out of a `.npz`."""
    with _archive(path) as archive, archive.open(_member(archive)) as packed:
        _copy(packed, copy)
    copy.flush()


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError):
        raise SoundError(_BROKEN) from None
    except RuntimeError:  # encrypted, or packed by a method that zipfile does not know
        raise SoundError("is a .npz file that is encrypted or packed in an unknown way") from None


def _member(archive: zipfile.ZipFile) -> str:
    names = [name for name in archive.namelist() if name.endswith(".npy")]
    for name in (f"{AUDIO}.npy", "arr_0.npy"):
        if name in names:
            return name
    if len(names) == 1:
        return names[0]
    raise SoundError("holds no array named 'audio'")


def _rate(archive: zipfile.ZipFile) -> int | None:
    import numpy as np

    if "sample_rate.npy" not in archive.namelist():
        return None
    with archive.open("sample_rate.npy") as member:
        try:
            rate = int(np.lib.format.read_array(member, allow_pickle=False).reshape(-1)[0])
        except (ValueError, TypeError, IndexError, OverflowError):
            raise SoundError("has a sample_rate that is no number") from None
    if not 1000 <= rate <= 768_000:
        raise SoundError(f"has a sample_rate of {rate}, outside 1000 to 768000")
    return rate


def _copy(packed: Any, target: Any) -> None:
    size = 0
    while piece := packed.read(_PIECE):
        size += len(piece)
        if size > MAX_UNPACKED:
            raise SoundError("unpacks to more than 4 GiB; write it with numpy.savez")
        if shutil.disk_usage(target.name).free < _KEPT_FREE:
            raise SoundError("needs more room for temporary files; write it with numpy.savez")
        target.write(piece)
