"""Entries of a file of this machine for a server, and the files that they name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.text.errors import UserError
from engine.text.terminal import quoted

if TYPE_CHECKING:
    from engine.queueing.queue import Source

MAX_DEPTH = 12
STORED = "sha256:"


@dataclass(frozen=True, slots=True)
class LocalEntries:
    """Entries as they were written.

    Attributes:
        entries: The entries, as plain data.
        folder: Folder that paths in them are relative to.
        name: Name of the batch, from the file's; empty if there is no file.
    """

    entries: list[Any]
    folder: Path = field(default_factory=Path)
    name: str = ""


def read_local(source: "Source | list[Any] | None", file_format: Any = None) -> LocalEntries:
    """Read entries without validating them: that is the server's business.

    Args:
        source: A list of entries, a file, `-` for standard input, or an open binary stream.
        file_format: The file's format, if not recognised.

    Raises:
        InputError: The file cannot be read.
        UserError: There is no input, or it is not a file of entries.
    """
    if source is None:
        raise UserError(
            "No input was given.", remedy="Name a file of entries, or - for standard input."
        )
    if isinstance(source, list):
        return LocalEntries(source)
    from engine.intake import InputError, open_entries

    entries: list[Any] = []
    for entry in open_entries(source, file_format=file_format):
        if not hasattr(entry, "data"):
            raise InputError([entry])
        entries.append(entry.data)
    is_file = isinstance(source, str | Path) and str(source) != "-"
    path = Path(str(source)) if is_file else Path()
    return LocalEntries(entries, path.parent if is_file else Path(), path.stem if is_file else "")


def named_files(schema: Mapping[str, Any], entry: Any, folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files that an entry names, as they are written, with their paths.

    Args:
        schema: JSON schema of the recipe's input as the server has it; a field that holds a file
            has a pattern that begins with `sha256:`.
        entry: The entry.
        folder: Folder that paths are relative to.

    Raises:
        UserError: One is not a file here.
    """
    for written in _written(schema, schema.get("$defs", {}), entry, 0):
        path = folder / Path(written).expanduser()
        if not path.is_file():
            raise UserError(f"{quoted(written, 200)} is not a file here.")
        yield written, path


def with_names(schema: Mapping[str, Any], entry: Any, names: Mapping[str, str]) -> Any:
    """Return an entry whose files have other names."""
    return _renamed(schema, schema.get("$defs", {}), entry, names, 0)


def _written(
    schema: Mapping[str, Any], defs: Mapping[str, Any], value: Any, depth: int
) -> Iterator[str]:
    if depth > MAX_DEPTH:
        return
    for one in alternatives(schema, defs):
        if isinstance(value, str):
            if _is_file(one) and not value.startswith(STORED):
                yield value
        elif isinstance(value, list):
            for item in value:
                yield from _written(one.get("items", {}), defs, item, depth + 1)
        elif isinstance(value, Mapping):
            for name, inner in value.items():
                part = one.get("properties", {}).get(name, {})
                yield from _written(part, defs, inner, depth + 1)


def _renamed(
    schema: Mapping[str, Any],
    defs: Mapping[str, Any],
    value: Any,
    names: Mapping[str, str],
    depth: int,
) -> Any:
    if depth > MAX_DEPTH:
        return value
    for one in alternatives(schema, defs):
        if isinstance(value, str):
            value = names.get(value, value) if _is_file(one) else value
        elif isinstance(value, list):
            items = one.get("items", {})
            value = [_renamed(items, defs, item, names, depth + 1) for item in value]
        elif isinstance(value, Mapping):
            parts = one.get("properties", {})
            value = {
                name: _renamed(parts.get(name, {}), defs, inner, names, depth + 1)
                for name, inner in value.items()
            }
    return value


def _is_file(schema: Mapping[str, Any]) -> bool:
    """Return whether a field holds a file, by the schema that the server gives it."""
    return str(schema.get("pattern", "")).startswith(f"^{STORED}")


def alternatives(
    schema: Any, defs: Mapping[str, Any], depth: int = 0
) -> Iterator[Mapping[str, Any]]:
    """Yield a schema, or each of its alternatives, with references resolved."""
    if not isinstance(schema, Mapping) or depth > MAX_DEPTH:
        return
    if isinstance(reference := schema.get("$ref"), str):
        yield from alternatives(defs.get(reference.rpartition("/")[2]), defs, depth + 1)
    for name in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(name, ()):
            yield from alternatives(one, defs, depth + 1)
    yield schema
