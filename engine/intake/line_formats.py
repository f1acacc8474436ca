"""The formats that are read line by line, in bounded memory: JSONL, CSV and plain lines."""

import csv
from collections.abc import Collection, Iterator

from engine.intake.entries import TEXT_FIELD, Entry, Unreadable, to_entry
from engine.intake.problems import Problem
from engine.intake.sentences import nearest
from engine.intake.source import MAX_LINE_BYTES, Source, lines
from engine.intake.strict_json import decode
from engine.text import quoted

_DELIMITERS = ",;\t|"
_SNIFFED_CHARACTERS = 4096  # the sniffer's time grows with the square of what it looks at


def read_jsonl(source: Source) -> Iterator[Entry | Problem]:
    """One JSON object or text a line; blank lines are skipped."""
    number = 0
    for line, text in lines(source):
        if not text.strip():
            continue
        number += 1
        try:
            entry = to_entry(source.name, number, line, decode(text))
        except Unreadable as error:
            yield Problem(file=source.name, entry=number, line=line, message=str(error))
            continue
        if isinstance(entry, Entry):
            yield entry
        else:
            yield from entry


def read_lines(source: Source) -> Iterator[Entry]:
    """One prompt a line; blank lines and lines that begin with `#` are skipped."""
    number = 0
    for line, text in lines(source):
        prompt = text.strip()
        if prompt and not prompt.startswith("#"):
            number += 1
            yield Entry(number, line, {TEXT_FIELD: prompt})


def read_csv(source: Source, fields: Collection[str]) -> Iterator[Entry | Problem]:
    """One entry a row, under a first row that names the columns.

    An empty cell is an absent field. The delimiter (comma, semicolon, tab or bar) is told from
    the first row.

    Args:
        source: The input.
        fields: Names that a column may have; empty for any.
    """
    rows = _rows(source)
    start, header = next(rows, (1, []))
    names = [name.strip() for name in header]
    known = [not fields or name in fields for name in names]
    problems = list(_header_problems(source.name, start, names, fields))
    yield from problems
    if names and not any(known):
        return  # there is no header at all, so no row can be read
    number = 0
    for line, row in rows:
        number += 1
        if len(row) != len(names):
            message = f"has {len(row)} cells under {len(names)} columns; quote cells with commas"
            yield Problem(file=source.name, entry=number, line=line, message=message)
            continue
        cells = zip(names, known, row, strict=True)
        data = {name: cell for name, is_known, cell in cells if is_known and cell}
        entry = to_entry(source.name, number, line, data)
        if isinstance(entry, Entry):
            yield entry
        else:
            yield from entry


def _rows(source: Source) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, each with the line it begins on."""
    if csv.field_size_limit() < MAX_LINE_BYTES:
        csv.field_size_limit(MAX_LINE_BYTES)  # one setting for the whole process: only ever raised
    numbered = lines(source)
    _, first = next(numbered, (1, ""))

    def texts() -> Iterator[str]:
        yield first
        for _, text in numbered:
            yield text

    reader = csv.reader(
        texts(), delimiter=_delimiter(first), strict=True, skipinitialspace=True, quotechar='"'
    )
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise source.refusal(f"is not CSV in the row that begins here: {error}", line) from None
        if row:
            yield line, row


def _delimiter(first: str) -> str:
    try:
        sniffed = csv.Sniffer().sniff(first[:_SNIFFED_CHARACTERS], _DELIMITERS).delimiter
    except csv.Error:  # a single column
        return ","
    return sniffed if sniffed in tuple(_DELIMITERS) else ","


def _header_problems(
    file: str, line: int, names: list[str], fields: Collection[str]
) -> Iterator[Problem]:
    if names and fields and not any(name in fields for name in names):
        message = (
            f"names no known column ({quoted(', '.join(names))}); the first row must name the "
            f"columns, of {', '.join(fields)}"
        )
        yield Problem(file=file, line=line, message=message)
        return
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Problem(file=file, line=line, field=name, message="is named by two columns")
        elif not name:
            message = f"has no name over column {index + 1}; name it or take it away"
            yield Problem(file=file, line=line, message=message)
        elif fields and name not in fields:
            message = f"is not a known column; {nearest(name, fields)}"
            yield Problem(file=file, line=line, field=name, message=message)
