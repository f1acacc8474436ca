"""Files that are opened outside of the dashboard, and the one player that it may have."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config.paths import WorkspacePaths

if TYPE_CHECKING:
    from engine.client.opening.copies import OpenedFile
    from engine.client.opening.running import RunningProgram


class Opener:
    """Opens files in viewers, and in one player at a time, which ends with the dashboard.

    Args:
        paths: Paths of the workspace.
        failed: Called in a thread with a sentence if a program fails.
        changed: Called in any thread when a player has started or ended.
    """

    def __init__(
        self, paths: WorkspacePaths, failed: Callable[[str], None], changed: Callable[[], None]
    ) -> None:
        self._paths = paths
        self._failed = failed
        self._changed = changed
        self._lock = threading.Lock()
        self._player: RunningProgram | None = None
        self._content = ""
        self._started = 0.0

    @property
    def playing(self) -> str:
        """The name of the file that plays, empty if none does."""
        player = self._player
        return player.path.name if player is not None and player.is_running else ""

    def open(self, file: "OpenedFile", *, instead: bool = False, start: float = 0.0) -> str:
        """Open a file; one that plays already is stopped. Return a sentence. In a thread.

        Args:
            file: The file.
            instead: True to play it from where another one is heard, if the player can; nothing
                if none is, or if it is the same.
            start: Seconds at which a player starts, if it can.

        Raises:
            UserError: It cannot be opened here, or a setting is wrong.
        """
        from engine.client.opening.part import open_file
        from engine.client.views.stored import artifacts_at
        from engine.config.settings import read_settings

        with self._lock:
            was = self._content if self.playing else ""
            if instead and was in {"", file.hash}:
                return ""
            if instead:
                start = time.monotonic() - self._started
            self._stop()
            if file.hash and file.hash == was:
                return "Stopped."
            settings = read_settings(self._paths.root).open
            running = open_file(file, artifacts_at(self._paths), settings, start=start)
            if running.program.plays:
                self._player, self._content = running, file.hash
                self._started = time.monotonic() - running.start
        # Not a worker: those are waited for when the dashboard ends, and a viewer may stay open.
        threading.Thread(target=self._follow, args=(running,), daemon=True).start()
        self._changed()
        return _sentence(running.program.name, running.path, plays=running.program.plays)

    def stop(self) -> bool:
        """Stop the player; return False if nothing plays."""
        with self._lock:
            found = self._stop()
        self._changed()
        return found

    def _stop(self) -> bool:
        player, self._player = self._player, None
        if player is None or not player.is_running:
            return False
        player.stop()
        return True

    def _follow(self, running: "RunningProgram") -> None:
        if sentence := running.wait():
            self._failed(sentence)
        if running.program.plays:
            self._changed()


def _sentence(name: str, path: Path, *, plays: bool) -> str:
    if plays:
        return f"Playing {path.name} in {name}; o again stops."
    return f"Opened in {name}: {path}"
