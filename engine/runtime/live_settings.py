"""Settings and environment of a workspace, read again when operators resume something."""

from collections.abc import Mapping
from typing import Any

from engine.config.paths import WorkspacePaths
from engine.config.settings import (
    EngineSettings,
    Settings,
    load_environment,
    read_settings,
)
from engine.config.store_settings import StoreSettings
from engine.config.trust.commands import is_allowed
from engine.config.trust.machines import trusted_machines


class LiveSettings:
    """Settings and environment as they are now.

    Args:
        paths: The workspace.
        settings: Its settings.
        overrides: Settings that take precedence over files and environment on a reload.

    Attributes:
        paths: The workspace.
        settings: Its settings now.
        environment: Its present environment, with the keys of providers.
        overrides: Settings that take precedence over files and environment.
    """

    def __init__(
        self, paths: WorkspacePaths, settings: Settings, overrides: Mapping[str, Any] | None
    ) -> None:
        self.paths = paths
        self.settings = settings
        self.environment = load_environment(paths.root, settings.given)
        self.overrides = overrides

    @property
    def engine(self) -> EngineSettings:
        """Settings of the engine."""
        return self.settings.engine

    @property
    def store(self) -> StoreSettings:
        """Settings of the store."""
        return self.settings.store

    def machines(self) -> tuple[list[str], dict[str, str]]:
        """Return the other machines that may be used, and why each of the others may not."""
        return trusted_machines(self.paths.root, self.settings.hosts, self.environment)

    def allows(self, command: str) -> bool:
        """Return True if a command of the settings is the user's own, or allowed by them."""
        return is_allowed(self.paths.root, command, self.overrides)

    def reload(self) -> Settings:
        """Read both again and return the settings.

        Raises:
            SettingsError: A setting is wrong; nothing has changed.
        """
        settings = read_settings(self.paths.root, self.overrides)
        self.environment = load_environment(self.paths.root, settings.given)
        self.settings = settings
        return settings
