"""Place of an export of spans, kept in a file, so that a later process continues from there.

It is never in the workspace: a workspace may come from somebody else, and a place in a file of the
operator's is where bytes are cut off.
"""

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from db.queries.spans import TABLES
from engine.text.errors import UserError
from engine.text.terminal import clean

MAX_BYTES = 10_000


class BadCursor(UserError):
    """A file of a cursor cannot be used."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Place up to which spans were exported.

    Attributes:
        workspace: The random id of the workspace.
        event: Number of the last event.
        at: Its time; while rows are read, the time up to which they have ended.
        since: Time from which rows are read; empty for all.
        table: Table that is being read, for what had ended before the first event; empty if done.
        row: Number of the last row of that table.
        size: Bytes of the file that is written to; 0 for a collector.
    """

    workspace: str
    event: int = 0
    at: str = ""
    since: str = ""
    table: str = TABLES[0]
    row: int = 0
    size: int = 0


def cursor_file(*of: str) -> Path:
    """Return the usual file of a cursor, in the user's folder of states.

    Args:
        *of: What tells one export from another: the workspace, the target, the batch.
    """
    base = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser()
    if not base.is_absolute():
        base = Path("~/.local/state").expanduser()
    name = hashlib.sha256("\0".join(of).encode("utf-8", "replace")).hexdigest()[:32]
    return base / "safelight" / "spans" / f"{name}.json"


def read_cursor(path: Path, workspace: str) -> Cursor | None:
    """Return the place that a file has; None if there is no file.

    Raises:
        BadCursor: It is broken, or another workspace's.
    """
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(MAX_BYTES))
        cursor = _checked(document)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise BadCursor(
            f"{path} is not the place of an export: {error}.",
            remedy="Remove it to export everything again, or name another with --cursor.",
        ) from None
    if cursor.workspace != workspace:
        raise BadCursor(
            f"{path} is the place of an export of another workspace.",
            remedy="Name another with --cursor.",
        )
    return cursor


def _checked(document: Any) -> Cursor:
    if not isinstance(document, dict) or document.pop("version", None) != 1:
        raise ValueError("it has another form")
    types = {field.name: type(field.default) for field in fields(Cursor)} | {"workspace": str}
    if unknown := document.keys() - types.keys():
        raise ValueError(f"{clean(min(unknown), 40)} is unknown")
    for name, value in document.items():
        is_sound = isinstance(value, types[name]) and not isinstance(value, bool)
        if not is_sound or (isinstance(value, int) and value < 0):
            raise TypeError(f"{clean(name, 40)} is not right")
    if document.get("table", "") not in {"", *TABLES}:
        raise ValueError("its table is unknown")
    return Cursor(**document)


def write_cursor(path: Path, cursor: Cursor) -> None:
    """Replace the place in a file, whole or not at all.

    Raises:
        BadCursor: It cannot be written.
    """
    name = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".cursor-")
        with os.fdopen(descriptor, "w") as file:
            json.dump({"version": 1, **asdict(cursor)}, file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError as error:
        with suppress(OSError):
            Path(name).unlink()
        raise BadCursor(
            f"{path} cannot be written: {error.strerror or error}.",
            remedy="Name another file with --cursor.",
        ) from None
