"""Source of an input: a regular file or a stream, as UTF-8 text within limits.

Everything that can be refused before a byte is read is refused here: what is not a regular file,
what is too large, what is missing. Text is read whole or line by line, never more than requested.
"""

import codecs
import contextlib
import difflib
import io
import itertools
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from engine.contract.files import open_regular
from engine.intake.problems import InputError
from engine.text.terminal import quoted

MIB = 1 << 20
MAX_STREAMED_BYTES = 1024 * MIB
"""Maximum size of an input of any format, in bytes."""
MAX_LINE_BYTES = MIB
"""Maximum length of a line, in bytes, in formats that are read line by line."""
HEAD_BYTES = 1 << 16
"""Number of first bytes used to detect the format of an input if its name does not show it."""

_NAMES_LOOKED_AT = 10_000
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # before UTF-16, whose mark is a prefix of this one
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_WORKBOOK = "is a workbook or an archive, not text; export it as CSV"
_SIGNATURES = (
    (b"PK\x03\x04", _WORKBOOK),  # XLSX, ODS and Numbers are ZIP archives
    (b"\xd0\xcf\x11\xe0", _WORKBOOK),  # XLS
    (b"{\\rtf", "is rich text (RTF); save it as plain text"),
)
"""First bytes of files that people mistake for text, with the remedy for each."""


@dataclass(frozen=True, slots=True)
class InputSource:
    """An open input.

    Attributes:
        name: Its name in messages: the path as given, or `standard input`.
        folder: The folder that paths in the input are relative to.
        stream: Its bytes.
        suffix: The suffix of its name in lower case, with the dot; empty for a stream.
    """

    name: str
    folder: Path
    stream: io.BufferedReader
    suffix: str = ""

    def head(self) -> bytes:
        """Return the first bytes, up to `HEAD_BYTES`, without consuming them."""
        return self.stream.peek(HEAD_BYTES)[:HEAD_BYTES]

    def refusal(self, message: str, line: int | None = None) -> InputError:
        """Return the refusal of this input for one reason."""
        return InputError.of(self.name, message, line=line)


@contextlib.contextmanager
def open_source(where: str | Path | BinaryIO, name: str = "") -> Iterator[InputSource]:
    """Open an input for the length of a `with`.

    Args:
        where: A path, `-` for standard input, or an open binary stream (which stays open).
        name: Its name in messages, if not the path or `standard input`.

    Raises:
        InputError: It is missing, not a regular file, larger than `MAX_STREAMED_BYTES`, or
            cannot be read.
    """
    if isinstance(where, str | Path) and str(where) != "-":
        path = Path(where)
        with _open_file(path, name or str(where)) as stream:
            yield InputSource(name or str(where), path.parent, stream, path.suffix.lower())
        return
    stdin = cast("BinaryIO | None", getattr(sys.stdin, "buffer", None))
    given = stdin if isinstance(where, str | Path) else where
    name = name or "standard input"
    if given is None or given.closed:
        raise InputError.of(name, "is closed; pipe the entries into it or name a file")
    reader = cast("io.BufferedReader", io.BufferedReader(cast("io.RawIOBase", given), HEAD_BYTES))
    try:
        yield InputSource(name, Path(), reader)
    finally:
        reader.detach()  # or closing the reader would close a stream that is not ours


def _open_file(path: Path, name: str) -> io.BufferedReader:
    try:
        return open_regular(path, MAX_STREAMED_BYTES, hint="use - to read from standard input")
    except FileNotFoundError:
        raise InputError.of(name, _missing(path)) from None
    except ValueError as error:
        raise InputError.of(name, str(error)) from None
    except OSError as error:
        raise InputError.of(name, f"cannot be read: {error.strerror or error}") from None


def _missing(path: Path) -> str:
    try:
        with os.scandir(path.parent) as entries:
            names = [entry.name for entry in itertools.islice(entries, _NAMES_LOOKED_AT)]
    except OSError:
        return f"does not exist, and neither does its folder {quoted(str(path.parent))}"
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"does not exist; did you mean {quoted(near[0])}?" if near else "does not exist"


def whole_text(source: InputSource, limit: int) -> str:
    """Return the whole input as text.

    Args:
        source: The input.
        limit: Maximum number of bytes to read.

    Raises:
        InputError: It is longer than `limit`, not UTF-8, or holds a NUL.
    """
    data = source.stream.read(limit + 1)
    if len(data) > limit:
        raise source.refusal(
            f"is larger than the {limit // MIB} MiB that a file of this format may have; "
            "split it, or use JSONL or CSV, which are read line by line"
        )
    return _decoded(source, data, 0, 1)


def lines(source: InputSource) -> Iterator[tuple[int, str]]:
    r"""Yield the input's lines with their numbers from 1, line ends included.

    A line ends in `\n`, so a `\r` before it is part of the line; if the head of the input has
    no `\n` and a `\r`, as old spreadsheets for the Mac write it, a line ends in `\r`.

    Raises:
        InputError: The input or a line is too long, it is not UTF-8, or it holds a NUL.
    """
    head = source.head()
    read = _read_cr_lines if b"\r" in head and b"\n" not in head else _read_lines
    offset = 0
    for number, data in enumerate(read(source.stream), 1):
        if len(data) > MAX_LINE_BYTES:
            raise source.refusal(
                f"is longer than the {MAX_LINE_BYTES // MIB} MiB that a line may have", number
            )
        if offset + len(data) > MAX_STREAMED_BYTES:
            raise source.refusal(
                f"is larger than the {MAX_STREAMED_BYTES // MIB} MiB that are read; split it"
            )
        yield number, _decoded(source, data, offset, number)
        offset += len(data)


def _read_lines(stream: io.BufferedReader) -> Iterator[bytes]:
    while data := stream.readline(MAX_LINE_BYTES + 1):
        yield data


def _read_cr_lines(stream: io.BufferedReader) -> Iterator[bytes]:
    r"""Yield the lines of a stream whose lines end in `\r`, at most a byte over the limit."""
    kept = b""
    while block := stream.read(HEAD_BYTES):
        *whole, kept = (kept + block).split(b"\r")
        yield from (line + b"\n" for line in whole)
        if len(kept) > MAX_LINE_BYTES:
            break
    if kept:
        yield kept


def _decoded(source: InputSource, data: bytes, offset: int, line: int) -> str:
    """Decode bytes that start at `offset` in the input, on line `line`."""
    if offset == 0:
        for mark, encoding in _MARKS:
            if data.startswith(mark):
                raise source.refusal(f"is {encoding} text, not UTF-8; save it as UTF-8")
        for signature, message in _SIGNATURES:
            if data.startswith(signature):
                raise source.refusal(message)
        if data.startswith(codecs.BOM_UTF8):
            data, offset = data[len(codecs.BOM_UTF8) :], len(codecs.BOM_UTF8)
    nul = data.find(b"\0")
    if nul >= 0:
        raise source.refusal(
            f"holds a NUL at byte {offset + nul}, so it is no text file (or UTF-16 without a "
            "mark); save it as UTF-8",
            line + data.count(b"\n", 0, nul),
        )
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise source.refusal(
            f"is not UTF-8: byte 0x{data[error.start]:02X} at offset {offset + error.start}; "
            "save it as UTF-8",
            line + data.count(b"\n", 0, error.start),
        ) from None
