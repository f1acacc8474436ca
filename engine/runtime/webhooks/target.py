"""Addresses of webhooks: hosts that settings name, resolved once, never private unless named."""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from engine.text.addresses import checked_url
from engine.text.errors import UserError
from engine.text.terminal import clean, quoted

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses that a gateway translates to an IPv4 address, their last 32 bits."""

_NOT_PUBLIC = tuple(
    map(ipaddress.ip_network, ("192.0.0.0/24", "64:ff9b:1::/48", "2001::/23", "5f00::/16"))
)
"""Networks for special use that some versions of Python take for public."""

MAX_URL = 2000


class WebhookRefused(UserError):
    """An address is not one that webhooks may be sent to."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address of a webhook, by its parts.

    Attributes:
        url: The whole address; its query may hold a secret of the receiver, so it is in no log.
        scheme: `https`, or `http` for a loopback address.
        host: Name or address of the host.
        port: Port.
        path: Path and query.
    """

    url: str
    scheme: str
    host: str
    port: int
    path: str

    @property
    def shown(self) -> str:
        """The address for logs and lists, without its path and query."""
        return clean(f"{self.scheme}://{self.netloc}", 200)

    @property
    def netloc(self) -> str:
        """Host and port, as in the header Host; the port only if it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"http": 80, "https": 443}[self.scheme]
        return host if self.port == usual else f"{host}:{self.port}"

    def at(self, address: Address) -> str:
        """Return its URL with an IP address in the place of the host's name."""
        host = f"[{address}]" if address.version == 6 else str(address)
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def target_of(url: str) -> Target:
    """Return an address by its parts.

    Raises:
        WebhookRefused: It is not an https address (http for a loopback one), or holds a password.
    """
    try:
        if len(url) > MAX_URL:
            raise ValueError(f"must have at most {MAX_URL} characters")
        parts = urlsplit(checked_url(url, with_query=True))
    except ValueError as error:
        raise WebhookRefused(f"The address of a webhook {error}.") from None
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.geturl(), parts.scheme, parts.hostname or "", port, path)


class AllowedHosts:
    """The hosts that webhooks may be sent to.

    Args:
        entries: A name or `name:port` for each host. An address or a network (`10.0.0.0/8`) also
            allows hosts that resolve to it, although it is private.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        self._names = {entry.strip().lower() for entry in entries}
        self._networks = [network for name in self._names for network in _networks(name)]

    def names(self, target: Target) -> bool:
        """Return True if an entry is a target's host, or its host and port."""
        host = target.host.lower()
        bracketed = f"[{host}]" if ":" in host else host
        return bool(self._names & {host, bracketed, f"{bracketed}:{target.port}"})

    def check(self, target: Target) -> None:
        """Check the name of a host.

        Raises:
            WebhookRefused: The settings do not name it.
        """
        if not self.names(target):
            raise WebhookRefused(
                f"Webhooks are not sent to {quoted(target.host, 100)}: the settings do not name "
                "it.",
                remedy=f'Add "{clean(target.host, 100)}" to webhook_hosts of [api] in '
                "safelight.toml.",
            )

    async def resolve(self, target: Target) -> list[Address]:
        """Resolve a host once; return the addresses that a message may go to, in order.

        Raises:
            WebhookRefused: It is not named, or all of its addresses are private and not named.
            OSError: It cannot be resolved.
        """
        self.check(target)
        loop = asyncio.get_running_loop()
        rows = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        resolved = list(dict.fromkeys(ipaddress.ip_address(row[4][0]) for row in rows))
        allowed = [address for address in resolved if self._may_connect(address)]
        if not allowed:
            raise WebhookRefused(
                f"Webhooks are not sent to {quoted(target.host, 100)}: it resolves to "
                f"{_in_words(resolved)}, which is not public.",
                remedy="If that is right, add the address to webhook_hosts of [api].",
            )
        return allowed

    def _may_connect(self, address: Address) -> bool:
        plain = _plain(address)
        if any(plain in network or address in network for network in self._networks):
            return True
        if any(plain in network or address in network for network in _NOT_PUBLIC):
            return False
        return plain.is_global and not plain.is_multicast


def _networks(entry: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Return the network of an entry that is one or an address, with a port or not."""
    for text in (entry, entry.rpartition(":")[0], entry.rpartition(":")[0].strip("[]")):
        try:
            return [ipaddress.ip_network(text)]
        except ValueError:
            continue
    return []


def _plain(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, if it does."""
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _in_words(addresses: Sequence[Address]) -> str:
    return " and ".join(str(address) for address in addresses[:4]) or "no address"
