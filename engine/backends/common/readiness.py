"""What a remote backend lacks: its key or its package."""

import importlib.util
from collections.abc import Mapping

from engine.capabilities import Missing


def find_key(environment: Mapping[str, str], *names: str) -> str | None:
    """The first key that is set and not blank among the names, without the spaces around it."""
    return next((key for name in names if (key := environment.get(name, "").strip())), None)


def missing_key(*names: str) -> Missing:
    """That no key is set.

    Args:
        names: Names under which it is looked for, the usual one first.
    """
    others = f" (or {', '.join(names[1:])})" if names[1:] else ""
    return Missing(
        what=names[0],
        remedy=f"Set {names[0]}{others} in the environment or in .env, then resume.",
        reason="key",
    )


def has_package(module: str) -> bool:
    """Whether a module can be imported; it is not imported."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ModuleNotFoundError, ValueError):  # a parent package is missing, or only half there
        return False


def missing_package(package: str, extra: str = "cloud") -> Missing:
    """That a package is not installed.

    Args:
        package: Its name as it is installed, for example `google-genai`.
        extra: Safelight's extra that brings it.
    """
    return Missing(
        what=f"the package {package}",
        remedy=f"Run: pip install 'safelight[{extra}]'.",
        reason="backend",
    )
