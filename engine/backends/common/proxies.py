"""Proxies that the environment names, and the packages that clients need for them."""

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from engine.contract import Blocked
from engine.contract.install import install_command
from engine.text.addresses import is_loopback

_SOCKS = {
    "httpx": ("socksio", "httpx[socks]"),
    "httpx2": ("socksio", "httpx2[socks]"),
    "requests": ("socks", "requests[socks]"),
}
"""For each client, the module that speaks SOCKS for it, and what brings that module."""

_SETS_UP_ALL = frozenset({"httpx", "httpx2"})
"""Clients that set up every proxy at once, also for addresses that `NO_PROXY` names."""

_KNOWN = frozenset({"http", "https", "socks5", "socks5h"})


def refuse_unusable_proxy(client: str, address: str) -> None:
    """Check that a client can use the proxies that are set; loopback addresses use none.

    Args:
        client: `httpx`, `httpx2` or `requests`.
        address: Where the client is going to connect to.

    Raises:
        Blocked: A proxy is of a kind that is not known, or its package is missing.
    """
    proxies = getproxies()
    if is_loopback(address) or proxies.get("no", "").strip() == "*":
        return
    if client not in _SETS_UP_ALL and proxy_bypass(urlsplit(address).hostname or ""):
        return
    for kind in ("http", "https", "all"):
        if proxy := proxies.get(kind):
            _check(client, f"{kind.upper()}_PROXY", proxy)


@contextmanager
def proxies_hidden() -> Iterator[None]:
    """Hide the environment's proxies from clients created meanwhile, in any thread.

    Only for a moment, where the package for a SOCKS proxy is missing: `httpx` can use none then.
    """
    kept = {name: os.environ.get(name) for name in ("NO_PROXY", "no_proxy")}
    os.environ.update(dict.fromkeys(kept, "*"))
    try:
        yield
    finally:
        for name, value in kept.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _check(client: str, name: str, proxy: str) -> None:
    scheme = proxy.partition("://")[0].lower() if "://" in proxy else "http"
    module, package = _SOCKS[client]
    if scheme not in _KNOWN:
        raise Blocked(
            f"{name} names a proxy of an unknown kind.",
            reason="backend",
            remedy=f"Set {name} to an http:// or socks5:// address, or unset it; then resume.",
        )
    if scheme.startswith("socks") and importlib.util.find_spec(module) is None:
        raise Blocked(
            f"{name} names a SOCKS proxy, and {client} lacks the package for it.",
            reason="backend",
            remedy=f"Run: {install_command(package=package)} (or unset {name}; then resume)",
        )
