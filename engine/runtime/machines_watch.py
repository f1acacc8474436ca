"""Other machines for models, read again when the files that name or allow them change."""

import logging
from pathlib import Path

from engine.config.settings import SettingsError, load_environment, read_settings
from engine.config.trust.grants import trust_file
from engine.config.trust.machines import trusted_machines
from engine.models.hosts.model_hosts import ModelHosts
from engine.runtime.live_settings import LiveSettings

log = logging.getLogger(__name__)

_Mark = tuple[tuple[int, int], ...]


class MachinesWatch:
    """Give the hosts the machines of the settings file as it is now.

    Other settings are read when operators resume something.

    Args:
        live: Settings of the workspace.
        hosts: The hosts.
    """

    def __init__(self, live: LiveSettings, hosts: ModelHosts) -> None:
        self._live = live
        self._hosts = hosts
        self._seen = self._mark()

    def look(self) -> None:
        """Read the machines again if the settings file or the trust file has changed."""
        mark = self._mark()
        if mark == self._seen:
            return
        self._seen = mark
        root = self._live.paths.root
        try:
            settings = read_settings(root, self._live.overrides)
        except SettingsError as error:
            log.warning("machines stay as they are: %s", error)
            return
        environment = load_environment(root, settings.given)
        machines, refused = trusted_machines(root, settings.hosts, environment)
        self._hosts.use_machines(settings.hosts, machines, refused)

    def _mark(self) -> _Mark:
        return tuple(_mark_of(path) for path in (self._live.paths.settings, trust_file()))


def _mark_of(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError:
        return 0, 0
    return stat.st_mtime_ns, stat.st_size
