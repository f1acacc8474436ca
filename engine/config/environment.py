"""The variables that backends take keys and addresses from, with who has set each of them."""

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
_PLACES = ("SAFELIGHT_BACKENDS", "SAFELIGHT_OUTPUTS")
"""How the names of variables begin that may hold addresses and folders of the user."""


class Environment(dict[str, str]):
    """The process's environment with a workspace's `.env` files under it.

    Args:
        root: The workspace.
        files: What its `.env` files say.
        given: Addresses and folders that no file of the workspace has given, but the user.
        linked: The names in `files` that are from files to which a link leads out of the workspace.

    Attributes:
        root: The workspace.
        of_workspace: The names whose values come from the workspace's files.
        own_keys: Those of them whose keys are the workspace's own. A key that is found through a
            link out of the workspace is the user's.
        given: What the user has given of them, by arguments or by `SAFELIGHT_...`.
        relied_on: Those of them without which a key would have been kept back.
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
    """An environment that notes what it is asked for.

    Args:
        environment: Where the values are.

    Attributes:
        environment: The same.
        asked: The names that were looked up, whether they are there or not.
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
        """The keys that were looked up, there or not."""
        return sorted(name for name in self.asked if _SECRET.search(name))

    @property
    def keys_of_user(self) -> list[str]:
        """The keys that were looked up and are the user's own, not the workspace's."""
        own = self.environment.own_keys
        return [
            name
            for name in self.key_names
            if name not in own and self.environment.get(name, "").strip()
        ]

    @property
    def addresses_of_workspace(self) -> set[str]:
        """The addresses that were looked up and come from the workspace's files."""
        found = {name for name in self.asked if _ADDRESS.search(name)}
        return {same_form(self.environment[name]) for name in found & self.environment.of_workspace}


def is_address(name: str, value: str) -> bool:
    """Whether a setting says which server is asked, by its name or its value."""
    return bool(value.strip() and (_ADDRESS.search(name) or _SCHEME.match(value.strip())))


def same_form(address: str) -> str:
    """An address in the form in which addresses are compared."""
    return address.strip().rstrip("/")


def texts_in(value: Any) -> Iterator[str]:
    """Every text in plain data."""
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
