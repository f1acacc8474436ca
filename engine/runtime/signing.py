"""Signing of outputs as an engine needs it. Whoever makes an engine hands it in."""

import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from engine.config.settings import Settings
from engine.contract.outputs import UNSIGNED, Publisher


class Signing(Protocol):
    """Signs files that leave the store, if the workspace's settings ask for it."""

    @property
    def is_on(self) -> bool:
        """True if files are to be signed."""
        ...

    def check(self) -> None:
        """Check that files can be signed, if they are to be, before any is generated.

        Raises:
            Blocked: They cannot be.
        """
        ...

    def publisher(self, connection: sqlite3.Connection) -> Publisher:
        """Return the publisher of files, with a reader of the store."""
        ...

    def sweep(self) -> None:
        """Remove what killed processes have left half-written."""
        ...

    def forget(self, artifacts: Iterable[str]) -> None:
        """Remove the signed copies of stored files that are deleted, by their hashes."""
        ...


Signer = Callable[[Settings, Callable[[str], Path]], Signing]
"""Returns the signing of a workspace, from its settings and from the path of the stored file of a
hash. It is called again whenever the settings are read again."""


class _Unsigned:
    """Signs nothing."""

    is_on = False

    def check(self) -> None:
        """Do nothing."""

    def publisher(self, connection: sqlite3.Connection) -> Publisher:
        """Return the publisher that leaves every file as it is."""
        return UNSIGNED

    def sweep(self) -> None:
        """Do nothing."""

    def forget(self, artifacts: Iterable[str]) -> None:
        """Do nothing."""


def unsigned(settings: Settings, stored: Callable[[str], Path]) -> Signing:
    """Return signing that signs nothing, for engines whose outputs nobody else gets."""
    return _Unsigned()
