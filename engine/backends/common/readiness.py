"""Missing requirements of a remote backend: its key or its package."""

import asyncio
import importlib
import importlib.util
import socket
import threading
from collections.abc import Mapping
from types import ModuleType
from urllib.parse import urlsplit

from engine.backends.common.proxies import proxies_hidden
from engine.contract import Blocked, MissingRequirement
from engine.contract.install import install_command
from engine.text.addresses import is_loopback
from engine.text.keys import Key

CONNECT_SECONDS = 0.5
"""Time for a server of this machine to accept a connection before it counts as silent."""

_importing = threading.Lock()


def find_key(environment: Mapping[str, str], *names: str) -> Key | None:
    """The first key that is set and not blank among the names, without the spaces around it."""
    return next((Key(k, name) for name in names if (k := environment.get(name, "").strip())), None)


def missing_key(*names: str) -> MissingRequirement:
    """Return the requirement of a key.

    Args:
        names: Names under which it is looked for, the usual one first.
    """
    others = f" (or {', '.join(names[1:])})" if names[1:] else ""
    return MissingRequirement(
        what=names[0],
        remedy=f"Set {names[0]}{others} in the environment or in .env, then resume.",
        reason="key",
    )


def unusable_key(key: str | None) -> MissingRequirement | None:
    """Return a requirement if a key is invalid; None if it may be valid, or is not set."""
    if not isinstance(key, Key) or not key.fault:
        return None
    return MissingRequirement(
        what=f"a usable {key.name}",
        remedy=f"{key.name} {key.fault}: copy the key again, without what is around it, then "
        "resume.",
        reason="key",
    )


def has_package(module: str) -> bool:
    """Return True if a module can be imported; it is not imported."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ModuleNotFoundError, ValueError):  # a parent package is missing, or only half there
        return False


def silent(name: str, address: str, remedy: str) -> MissingRequirement | None:
    """Return a requirement if nothing accepts connections at an address of this machine.

    Other machines are not asked: that takes time, and says more than whoever looks may want.

    Args:
        name: What should answer there.
        address: Where, as a URL.
        remedy: How it is started.

    Returns:
        None where something does, or the address is not a loopback one.
    """
    if not is_loopback(address):
        return None
    parts = urlsplit(address)
    place = (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    try:
        with socket.create_connection(place, timeout=CONNECT_SECONDS):
            return None
    except OSError:
        return MissingRequirement(what=f"{name} at {address}", remedy=remedy, reason="backend")


def _imported(module: str) -> ModuleType:
    """A module, and `httpx` before it.

    A client that finds `httpx` among the modules uses it, also while another thread is only half
    through with importing it for another client.
    """
    with _importing:
        if has_package("httpx"):
            importlib.import_module("httpx")
        try:
            return importlib.import_module(module)
        except ImportError as error:
            if "socks" not in str(error).lower():
                raise
        with proxies_hidden():  # Ollama's makes a client as it is imported
            return importlib.import_module(module)


async def load(module: str, package: str, extra: str = "cloud") -> ModuleType:
    """Import a provider's client in a thread: it can take seconds and must not block others.

    Raises:
        Blocked: It is not installed.
    """
    try:
        return await asyncio.to_thread(_imported, module)
    except ImportError as error:
        raise Blocked(
            f"The package {package} cannot be imported: {error}.",
            reason="backend",
            remedy=f"Run: {install_command(extra=extra)} (then resume)",
        ) from error
