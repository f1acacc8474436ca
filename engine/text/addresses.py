"""Checks of server addresses: loopback addresses, and addresses that requests may go to."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

_PLAIN = re.compile(r"[!-\[\]-~]*")
"""Visible ASCII without the backslash, which clients read in different ways."""


def is_loopback(url: str) -> bool:
    """Return True if a URL's host is a loopback address: `localhost`, 127/8 or ::1."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_url(url: str, *, with_query: bool = False) -> str:
    """Return a base URL without its trailing slash.

    Args:
        url: The address.
        with_query: Accept a query; the address is then returned as it is.

    Raises:
        ValueError: It is not an absolute https address (http only for a loopback one), or it
            holds a password, a query, a fragment or anything but visible ASCII, in which one name
            could look like another.
    """
    url = url.strip()
    if not _PLAIN.fullmatch(url):
        raise ValueError("must be plain ASCII without spaces; write other names in their xn-- form")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not _has_port(parts):
        raise ValueError("must be an address such as https://gateway.example/v1")
    if "@" in parts.netloc:
        raise ValueError("must hold no user name and no password; keys come from the environment")
    if "#" in url or ("?" in url and not with_query):
        raise ValueError(f"must hold no {'fragment' if with_query else 'query and no fragment'}")
    if parts.scheme == "http" and not is_loopback(url):
        raise ValueError("must be https; plain http is for loopback addresses only")
    return url if with_query else url.rstrip("/")


def _has_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False
