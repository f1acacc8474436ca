"""Values of a pickle, as far as they are read: large ones stay in the file until wanted."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from engine.audio.sound import SoundError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that lie in the file; `encoded` ones are UTF-8 whose characters are the bytes."""

    offset: int
    length: int
    encoded: bool = False

    def read(self, stream: BinaryIO) -> bytes:
        """Return the bytes."""
        stream.seek(self.offset)
        data = stream.read(self.length)
        return data.decode("utf-8").encode("latin-1") if self.encoded else data


@dataclass(frozen=True, slots=True)
class Text:
    """A long string that lies in the file as UTF-8."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Run:
    """Floats of a list, which lie in the file as cells of nine bytes: an opcode and a double."""

    offset: int
    count: int

    def read(self, stream: BinaryIO) -> "NDArray[np.float64]":
        """Return the floats."""
        import numpy as np

        stream.seek(self.offset)
        cells = np.frombuffer(stream.read(9 * self.count), [("op", "u1"), ("value", ">f8")])
        values: NDArray[np.float64] = cells["value"].astype(np.float64)
        return values


@dataclass(frozen=True, slots=True)
class Name:
    """A global that may stand in a dataset, by the role it has."""

    role: str


@dataclass(slots=True, eq=False)
class Array:
    """An array: `data` is a blob or bytes, or the list of its objects."""

    dtype: Any = None
    shape: tuple[int, ...] = ()
    fortran: bool = False
    data: Any = None

    def read(self, stream: BinaryIO) -> "NDArray[Any]":
        """Return the numbers of an array that holds no objects.

        Raises:
            SoundError: Its shape does not fit its bytes.
        """
        import numpy as np

        data = self.data.read(stream) if isinstance(self.data, Blob) else self.data
        if self.dtype is None or self.dtype.hasobject or not isinstance(data, bytes | bytearray):
            raise SoundError("holds an array that is not of numbers")
        size = self.dtype.itemsize
        for length in self.shape:
            size *= length
        if size != len(data):
            raise SoundError("holds an array whose shape does not fit its bytes")
        order: Any = "F" if self.fortran else "C"
        return np.frombuffer(data, self.dtype).reshape(self.shape, order=order)


@dataclass(slots=True, eq=False)
class TypeBox:
    """An element type, which a later opcode completes."""

    dtype: Any
    parts: dict[str, Any] = field(default_factory=dict)
