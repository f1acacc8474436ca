"""Stored files and results of steps as their kinds draw them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.queries.faces import Faces, FileLine
from engine.text import figures
from engine.text.terminal import clean

if TYPE_CHECKING:
    from db.queries.inspect import StepLine
    from db.rows import ArtifactRow
    from engine.config.paths import WorkspacePaths
    from engine.contract.kinds import Item, Lines
    from engine.kinds.thumbnails import StoredFile

MAX_DATA = 1_000_000
"""Maximum characters of a result, as JSON, that is drawn by its kind."""

MAX_ROWS = 200
"""Maximum lines of a drawn result."""


@dataclass(frozen=True, slots=True)
class DrawnResult:
    """The result of a step as its kind draws it.

    Attributes:
        title: Name of the kind.
        lines: The drawing.
    """

    title: str
    lines: "Lines"


@dataclass(frozen=True, slots=True)
class OpenableFile:
    """A stored file that can be opened in a viewer or a player.

    Attributes:
        name: Its role or field, cleaned.
        title: Name of its kind.
        facts: Its facts in a line, cleaned.
        file: Its row.
        part: The step that left it, or the field of the input that holds it.
    """

    name: str
    title: str
    facts: str
    file: FileLine
    part: str


def openable(name: str, file: FileLine, part: str) -> OpenableFile:
    """Return a stored file to be opened."""
    from engine.kinds.drawing import title_of

    facts = ", ".join(fact for fact in (facts_line(file), figures.size(file.size)) if fact)
    return OpenableFile(clean(name, 40), title_of(file.kind), facts, file, part)


@cache
def faces() -> Faces:
    """Return the kinds that never represent a job, and those that only stand in for others."""
    from engine.kinds.registry import kinds

    return Faces(kinds().with_face("hidden"), kinds().with_face("supporting"))


def line_of(artifact: "ArtifactRow") -> FileLine:
    """Return a stored file for display."""
    names: tuple[str, ...] = FileLine.__match_args__
    return FileLine(*[getattr(artifact, name) for name in names])


def stored_of(file: FileLine, path: Path, paths: "WorkspacePaths | None" = None) -> "StoredFile":
    """Return a stored file in the form that its kind takes.

    Args:
        file: Its row.
        path: Where it is, or would be.
        paths: The workspace, to fetch it from an object store when it is opened.
    """
    from engine.client.views.stored import here
    from engine.kinds.thumbnails import StoredFile

    return StoredFile(
        hash=file.hash,
        path=path,
        kind=file.kind,
        media_type=file.media_type,
        size=file.size,
        width=file.width,
        height=file.height,
        facts=_mapping(file.facts),
        fetch=None if paths is None else partial(here, paths, file.hash),
    )


def facts_line(file: FileLine) -> str:
    """Return the facts of a file in a line, clean; empty if there are none."""
    from engine.kinds import drawing

    return drawing.facts_line(stored_of(file, Path()).item)


def draw_result(
    connection: Any, step: "StepLine", names: Mapping[str, str], columns: int
) -> DrawnResult | None:
    """Return the result of a step as its kind draws it, or None if the kind draws only files.

    Args:
        connection: A reader.
        step: The step.
        names: Names of files by their hashes.
        columns: Width of the drawing in cells.
    """
    from engine.contract.kinds import Lines, Size
    from engine.kinds.drawing import draw_full, title_of
    from engine.kinds.registry import kinds

    if step.state != "done" or not kinds().of(step.kind).draws_results:
        return None
    item = result_item(connection, step, names)
    drawn = draw_full(item, Size(max(20, columns), MAX_ROWS))
    return DrawnResult(title_of(step.kind), drawn) if isinstance(drawn, Lines) else None


def result_item(
    connection: Any, step: "StepLine", names: Mapping[str, str] | None = None
) -> "Item":
    """Return the result of a step in the form that its kind takes."""
    from db.queries.inspect import step_texts
    from engine.contract.kinds import Item

    request, result = step_texts(connection, step.id, MAX_DATA)
    return Item(step.kind, data=_json(result), request=_json(request), names=names or {})


def rows_of(file: FileLine) -> int:
    """Return the height of a file among others, in rows."""
    from engine.kinds.registry import kinds

    return max(1, min(40, int(kinds().of(file.kind).rows)))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _mapping(text: str) -> dict[str, Any]:
    facts = _json(text)
    if not isinstance(facts, dict):
        return {}
    return {name: value for name, value in facts.items() if isinstance(value, str | int | float)}
