"""Crashes and losses of a host in a row, and the pauses after them."""

import logging
import time

from engine.contract.host_settings import HostSettings
from engine.models.hosts.current_task import growing_pause
from engine.models.hosts.links.link import LinkEnd

log = logging.getLogger(__name__)


class Restarts:
    """Count how often a host's process has ended by itself, and say when it may start again.

    Attributes:
        count: Number of ends of its process that were not asked for.
        crashes: Number of crashes in a row.
    """

    def __init__(self) -> None:
        self.count = 0
        self.crashes = 0
        self._losses = 0
        self._not_before = 0.0

    @property
    def may_start(self) -> bool:
        """True if no pause is left."""
        return time.monotonic() >= self._not_before

    @property
    def is_in_trouble(self) -> bool:
        """True if it has not worked since its process last ended by itself."""
        return bool(self.crashes or self._losses)

    def is_broken(self, settings: HostSettings) -> bool:
        """Return whether it has crashed too often to be tried now."""
        return self.crashes >= settings.max_crashes and not self.may_start

    def note(self, end: LinkEnd, settings: HostSettings, who: str) -> str:
        """Note the end of its process, and return it in words.

        Args:
            end: The end.
            settings: Settings of hosts.
            who: The host in the log.
        """
        if end.is_lost:
            self._losses += 1
            wait, verb = growing_pause(self._losses), "lost"
        else:
            self.crashes += 1
            broken = self.crashes >= settings.max_crashes
            wait = settings.broken_seconds if broken else growing_pause(self.crashes)
            verb = "died"
        self._not_before = time.monotonic() + wait
        words = f"{verb}: {end.words}"
        log.log(logging.WARNING if end.is_lost else logging.ERROR, "%s %s", who, words)
        return words

    def worked(self) -> None:
        """Note that it has done work."""
        self.crashes = self._losses = 0

    def forget(self) -> None:
        """Let it start at once, as if it had never crashed."""
        self.worked()
        self._not_before = 0.0
