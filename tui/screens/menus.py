"""The menus of the dashboard: the engine, files, texts to decide, notices."""

from collections.abc import Callable, Mapping, Sequence

from textual.binding import Binding
from textual.widgets import OptionList

from engine.client.actions import action_of
from engine.client.views.files import OpenableFile
from engine.text.terminal import clean
from tui.screens.menu import MenuLine, MenuScreen
from tui.snapshots.header import Header
from tui.snapshots.notices import NoticeItem

_RUNS = ("drain", "stop", "restart")
"""Verbs for an engine that runs, the gentlest first."""


def verbs_for(head: Header) -> tuple[str, ...]:
    """Return the verbs that apply to the engine as it is, the most useful first."""
    everything = "resume_all" if head.paused else "pause_all"
    if head.engine.state in {"none", "lost"}:
        return ("start", everything)
    drains = head.engine.state == "draining"
    return (*(verb for verb in _RUNS if verb != "drain" or not drains), everything)


def engine_menu(head: Header) -> MenuScreen:
    """Return the menu of what can be done to the engine; its values are verbs."""
    actions = [(verb, action_of(verb)) for verb in verbs_for(head)]
    lines = [MenuLine(verb, action.help, name=action.title) for verb, action in actions]
    return MenuScreen("Engine", lines, wide=True, leaves="E")


def file_menu(files: Sequence[OpenableFile]) -> MenuScreen:
    """Return the menu of files to open, the most important first; its values are indexes."""
    lines = [
        MenuLine(str(at), f"{file.title:<10.10} {file.facts}", name=f"{file.name:<20.20}")
        for at, file in enumerate(files)
    ]
    return MenuScreen("Open a file", lines, wide=True, takes="o", verb="open")


def text_menu(keys: Mapping[str, str]) -> MenuScreen:
    """Return the menu of decisions on texts.

    Args:
        keys: Keys of the decisions, which are its values, with a hint on each.
    """
    scope = next(iter(keys)).rpartition("/")[0]
    lines = [
        MenuLine(key, clean(hint, 200), name=f"{clean(key.rpartition('/')[2], 20):<12}")
        for key, hint in keys.items()
    ]
    title = f"Decide about {clean(scope, 60)}"
    return MenuScreen(title, lines, wide=True, takes="e", verb="edit")


class NoticesMenu(MenuScreen):
    """All notices in full, the worst first; its values are indexes.

    Args:
        items: The notices.
        put_away: Called with a notice that is put away.
    """

    BINDINGS = [Binding("minus,delete", "put_away", "Put away")]  # noqa: RUF012 - Textual's way
    ANSWERS = "enter  open      -  put away until it changes      esc  back"
    WRAPS = True

    def __init__(self, items: Sequence[NoticeItem], put_away: Callable[[NoticeItem], None]) -> None:
        lines = [
            MenuLine(str(at), item.sentence, state=item.state) for at, item in enumerate(items)
        ]
        super().__init__("Notices", lines, wide=True, leaves="!")
        self._items = tuple(items)
        self._put_away = put_away

    def action_put_away(self) -> None:
        """Hide the selected notice until it changes."""
        at = self.query_one(OptionList).highlighted
        if at is not None:
            line = self._lines.pop(at)
            self._put_away(self._items[int(line.value)])
            if self._lines:
                self.set_lines(self._lines, at)
            else:
                self.dismiss(None)
