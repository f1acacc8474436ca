"""Keep the user's own keys from addresses that a workspace sets and the user has not trusted.

A workspace may come from somebody else, with settings, `.env` files and queued batches that name a
server. Values from the command line, the environment or Python are the user's own choice.
"""

import os
import shlex
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Self

from pydantic import BaseModel

from engine.config.environment import RecordingEnvironment, is_address, same_form
from engine.config.trust.grants import is_trusted, is_trusted_folder
from engine.contract import Blocked
from engine.text.terminal import clean


class UntrustedDestination(Blocked):
    """A key of the user would go to an address that the user has not trusted.

    Attributes:
        root: The workspace that sets the address.
        addresses: The addresses.
        where: The same, for messages.
        key_names: The keys.
    """

    def __init__(self, root: Path, addresses: Sequence[str], key_names: Sequence[str]) -> None:
        where = self.where = " and ".join(clean(address, 300) for address in addresses)
        keys = " and ".join(key_names)
        super().__init__(
            f"{keys} of your environment would be sent to {where}, an address that this "
            "workspace sets and you have not trusted.",
            reason="key",
            remedy=f"If the address is right, run: safelight trust {shlex.quote(str(root))}; "
            "then resume.",
        )
        self.root, self.addresses, self.key_names = root, tuple(addresses), tuple(key_names)

    def __str__(self) -> str:
        """Return the refusal of a command, which has queued nothing that could be resumed."""
        return f"{self.message} {self.remedy.replace('; then resume.', ', and try again.')}"

    def again(self) -> Self:
        """Return the same refusal for another call, without this one's traceback."""
        copy = type(self)(self.root, self.addresses, self.key_names)
        copy.lane = self.lane
        return copy


class OutsideWorkspace(UntrustedDestination):
    """A workspace would write into a folder outside it that the user has not named.

    Args:
        root: The workspace.
        folder: The folder.
        what: What would be written there.
    """

    def __init__(self, root: Path, folder: Path, what: str = "Results") -> None:
        super().__init__(root, [str(folder)], [])
        self._what = what
        self.message = (
            f"{what} would be written to {self.where}, a folder outside this workspace that only "
            "the workspace itself names."
        )
        self.remedy = self.remedy.replace("the address", "the folder")
        self.reason = "disk"

    def again(self) -> Self:
        """Return the same refusal for another call, without this one's traceback."""
        return type(self)(self.root, Path(self.addresses[0]), self._what)


def refuse_outside(root: Path, folder: Path, named: Collection[str] = ()) -> set[str]:
    """Check a folder of outputs.

    Args:
        root: The workspace.
        folder: The folder, absolute and without `..`.
        named: Folders named by the user.

    Returns:
        The folder, if it is outside and the user has named it.

    Raises:
        OutsideWorkspace: It is outside, and the user has neither named nor trusted it.
    """
    if folder.is_relative_to(root) or is_trusted_folder(root, folder):
        return set()
    if not any(os.path.normpath(root / place) == str(folder) for place in named):
        raise OutsideWorkspace(root, folder)
    return {str(folder)}


def addresses_in(settings: BaseModel) -> set[str]:
    """Return the addresses that a backend's settings name, other than its own defaults."""
    fields = type(settings).model_fields
    addresses = set()
    for name, value in settings:
        text = value if isinstance(value, str) else str(value) if _is_url(value) else ""
        usual = fields[name].get_default(call_default_factory=True) if name in fields else None
        if value != usual and is_address(name, text):
            addresses.add(same_form(text))
    return addresses


def refuse_untrusted(settings: BaseModel, watched: RecordingEnvironment) -> None:
    """Check a backend created from settings and an environment.

    Args:
        settings: Its settings.
        watched: The environment; the variables looked up are those the backend uses.

    Raises:
        UntrustedDestination: It has a key of the user and an address that the user has not
            agreed to.
    """
    keys = watched.keys_of_user
    if not keys:
        return
    environment = watched.environment
    named = addresses_in(settings) | watched.addresses_of_workspace
    unknown = {address for address in named if not is_trusted(environment.root, address)}
    environment.relied_on |= unknown & environment.given
    if untrusted := sorted(unknown - environment.given):
        raise UntrustedDestination(environment.root, untrusted, keys)


def _is_url(value: object) -> bool:
    """Return whether it is one of pydantic's own types of addresses."""
    return type(value).__module__.startswith(("pydantic.networks", "pydantic_core"))
