"""The server: its address, and uvicorn around the application."""

import logging
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from engine.text.addresses import is_loopback
from engine.text.errors import UserError

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

EXTRA = "api"

DRAIN_SECONDS = 5
"""Seconds that open requests may take when the server stops."""

PACKAGES: Mapping[str, str] = {
    "aiofiles": "aiofiles",
    "jinja2": "jinja2",
    "jwt": "pyjwt",
    "python_multipart": "python-multipart",
    "starlette": "starlette",
    "uvicorn": "uvicorn",
    "uvloop": "uvloop",
}
"""Packages of the extra as they are installed, by the modules that they bring."""


class CannotServe(UserError):
    """The server cannot start as it was asked to."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Address of a server, and its protection.

    Attributes:
        host: Address or name of an interface.
        port: Port; 0 for a free one.
        behind_proxy: Addresses of the proxies whose `X-Forwarded-` headers are believed.
        certificate: File with the certificate chain, for TLS.
        key: File with its key.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    behind_proxy: Collection[str] = field(default_factory=tuple)
    certificate: Path | None = None
    key: Path | None = None

    @property
    def scheme(self) -> str:
        """`https` with a certificate, else `http`."""
        return "https" if self.certificate else "http"

    @property
    def url(self) -> str:
        """Its address as it was wished for, as `http://localhost:8000`."""
        host = self.host.strip("[]")
        return f"{self.scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"

    def check(self) -> None:
        """Refuse to listen beyond this machine without TLS.

        Raises:
            CannotServe: Tokens would cross the network in the clear, or a file is missing.
        """
        if (self.certificate is None) != (self.key is None):
            raise CannotServe("TLS needs both a certificate and its key.")
        for file in (self.certificate, self.key):
            if file is not None and not file.is_file():
                raise CannotServe(f"{file}: there is no such file.")
        if self.certificate is None and not self.behind_proxy and not is_loopback(self.url):
            raise CannotServe(
                f"{self.host} can be reached from other machines, and tokens would cross the "
                "network in the clear.",
                remedy="Name a certificate with --tls-cert and --tls-key, or the proxy that has "
                "one with --behind-proxy ADDRESS; or use an SSH tunnel to 127.0.0.1.",
            )


def refuse_without_extra() -> None:
    """Refuse to start if a package of the extra is not installed.

    Raises:
        CannotServe: One is not; the remedy is the command that installs them.
    """
    from importlib.util import find_spec

    from engine.contract.packages import missing_packages

    if lacking := [name for module, name in PACKAGES.items() if find_spec(module) is None]:
        requirement = missing_packages(*lacking, extra=EXTRA)
        raise CannotServe(f"The HTTP API needs {requirement.what}.", remedy=requirement.remedy)


def bind(listening: Listening) -> socket.socket:
    """Return a bound socket.

    Raises:
        CannotServe: The port is taken, or the address is not this machine's.
    """
    host = listening.host.strip("[]")
    try:
        family = socket.getaddrinfo(host, listening.port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, listening.port))
    except OSError as error:
        raise CannotServe(
            f"{listening.host}:{listening.port} cannot be used: {error.strerror or error}.",
            remedy="Choose another with --host and --port.",
        ) from None
    bound.set_inheritable(True)
    return bound


def address_of(listening: Listening, bound: socket.socket) -> str:
    """Return the address of a bound server, as `http://127.0.0.1:8000`."""
    host, port = bound.getsockname()[:2]
    return f"{listening.scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def make_server(app: "ASGIApp", listening: Listening) -> "uvicorn.Server":
    """Return a server of an application; it logs no address, which might hold a secret."""
    import uvicorn

    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        proxy_headers=bool(listening.behind_proxy),
        forwarded_allow_ips=list(listening.behind_proxy) or "",
        timeout_graceful_shutdown=DRAIN_SECONDS,
        ssl_certfile=listening.certificate,
        ssl_keyfile=listening.key,
        h11_max_incomplete_event_size=64 << 10,
    )
    return uvicorn.Server(config)
