"""The Python door to another machine's workspace."""

from engine.client.remote.async_workspace import AsyncRemoteWorkspace
from engine.client.remote.server import server_of
from engine.client.remote.workspace import RemoteWorkspace


def connect(url: str, *, token: str | None = None) -> RemoteWorkspace:
    """Connect to a workspace of another machine, over its HTTP API.

    Args:
        url: Address of `safelight api`, https, or http on this machine.
        token: The token; by default `SAFELIGHT_TOKEN`, or the one that `safelight login` kept.

    Raises:
        ServerError: The address or the token cannot be used.
    """
    return RemoteWorkspace(server_of(url, token))


def connect_async(url: str, *, token: str | None = None) -> AsyncRemoteWorkspace:
    """Connect to a workspace of another machine for asyncio; arguments as for `connect`."""
    return AsyncRemoteWorkspace(server_of(url, token))
