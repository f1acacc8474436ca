"""Inputs as entries: detection of the format, and a reader for each."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

from engine.intake.csv_format import SEPARATOR_LINE, column_name, read_csv
from engine.intake.entries import MAX_ENTRIES, InputEntry, numbered, unpack
from engine.intake.line_formats import read_jsonl, read_lines
from engine.intake.problems import Problem
from engine.intake.source import MIB, InputSource, open_source, whole_text
from engine.text.strict.values import UnreadableInput
from engine.text.terminal import quoted

Format = Literal["json", "yaml", "jsonl", "csv", "lines"]
"""Formats of inputs."""
FORMATS: tuple[Format, ...] = get_args(Format)
"""All formats, as `--format` accepts them."""

MAX_JSON_BYTES = 64 * MIB
"""Maximum size of a JSON document; larger inputs are JSONL or CSV."""
MAX_YAML_BYTES = 16 * MIB
"""Maximum size of a YAML document; YAML is slow to read."""

_SUFFIXES: dict[str, Format] = {
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "lines",
}
_FIELDS = ("prompt", "id", "title")
_YAML_START = re.compile(r"---|%YAML|-\s|-$")


def open_entries(
    where: str | Path | BinaryIO,
    *,
    file_format: Format | None = None,
    name: str = "",
    fields: Collection[str] = (),
) -> Iterator[InputEntry | Problem]:
    """Yield the entries of an input lazily, in their order.

    JSONL, CSV and plain lines are read in bounded memory; JSON and YAML as a whole.

    Args:
        where: A path, `-` for standard input, or an open binary stream.
        file_format: Its format; by default detected from its name, else from its first bytes.
        name: Name of it in messages.
        fields: The fields that entries may have, if known: the columns of a CSV file
            are checked against them once, instead of in every row.

    Yields:
        Entries, and a problem in place of each entry that cannot be read.

    Raises:
        InputError: The input cannot be read (on), or holds no or too many entries.
    """
    with open_source(where, name) as source:
        yield from read_entries(source, file_format=file_format, fields=fields)


def read_entries(
    source: InputSource, *, file_format: Format | None = None, fields: Collection[str] = ()
) -> Iterator[InputEntry | Problem]:
    """Yield the entries of an open input; see `open_entries`."""
    nothing = True
    try:
        chosen = file_format or _SUFFIXES.get(source.suffix) or detect(source.head(), fields)
        for entry in _reader(source, chosen, fields):
            nothing = False
            if (isinstance(entry, InputEntry) and entry.number) > MAX_ENTRIES:
                raise source.refusal(f"holds more than {MAX_ENTRIES} entries; split it")
            yield entry
    except UnreadableInput as error:
        raise source.refusal(str(error), error.line) from None
    except OSError as error:
        raise source.refusal(f"cannot be read: {error.strerror or error}") from None
    if nothing:
        raise source.refusal("holds no entries")


def _reader(
    source: InputSource, file_format: Format, fields: Collection[str]
) -> Iterator[InputEntry | Problem]:
    if file_format == "json":
        return _read_json(source)
    if file_format == "yaml":
        return _read_yaml(source, fields)
    if file_format == "jsonl":
        return read_jsonl(source)
    return read_csv(source, fields) if file_format == "csv" else read_lines(source)


def _read_json(source: InputSource) -> Iterator[InputEntry | Problem]:
    from engine.text.strict.json_format import decode

    text = whole_text(source, MAX_JSON_BYTES)
    if not text.strip():
        return
    try:
        document = decode(text)
    except UnreadableInput as error:
        if "Extra data" not in str(error):
            raise
        advice = "; one object per line is JSONL: end the name in .jsonl or give --format jsonl"
        raise UnreadableInput(f"{error}{advice}", error.line) from None
    del text
    yield from numbered(source.name, unpack(source.name, document))


def _read_yaml(source: InputSource, fields: Collection[str]) -> Iterator[InputEntry | Problem]:
    from engine.text.strict.yaml_format import decode  # PyYAML is slow to import

    document, places = decode(whole_text(source, MAX_YAML_BYTES))
    if document is None:
        return
    for item in numbered(source.name, unpack(source.name, document), places):
        split = _split_text(item.data, fields) if isinstance(item, InputEntry) else ""
        yield _unquoted(source, item, split) if isinstance(item, InputEntry) and split else item


def _split_text(data: Mapping[str, Any], fields: Collection[str]) -> str:
    """Return the text that YAML has split into a field and its value, `a barn: red`."""
    name, value = next(iter(data.items())) if len(data) == 1 else ("", None)
    is_split = fields and name not in fields and " " in name and not isinstance(value, dict | list)
    return f"{name}: {'' if value is None else value}".strip() if is_split else ""


def _unquoted(source: InputSource, entry: InputEntry, text: str) -> Problem:
    message = (
        f"is a text with ': ' in it, which YAML splits; put it in quotation marks: {quoted(text)}"
    )
    return Problem(file=source.name, entry=entry.number, line=entry.line, message=message)


def detect(head: bytes, fields: Collection[str] = ()) -> Format:
    """Return the format that the first bytes of an input suggest.

    Args:
        head: The first bytes.
        fields: The fields that entries may have, which a CSV header or a YAML entry starts with.

    Returns:
        The format; `lines` if nothing suggests another.
    """
    text = head.decode("utf-8-sig", errors="replace").lstrip()
    if text.startswith("["):
        return "json"
    if text.startswith("{"):
        first, _, rest = text.partition("\n")
        return "jsonl" if rest.strip() and _is_json(first) else "json"
    return _detect_text(text, {*(fields or _FIELDS), "prompts"})


def _detect_text(text: str, names: Collection[str]) -> Format:
    lines = (line.strip() for line in text.splitlines())
    if SEPARATOR_LINE.match(text):
        return "csv"
    first = next((line for line in lines if line and not line.startswith("#")), "")
    key, colon, _ = first.partition(":")
    if _YAML_START.match(first) or (colon and key.strip() in names):
        return "yaml"
    cells = {column_name(cell.strip(' "')) for cell in re.split("[,;\t|]", first)} - {""}
    return (
        "csv"
        if "prompt" in cells and all(re.fullmatch(r"\w+", cell) for cell in cells)
        else "lines"
    )


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
