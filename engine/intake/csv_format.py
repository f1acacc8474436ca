"""CSV as written by spreadsheets: read row by row in bounded memory."""

import csv
import re
from collections.abc import Collection, Iterator

from engine.intake.entries import InputEntry, to_entry
from engine.intake.problems import Problem
from engine.intake.sentences import nearest
from engine.intake.source import MAX_LINE_BYTES, InputSource, lines
from engine.text.plural import pluralize
from engine.text.strict.values import UnreadableInput
from engine.text.terminal import quoted

SEPARATOR_LINE = re.compile(r'"?sep=([,;\t|])"?\s*(\n|$)', re.IGNORECASE)
"""A first line that tells a spreadsheet the separator."""

_DELIMITERS = ",;\t|"
_SNIFFED_CHARACTERS = 4096  # the sniffer's time grows with the square of its sample
_STYLES = {"name", "prompt", "negative_prompt"}


def column_name(header: str) -> str:
    """Return the field that a column's head means: `Negative Prompt` is `negative_prompt`."""
    return re.sub(r"[\s-]+", "_", header.strip()).casefold()


def read_csv(source: InputSource, fields: Collection[str]) -> Iterator[InputEntry | Problem]:
    """Read one entry per row, under a first row that names the columns.

    An empty cell is an absent field, a row of empty cells is blank. The delimiter (comma,
    semicolon, tab or bar) is read from a line `sep=;` above the first row, else from that row.

    Args:
        source: The input.
        fields: Names that a column may have; empty for any.

    Raises:
        UnreadableInput: It is a file of styles, not of prompts.
    """
    rows = _rows(source)
    start, header = next(rows, (1, []))
    names = _columns(header, fields)
    if fields and "name" not in fields and set(names) == _STYLES:
        raise UnreadableInput(
            "is a styles file of AUTOMATIC1111, whose rows are added to prompts; to queue them as "
            "prompts of their own, rename the column 'name' to 'id'",
            start,
        )
    known = [not fields or name in fields for name in names]
    yield from _header_problems(source.name, start, names, fields)
    if names and not any(known):
        return  # there is no header at all, so no row can be read
    for number, (line, row) in enumerate(rows, 1):
        if len(row) < len(names) or any(row[len(names) :]):
            found, wanted = pluralize(len(row), "cell"), pluralize(len(names), "column")
            message = f"has {found} under {wanted}; quote cells that hold the separator"
            yield Problem(file=source.name, entry=number, line=line, message=message)
            continue
        cells = zip(names, known, row, strict=False)  # empty cells may follow
        data = {name: cell for name, is_known, cell in cells if is_known and cell}
        entry = to_entry(source.name, number, line, data)
        if isinstance(entry, InputEntry):
            yield entry
        else:
            yield from entry


def _columns(header: list[str], fields: Collection[str]) -> list[str]:
    """Return the names of the columns up to the last named one, in the spelling of the fields."""
    names = [name.strip() for name in header]
    while names and not names[-1]:
        names.pop()
    return [
        name if name in fields or column_name(name) not in fields else column_name(name)
        for name in names
    ]


def _rows(source: InputSource) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank, each with the line it starts on."""
    if csv.field_size_limit() < MAX_LINE_BYTES:
        csv.field_size_limit(MAX_LINE_BYTES)  # a setting of the whole process; never lowered
    numbered = lines(source)
    _, first = next(numbered, (1, ""))
    told = SEPARATOR_LINE.match(first)
    if told:
        _, first = next(numbered, (2, ""))

    def texts() -> Iterator[str]:
        yield first
        for _, text in numbered:
            yield text

    reader = csv.reader(
        texts(),
        delimiter=told[1] if told else _delimiter(first),
        strict=True,
        skipinitialspace=True,
        quotechar='"',
    )
    while True:
        line = reader.line_num + (2 if told else 1)
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise source.refusal(f"is not CSV in the row that starts here: {error}", line) from None
        if any(row):
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
