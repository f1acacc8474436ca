"""Checks of a judge: what it looked for, with the verdicts, failures first."""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from db.queries.inspect import step_texts
from engine.text.terminal import clean

MAX_CHECKS = 200
"""Maximum checks that are shown."""

MAX_RESULT = 200_000
"""Characters of a result that is searched for checks; of a longer one none are shown."""

ORDER = ("unmet", "partly", "met", "unknown")
"""Verdicts in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One thing that was looked for; all texts are cleaned.

    Attributes:
        name: The thing.
        verdict: One of `ORDER`.
        value: What was seen; may be empty.
        expected: What was expected; may be empty.
    """

    name: str
    verdict: str
    value: str = ""
    expected: str = ""


def checks_of(connection: sqlite3.Connection, step_id: int | None) -> tuple[CheckLine, ...]:
    """Return the checks in the result of a step, failures first; empty if it has none."""
    if step_id is None:
        return ()
    _, result = step_texts(connection, step_id, MAX_RESULT)
    return read_checks(result)


def read_checks(result: str) -> tuple[CheckLine, ...]:
    """Return the checks in a result as JSON; empty if it has none, or is anything else."""
    items = document_with(result, "checks").get("checks")
    lines = [_line(item) for item in items[:MAX_CHECKS]] if isinstance(items, list) else []
    known = [line for line in lines if line is not None]
    return tuple(sorted(known, key=lambda line: ORDER.index(line.verdict)))


def document_with(result: str, name: str) -> dict[str, Any]:
    """Return a result as JSON if the name is in it; empty otherwise, and if it is no object."""
    if f'"{name}"' not in result:
        return {}
    try:
        document = json.loads(result)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _line(item: Any) -> CheckLine | None:
    if not isinstance(item, dict) or item.get("verdict") not in ORDER:
        return None
    name, value, expected = (
        clean(str(item.get(key, "")), 80) for key in ("name", "value", "expected")
    )
    return CheckLine(name, item["verdict"], value, expected)
