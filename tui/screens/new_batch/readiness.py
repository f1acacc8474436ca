"""Readiness of backends, and the missing requirements of the others.

A separate process checks: loading every provider's client takes a second, which would delay keys.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from engine.text.terminal import clean

Readiness = Mapping[str, Mapping[str, str]]
"""Missing requirements by capability and then by backend; empty if a backend is ready."""

PATIENCE_SECONDS = 60.0

SHOWN = 2
"""Number of missing requirements of a backend that are named."""


def read_readiness(root: Path) -> Readiness:
    """Check each backend in a workspace; return an empty result if that fails."""
    command = [sys.executable, "-m", "safelight", "backends", "--json", "--workspace", str(root)]
    try:
        said = subprocess.run(  # noqa: S603 - our own program, no shell
            command, capture_output=True, check=True, timeout=PATIENCE_SECONDS
        )
        families = json.loads(said.stdout)["backends"]
    except (OSError, ValueError, KeyError, subprocess.SubprocessError):
        return {}
    found: dict[str, dict[str, str]] = {}
    for family in families:
        for made in family["capabilities"]:
            found.setdefault(made["capability"], {})[family["name"]] = _in_words(made["missing"])
    return found


def _in_words(missing: Sequence[Mapping[str, object]]) -> str:
    """Return the first requirements, and how many more there are; empty if there are none."""
    names = [clean(str(item["what"]), 300) for item in missing[:SHOWN]]
    rest = len(missing) - len(names)
    return ", ".join(names) + (f" and {rest} more" if rest else "")


def what_lacks(readiness: Readiness, named: Iterable[tuple[str, str]]) -> str:
    """Return the missing requirements of the chosen backends, in a sentence each.

    Args:
        readiness: Missing requirements of each.
        named: Capability and text of each setting that names backends.
    """
    lacking: dict[str, str] = {}
    for capability, text in named:
        for name in (part.strip() for part in text.split(",")):
            if lacks := readiness.get(capability, {}).get(name):
                lacking[name] = f"{name} needs {lacks}."
    return " ".join(lacking.values())
