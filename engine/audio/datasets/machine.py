"""A restricted reader of pickles, protocols 2 to 5, that leaves large values in the file.

Only containers, numbers, text and arrays are understood (`numpy_names`): nothing is imported and
nothing is called. Byte strings of 64 KiB and more, and runs of floats in lists, are noted by their
place and not read, so a file costs memory by the number of its small values, not by its size.
Opcodes after CPython's `Lib/pickletools.py`.
"""

import os
import struct
from collections.abc import Callable
from typing import Any

from engine.audio.datasets import numpy_names
from engine.audio.datasets.values import Blob, Run, Text
from engine.audio.sound import SoundError

LARGE = 1 << 16
"""Bytes from which on a value stays in the file."""
MAX_VALUES = 2_000_000
"""The most opcodes that are followed; a run of floats counts as one."""
MAX_MARKS = 1000
MAX_INTEGER_BYTES = 64
_CELL = 9
_PEEK = _CELL * 1024


def load(stream: Any) -> Any:
    """Return the value of the pickle that begins at the stream's position.

    Args:
        stream: A buffered, seekable file.

    Raises:
        SoundError: It is broken, is too large in small values, or asks for anything but data.
    """
    machine = _Machine(stream)
    try:
        return machine.run()
    except (IndexError, KeyError, struct.error, UnicodeDecodeError, TypeError):
        raise SoundError("holds a broken pickle") from None


