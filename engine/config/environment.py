"""The variables that backends take keys and addresses from, and the source of each."""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

_SECRET = re.compile(
    r"(?:^|_)(?:API)?(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|AUTH|HEADERS)(?:_|$)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(?:^|_)(?:URL|URI|HOST|HOSTNAME|ENDPOINT|ADDRESS|SERVER|PROXY)$", re.IGNORECASE
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_PLACES = (
    "SAFELIGHT_API",
    "SAFELIGHT_ARTIFACTS",
    "SAFELIGHT_BACKENDS",
    "SAFELIGHT_HOSTS",
    "SAFELIGHT_OUTPUTS",
)
"""Prefixes of the variables that may hold addresses, machines and folders of the user."""


class Environment(dict[str, str]):
    """The process's environment over a workspace's `.env` files.

    Args:
        root: The workspace.
        files: Variables of its `.env` files.
        given: Addresses and folders set by the user, not by a file of the workspace.
        linked: The names in `files` from files that a link outside the workspace leads to.

    Attributes:
        root: The workspace.
        of_workspace: The names whose values come from the workspace's files.
        own_keys: The names in `of_workspace` whose keys are the workspace's own. A key found
            through a link out of the workspace is the user's.
        given: Addresses and folders set by the user, by arguments or by `SAFELIGHT_...`.
        relied_on: The entries of `given` without which a key would have been withheld.
    """

    def __init__(
        self,
        root: Path,
        files: Mapping[str, str],
        given: Iterable[str] = (),
        linked: Iterable[str] = (),
    ) -> None:
        super().__init__({**files, **os.environ})
        self.root = root
        self.of_workspace = {name for name in files if self[name] == files[name]}
        self.own_keys = self.of_workspace.difference(linked)
        self.given = {same_form(address) for address in (*given, *_given_by_environment())}
        self.relied_on: set[str] = set()


class RecordingEnvironment(Mapping[str, str]):
    """Environment that records the names that are looked up.

    Args:
        environment: Source of the values.

    Attributes:
        environment: The same.
        asked: The names that were looked up, set or not.
    """

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self.environment[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.environment)

    def __len__(self) -> int:
        return len(self.environment)

    @property
    def key_names(self) -> list[str]:
        """Names of the keys that were looked up, set or not."""
        return sorted(name for name in self.asked if _SECRET.search(name))

    @property
    def keys_of_user(self) -> list[str]:
        """Names of the keys that were looked up and are the user's own, not the workspace's."""
        own_keys = self.environment.own_keys
        return [
            name
            for name in self.key_names
            if name not in own_keys and self.environment.get(name, "").strip()
        ]

    @property
    def addresses_of_workspace(self) -> set[str]:
        """The addresses that were looked up and come from the workspace's files."""
        names = {name for name in self.asked if _ADDRESS.search(name)}
        return {same_form(self.environment[name]) for name in names & self.environment.of_workspace}


def is_address(name: str, value: str) -> bool:
    """Return True if a setting is the address of a server, by its name or its value."""
    return bool(value.strip() and (_ADDRESS.search(name) or _SCHEME.match(value.strip())))


def same_form(address: str) -> str:
    """Return an address in the form in which addresses are compared."""
    return address.strip().rstrip("/")


def texts_in(value: Any) -> Iterator[str]:
    """Yield every text in plain data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_in(inner)


def _given_by_environment() -> Iterator[str]:
    for name, value in os.environ.items():
        if name.upper().startswith(_PLACES):
            yield value
            try:
                yield from texts_in(json.loads(value))
            except (ValueError, RecursionError):
                continue
