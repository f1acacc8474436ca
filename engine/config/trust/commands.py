"""Commands that a workspace's settings name: run only if its user has allowed them.

A workspace may come from somebody else. A command in the environment of the process, or given by
Python, is the user's own.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.config.trust.grants import is_trusted

ALERT_VARIABLE = "SAFELIGHT_ALERTS__COMMAND"
"""Environment variable with the command of alerts."""


def grant_of(command: str) -> str:
    """Return a command as the trust file has it, unlike any address or folder."""
    return f"run {command}"


def is_allowed(root: Path, command: str, overrides: Mapping[str, Any] | None = None) -> bool:
    """Return True if a workspace's command of alerts may be run."""
    of_python = (overrides or {}).get("alerts", {})
    allowed = {os.environ.get(ALERT_VARIABLE), of_python.get("command")}
    return command in allowed or is_trusted(root, grant_of(command))
