"""A workspace that is open, before anything is done to it."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from db.store import Store
from engine import __version__
from engine.client.abandoned import remove_abandoned
from engine.client.commands import Commands
from engine.client.engine_process import Holder, engine_holder, suspended_holder
from engine.client.reading import reading
from engine.config.paths import WorkspacePaths

if TYPE_CHECKING:  # each is imported by the first call that needs it
    from engine.client.webhooks import Webhooks
    from engine.config.settings import Settings
    from engine.kinds.thumbnails import Previews, Thumbnails
    from engine.plugins.catalog import EntryPointCatalog
    from engine.provenance.publisher import Signing
    from engine.runtime.artifacts import ArtifactStore


class OpenedWorkspace:
    """A workspace that is open: its folders, its store, its settings, its catalog.

    Args:
        root: The workspace's folder.
        create: Make the workspace where there is none.
        catalog: Where recipes and backends are found; by default the installed ones.
        overrides: Settings that win over files and environment.
        private: The private folder, if it is not in `root`; see `trial`.
        check_settings: Read the settings now; otherwise when they are first needed.

    Attributes:
        shown_root: The folder as it was given, for messages.
        paths: Its folders.
        store: Its store.
        commands: Commands of operators.

    Raises:
        StoreError: The store cannot be used.
        SettingsError: A setting is wrong.
    """

    def __init__(
        self,
        root: Path,
        *,
        create: bool = False,
        catalog: "EntryPointCatalog | None" = None,
        overrides: Mapping[str, Any] | None = None,
        private: Path | None = None,
        check_settings: bool = True,
    ) -> None:
        self.shown_root = root
        self.paths = WorkspacePaths(root.absolute(), private)
        self._given_catalog = catalog
        self._overrides = overrides
        if create:
            self.store = Store.create(self.paths.store, created_by=__version__)
        else:
            self.store = Store(self.paths.store)
        self.commands = Commands(
            self.paths, self.store, lambda: self.catalog, lambda: self.artifacts
        )
        if check_settings:
            self.settings  # noqa: B018 - reads them
        remove_abandoned(self.store)

    @cached_property
    def settings(self) -> "Settings":
        """The workspace's settings, as they were when they were first needed."""
        from engine.config.settings import read_settings

        return read_settings(self.shown_root, self._overrides)

    @cached_property
    def catalog(self) -> "EntryPointCatalog":
        """The recipes and backends that are installed."""
        from engine.plugins.catalog import EntryPointCatalog

        return self._given_catalog or EntryPointCatalog()

    @cached_property
    def webhooks(self) -> "Webhooks":
        """The addresses that get events of this workspace."""
        from engine.client.webhooks import Webhooks

        return Webhooks(self.paths, self.store, self.settings)

    @cached_property
    def signing(self) -> "Signing":
        """Signs what leaves the workspace, if its settings ask for it."""
        return self.signer(self.settings, self.artifacts.stored)

    def signer(self, settings: "Settings", stored: Callable[[str], Path]) -> "Signing":
        """Return what signs by some settings.

        Args:
            settings: The settings.
            stored: Path of the stored file of a hash; raises `FileNotFoundError`.
        """
        from engine.provenance.publisher import Signing

        return Signing(self.paths, settings.provenance, self.catalog, stored, self._overrides)

    @cached_property
    def artifacts(self) -> "ArtifactStore":
        """Its stored files, wherever its settings say that they live."""
        from engine.runtime.objects.opening import artifacts_of

        return artifacts_of(self.paths, self.settings)

    @property
    def thumbnails(self) -> "Thumbnails":
        """The thumbnails of its stored files."""
        from engine.kinds.thumbnails import Thumbnails

        return Thumbnails(self.paths.thumbnails)

    def previews(self, artifacts: "ArtifactStore") -> "Previews":
        """Return its stored files as images to look at.

        Args:
            artifacts: Its stored files.
        """
        from engine.kinds.thumbnails import Previews

        return Previews(self.thumbnails, artifacts.stored)

    @classmethod
    @contextmanager
    def trial(cls, root: Path) -> Iterator[Self]:
        """Open a workspace with a separate, empty store for a while, for estimates.

        Nothing is created in its folder, so an input that is refused leaves none behind.

        Args:
            root: The workspace's folder; its settings are read.
        """
        with TemporaryDirectory(prefix="safelight-") as private:
            yield cls(root, create=True, private=Path(private))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Nothing is held open between calls."""

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Open a read-only connection for a short while.

        Raises:
            UserError: On leaving: a row holds what Safelight does not write.
        """
        with reading(self.store) as connection:
            yield connection

    def engine_process(self) -> Holder | None:
        """Pid and host of the engine that runs on this workspace; None if there is none."""
        return engine_holder(self.paths)

    def suspended_engine(self) -> Holder | None:
        """Pid and host of an engine that holds the workspace and is stopped, doing nothing."""
        return suspended_holder(self.paths)
