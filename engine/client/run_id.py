"""The name of a run, for logs and the rows of engines."""

import os
from datetime import UTC, datetime

_LONGEST = 80


def run_id() -> str:
    """Return the name of this run: `RUN_ID` if it is set and safe, else time and pid."""
    text = os.environ.get("RUN_ID", "")
    if text and len(text) <= _LONGEST and all(c.isalnum() or c in "._-" for c in text):
        return text.lstrip(".") or "run"
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}"
