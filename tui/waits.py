"""The end of an answer to a key: what the work that was asked for waits for."""

from collections.abc import Mapping

from tui.actions import BY_ID
from tui.actions.key_names import key_name, keys_of
from tui.snapshots.header import Header

_ABSENT = frozenset({"none", "lost"})


class Waits:
    """Answers about work that waits: they name the key that ends it once, until an engine has run.

    Args:
        keymap: The operator's own keys, by action.
    """

    def __init__(self, keymap: Mapping[str, str]) -> None:
        self._keymap = keymap
        self._is_named = False

    def note(self, head: Header) -> None:
        """Name the key again once an engine has run."""
        if head.engine.state not in _ABSENT:
            self._is_named = False

    def sentence(self, head: Header) -> str:
        """Return what new work waits for; empty if an engine takes it."""
        if head.engine.state in _ABSENT:
            named, self._is_named = self._is_named, True
            starts = "" if named else f": {self.key('engine_menu')} starts one"
            return f"It waits for an engine{starts}."
        if head.engine.state == "suspended":
            return f"It waits for the engine, which is suspended: kill -CONT {head.engine.pid}"
        if head.paused:
            return f"Everything is paused: {self.key('pause_everything')} resumes it."
        return ""

    def key(self, action: str) -> str:
        """Return the name of the key of an action."""
        return key_name(keys_of(BY_ID[action], self._keymap)[0])