class _Machine:
    """State of one reading: the stack, its marks and the memo."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.size = os.fstat(stream.fileno()).st_size
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        """Follow the opcodes up to STOP."""
        read = self.stream.read
        for _ in range(MAX_VALUES):
            opcode = read(1)
            if opcode == b".":
                return self.stack.pop()
            action = _ACTIONS.get(opcode)
            if action is None:
                raise SoundError(_refusal(opcode))
            action(self)
        raise SoundError(f"holds more than {MAX_VALUES:,} small values; save its sounds as arrays")

    def bytes(self, count: int) -> bytes:
        """Read exactly so many bytes."""
        data: bytes = self.stream.read(count)
        if len(data) < count:
            raise SoundError("ends in the middle of a pickle")
        return data

    def number(self, form: str) -> int:
        """Read a number of a format of `struct`."""
        value: int = struct.unpack(form, self.bytes(struct.calcsize(form)))[0]
        return value

    def since_mark(self) -> list[Any]:
        """Take what was pushed since the last mark."""
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def skipped(self, length: int) -> int:
        """Pass over a value; returns its offset."""
        offset: int = self.stream.tell()
        if length < 0 or offset + length > self.size:
            raise SoundError("ends in the middle of a pickle")
        self.stream.seek(length, os.SEEK_CUR)
        return offset


def _refusal(opcode: bytes) -> str:
    if not opcode:
        return "ends in the middle of a pickle"
    return f"holds the pickle opcode 0x{opcode[0]:02x}, which no dataset of sounds needs"


def _raw(form: str) -> Callable[[_Machine], None]:
    def push(machine: _Machine) -> None:
        length = machine.number(form)
        small = 0 <= length < LARGE
        value = machine.bytes(length) if small else Blob(machine.skipped(length), length)
        machine.stack.append(value)

    return push


def _text(form: str) -> Callable[[_Machine], None]:
    def push(machine: _Machine) -> None:
        length = machine.number(form)
        if length < LARGE:
            machine.stack.append(machine.bytes(length).decode("utf-8", "surrogatepass"))
        else:
            machine.stack.append(Text(machine.skipped(length), length))

    return push


def _integer(form: str) -> Callable[[_Machine], None]:
    return lambda machine: machine.stack.append(machine.number(form))


def _long(form: str) -> Callable[[_Machine], None]:
    def push(machine: _Machine) -> None:
        length = machine.number(form)
        if 0 <= length <= MAX_INTEGER_BYTES:
            value: Any = int.from_bytes(machine.bytes(length), "little", signed=True)
        else:
            value = Blob(machine.skipped(length), length)  # no value that anything reads
        machine.stack.append(value)

    return push


def _constant(value: Any) -> Callable[[_Machine], None]:
    return lambda machine: machine.stack.append(value)


def _new(kind: Callable[[], Any]) -> Callable[[_Machine], None]:
    return lambda machine: machine.stack.append(kind())


def _floats(machine: _Machine) -> None:
    value = machine.number(">d")
    ahead = machine.stream.peek(_PEEK)[:_PEEK]
    if ahead[:1] != b"G":
        machine.stack.append(value)
        return
    count = _leading_cells(ahead)
    offset = machine.stream.tell() - _CELL
    machine.stream.seek(count * _CELL, os.SEEK_CUR)
    machine.stack.append(Run(offset, count + 1) if count else value)


def _leading_cells(ahead: bytes) -> int:
    import numpy as np

    whole = len(ahead) // _CELL
    cells = np.frombuffer(ahead, np.uint8, whole * _CELL).reshape(whole, _CELL)
    other = np.flatnonzero(cells[:, 0] != ord("G"))
    return int(other[0]) if other.size else whole


def _mark(machine: _Machine) -> None:
    if len(machine.marks) >= MAX_MARKS:
        raise SoundError("is nested too deeply")
    machine.marks.append(len(machine.stack))


def _tuple(count: int) -> Callable[[_Machine], None]:
    def push(machine: _Machine) -> None:
        items = tuple(machine.stack[-count:])
        if len(items) < count:
            raise IndexError
        del machine.stack[-count:]
        machine.stack.append(items)

    return push


def _marked_tuple(machine: _Machine) -> None:
    machine.stack.append(tuple(machine.since_mark()))


def _marked_list(machine: _Machine) -> None:  # a frozen set: sets are read as lists
    machine.stack.append(machine.since_mark())


def _append(machine: _Machine) -> None:
    _extend(machine, [machine.stack.pop()])


def _appends(machine: _Machine) -> None:
    _extend(machine, machine.since_mark())


def _extend(machine: _Machine, items: list[Any]) -> None:
    target = machine.stack[-1]
    if not isinstance(target, list):
        raise SoundError("appends to something that is no list")
    target.extend(items)


def _set_item(machine: _Machine) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    _update(machine, [key, value])


def _set_items(machine: _Machine) -> None:
    _update(machine, machine.since_mark())


def _update(machine: _Machine, items: list[Any]) -> None:
    target = machine.stack[-1]
    if not isinstance(target, dict) or len(items) % 2:
        raise SoundError("sets keys of something that is no dict")
    for key, value in zip(items[::2], items[1::2], strict=True):
        if isinstance(key, str | int | float | bytes | None):  # others are never read
            target[key] = value


def _put(form: str) -> Callable[[_Machine], None]:
    def put(machine: _Machine) -> None:
        machine.memo[machine.number(form)] = machine.stack[-1]

    return put


def _get(form: str) -> Callable[[_Machine], None]:
    return lambda machine: machine.stack.append(machine.memo[machine.number(form)])


def _memoize(machine: _Machine) -> None:
    machine.memo[len(machine.memo)] = machine.stack[-1]


def _global(machine: _Machine) -> None:
    module, name = (machine.stream.readline(200).rstrip(b"\n").decode() for _ in range(2))
    machine.stack.append(numpy_names.named(module, name))


def _stack_global(machine: _Machine) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    if not isinstance(name, str) or not isinstance(module, str):
        raise SoundError("names a global by something that is no text")
    machine.stack.append(numpy_names.named(module, name))


def _reduce(machine: _Machine) -> None:
    arguments, function = machine.stack.pop(), machine.stack.pop()
    machine.stack.append(numpy_names.call(function, arguments))


def _build(machine: _Machine) -> None:
    state = machine.stack.pop()
    numpy_names.build(machine.stack[-1], state)


def _protocol(machine: _Machine) -> None:
    if machine.number("<B") not in (2, 3, 4, 5):
        raise SoundError("is a pickle of another protocol than 2 to 5")


def _frame(machine: _Machine) -> None:
    machine.bytes(8)


def _pop(machine: _Machine) -> None:
    machine.stack.pop()


_ACTIONS: dict[bytes, Callable[[_Machine], None]] = {
    b"\x80": _protocol,
    b"\x95": _frame,
    b"C": _raw("<B"),
    b"B": _raw("<I"),
    b"\x8e": _raw("<Q"),
    b"\x96": _raw("<Q"),
    b"U": _raw("<B"),
    b"T": _raw("<i"),
    b"\x98": lambda _: None,
    b"\x8c": _text("<B"),
    b"X": _text("<I"),
    b"\x8d": _text("<Q"),
    b"K": _integer("<B"),
    b"M": _integer("<H"),
    b"J": _integer("<i"),
    b"\x8a": _long("<B"),
    b"\x8b": _long("<i"),
    b"G": _floats,
    b"N": _constant(None),
    b"\x88": _constant(True),
    b"\x89": _constant(False),
    b")": _constant(()),
    b"]": _new(list),
    b"}": _new(dict),
    b"\x8f": _new(list),
    b"(": _mark,
    b"\x85": _tuple(1),
    b"\x86": _tuple(2),
    b"\x87": _tuple(3),
    b"t": _marked_tuple,
    b"\x91": _marked_list,
    b"a": _append,
    b"e": _appends,
    b"\x90": _appends,
    b"s": _set_item,
    b"u": _set_items,
    b"q": _put("<B"),
    b"r": _put("<I"),
    b"\x94": _memoize,
    b"h": _get("<B"),
    b"j": _get("<I"),
    b"c": _global,
    b"\x93": _stack_global,
    b"R": _reduce,
    b"b": _build,
    b"0": _pop,
}
