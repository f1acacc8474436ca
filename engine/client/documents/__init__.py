"""Plain data about a workspace, as `--json` prints it and the HTTP API answers with.

One subject per module. Their fields are in `docs/cli.md`; within version 1 fields are only added.
"""

from typing import Any

VERSION = 1
"""Version of every document."""


def versioned(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document with its version."""
    return {"version": VERSION, **document}
