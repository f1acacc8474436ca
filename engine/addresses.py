"""Addresses of servers: which are of this machine, and which may be asked at all."""

import ipaddress
from urllib.parse import urlsplit


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine by its loopback address: `localhost`, 127/8 or ::1."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_url(url: str) -> str:
    """A base URL without its last slash.

    Raises:
        ValueError: It is not an absolute https address (http only for a loopback one), or it
            holds a password, a query or a fragment.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address such as https://gateway.example/v1")
    if parts.username or parts.password:
        raise ValueError("must hold no user name and no password; keys come from the environment")
    if parts.query or parts.fragment:
        raise ValueError("must hold no query and no fragment")
    if parts.scheme == "http" and not is_loopback(url):
        raise ValueError("must be https; plain http is for loopback addresses only")
    return url.strip().rstrip("/")
