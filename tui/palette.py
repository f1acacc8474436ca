"""The command palette: the actions of the screen by name."""

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from tui.actions import actions_for
from tui.actions.action import Action
from tui.actions.key_names import key_name, keys_of
from tui.screens.base import BaseScreen


class ActionProvider(Provider):
    """Provider of the actions of the screen that opened the palette."""

    def _actions(self) -> list[Action]:
        screen = self.screen
        if not isinstance(screen, BaseScreen):
            return []
        read_only = screen.dashboard.read_only
        here = actions_for(screen.WHERE, read_only=read_only)
        return [action for action in here if action.id != "command_palette"]

    def _help(self, action: Action) -> str:
        screen = self.screen
        keymap = screen.dashboard.keymap if isinstance(screen, BaseScreen) else {}
        return f"{action.help}  ({key_name(keys_of(action, keymap)[0])})"

    async def discover(self) -> Hits:
        """Yield all of them before anything is typed."""
        for action in self._actions():
            run = partial(self.screen.run_action, action.id)
            yield DiscoveryHit(action.title, run, help=self._help(action))

    async def search(self, query: str) -> Hits:
        """Yield those whose name or help matches the query."""
        matcher = self.matcher(query)
        for action in self._actions():
            score = max(matcher.match(action.title), matcher.match(action.help) / 2)
            if score > 0:
                run = partial(self.screen.run_action, action.id)
                shown = matcher.highlight(action.title)
                yield Hit(score, shown, run, help=self._help(action))
