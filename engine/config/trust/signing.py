"""Keys and authorities that only a workspace's files name: nothing is signed with them unasked.

A workspace may come from somebody else, and could have a key of the user sign what it wants.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.config.provenance_settings import ProvenanceSettings
from engine.config.trust.grants import is_trusted

VARIABLE = "SAFELIGHT_PROVENANCE__"
"""Start of the environment variables of these settings, which are the user's own."""


def signing_grants(
    settings: ProvenanceSettings, overrides: Mapping[str, Any] | None = None
) -> Iterator[str]:
    """Yield what the user has to agree to, as the trust file has it.

    Args:
        settings: The settings.
        overrides: Settings that were given by Python, which are the user's own.
    """
    of_python = (overrides or {}).get("provenance", {})

    def is_own(name: str, value: str) -> bool:
        return value in (os.environ.get(f"{VARIABLE}{name.upper()}"), of_python.get(name))

    if settings.sign == "file" and settings.key and not is_own("key", settings.key):
        yield f"sign with {settings.key}"
    if settings.sign != "off" and settings.tsa and not is_own("tsa", settings.tsa):
        yield f"time stamps of {settings.tsa}"


def untrusted_signing(
    root: Path, settings: ProvenanceSettings, overrides: Mapping[str, Any] | None = None
) -> list[str]:
    """Return what the user has not agreed to."""
    return [one for one in signing_grants(settings, overrides) if not is_trusted(root, one)]
