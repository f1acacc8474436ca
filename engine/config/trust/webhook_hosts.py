"""Hosts of webhooks that only a workspace's files name: nothing is sent there without the user."""

from collections.abc import Iterable
from pathlib import Path

from engine.config.environment import Environment, same_form
from engine.config.trust.grants import is_trusted
from engine.config.trust.guard import UntrustedDestination


def host_grant(host: str) -> str:
    """Return a host as the trust file has it, unlike any address, folder or command."""
    return f"webhooks to {host}"


def hosts_of_files(hosts: Iterable[str], environment: Environment) -> list[str]:
    """Return the hosts that the user has not named, by an argument or `SAFELIGHT_API__...`."""
    return [host for host in hosts if same_form(host) not in environment.given]


def untrusted_hosts(root: Path, hosts: Iterable[str], environment: Environment) -> list[str]:
    """Return the hosts that neither the user has named nor trusted."""
    named = hosts_of_files(hosts, environment)
    return [host for host in named if not is_trusted(root, host_grant(host))]


class UntrustedHost(UntrustedDestination):
    """Events of a workspace would be sent to a host that only the workspace names."""

    def __init__(self, root: Path, host: str) -> None:
        super().__init__(root, [host_grant(host)], [])
        self._host = host
        self.message = (
            f"Events would be sent to {host}, a host that only this workspace's files name."
        )
        self.remedy = self.remedy.replace("the address", "the host")

    def again(self) -> "UntrustedHost":
        """Return the same refusal for another call, without this one's traceback."""
        return type(self)(self.root, self._host)
