"""Names of machines in the settings, as the user's own `ssh` takes them."""

import re
from dataclasses import dataclass

from engine.contract.host_settings import MACHINE

_NAME = re.compile(MACHINE)


@dataclass(frozen=True, slots=True)
class SshTarget:
    """A machine for `ssh`.

    Attributes:
        host: Its name or address, or a name of the user's ssh configuration.
        user: Name of the user there, empty for what ssh takes.
        port: Its port, 0 for what ssh takes.
    """

    host: str
    user: str = ""
    port: int = 0

    def arguments(self) -> list[str]:
        """Return the last arguments of `ssh` before the command; none of them is an option."""
        port = ["-p", str(self.port)] if self.port else []
        return [*port, "--", f"{self.user}@{self.host}" if self.user else self.host]


def ssh_target(name: str) -> SshTarget:
    """Return what a name stands for: `gpu-a`, `gpu-b:2222`, `user@gpu-c`, `ssh://user@[::1]:22`.

    Raises:
        ValueError: It is not such a name.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError("not the name of a machine")
    parts = match.groupdict(default="")
    return SshTarget(parts["host"].strip("[]"), parts["user"], int(parts["port"] or 0))
