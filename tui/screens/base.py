"""Base of all screens of the dashboard: actions that look, copy, and go elsewhere."""

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from engine.text.terminal import clean
from tui.actions import actions_for
from tui.screens.commands import CommandScreen
from tui.screens.panels import Panels
from tui.snapshots.notices import NoticeItem
from tui.snapshots.places import Place
from tui.widgets.notice_line import NoticeLine

if TYPE_CHECKING:
    from db.queries.spending import Spending, Timeline
    from tui.snapshots.copies import Copyable
    from tui.snapshots.texts import Texts


GROWTH = 5
"""Change of a panel's share of the width by a key, in percent."""


class BaseScreen(CommandScreen):
    """A screen of the dashboard with the actions that all have."""

    def action_back(self) -> None:
        """Go back to the previous screen."""
        self.dismiss()

    def action_outside(self) -> None:
        """Go back: nothing is around what is shown here."""
        self.action_back()

    def action_go_batches(self) -> None:
        """Go back to all batches."""
        self.dashboard.go_batches()

    def action_spending(self) -> None:
        """Read the spending and show it."""
        batch_id = self.spending_of()
        read = partial(_spending_over_time, batch_id=batch_id)
        of = f"b{batch_id}" if batch_id else "all batches"
        self.ask(read, partial(self._show_spending, of))

    def _show_spending(self, of: str, read: "tuple[list[Spending], Timeline | None]") -> None:
        from tui.screens.spending import SpendingScreen

        self.app.push_screen(SpendingScreen(of, *read))

    def action_view_text(self) -> None:
        """Read the whole texts of the thing under the cursor and show them."""
        from tui.snapshots.texts import read_texts

        if uncopied := self.dashboard.take_uncopied():
            self.dashboard.show_text("not copied", uncopied)
            return
        subject = self.subject()
        if subject is None:
            self.say("Nothing is selected.", bad=True)
        else:
            read = partial(read_texts, subject=subject, paths=self.dashboard.paths)
            self.ask(read, self._show_texts)

    def _show_texts(self, texts: "Texts") -> None:
        if texts.texts:
            self.dashboard.show_texts(texts)
        else:
            self.say("There is no text yet.", bad=True)

    def action_go_to(self) -> None:
        """Ask for a place and go there; or run an action."""
        from tui.screens.go import GoScreen

        known = actions_for(self.WHERE, read_only=self.dashboard.read_only)
        actions = [
            Place("action", name=one.title, hint=one.help, action=one.id)
            for one in known
            if one.id != "go_to"
        ]
        self.app.push_screen(GoScreen(self.dashboard.paths.store, actions), self._go_to)

    async def _go_to(self, place: Place | None) -> None:
        if place is not None and place.action:
            await self.run_action(place.action)
        elif place is not None and place.kind == "sheet":
            subject = self.subject()
            self.dashboard.go(replace(place, batch=subject.batch if subject else 0))
        elif place is not None:
            self.dashboard.go(place)

    def action_jump(self) -> None:
        """Show a label over each place, and go to the one that is typed."""
        from tui.screens.jump import JumpScreen

        self.app.push_screen(JumpScreen(self), lambda jump: jump.go() if jump else None)

    def action_history_back(self) -> None:
        """Go to the place before this one."""
        self.dashboard.go_in_history(-1)

    def action_history_forward(self) -> None:
        """Go to the place after this one."""
        self.dashboard.go_in_history(+1)

    def action_again(self) -> None:
        """Open the form for the batch or the job under the cursor, to queue it again."""
        subject = self.subject()
        if subject is None:
            self.say("Nothing is selected.", bad=True)
        else:
            called = f"j{subject.job}" if subject.job else f"b{subject.batch}"
            self.dashboard.again(called)

    def action_copy_menu(self) -> None:
        """Read what can be copied of the thing under the cursor."""
        from tui.snapshots.copies import read_copies

        subject, app = self.subject(), self.dashboard
        if subject is None:
            self.say("Nothing is selected.", bad=True)
            return
        read = partial(read_copies, subject=subject, paths=app.paths, headlines=app.headlines)
        self.ask(read, self._show_copies)

    def _show_copies(self, copyable: "Iterable[Copyable]") -> None:
        """Show what can be copied, and copy what is chosen."""
        from tui.screens.menu import MenuLine, MenuScreen

        copies = {one.key: one for one in copyable}
        lines = [
            MenuLine(one.key, f"{one.name:<29} {clean(one.text, 120)}", one.key)
            for one in copies.values()
        ]

        def copy(key: str | None) -> None:
            if key is not None:
                self.dashboard.copy_to_clipboard(copies[key].text)

        self.app.push_screen(MenuScreen("Copy", lines), copy)

    def action_notice(self) -> None:
        """List the notices, and open the batch of one."""
        from tui.screens.menus import NoticesMenu

        items = self.query_one(NoticeLine).items
        if items:
            menu = NoticesMenu(items, self._put_away)
            self.app.push_screen(menu, lambda at: self._open_notice(items[int(at)] if at else None))
        else:
            self.say("Nothing needs you.")

    def _put_away(self, *items: NoticeItem) -> None:
        self.dashboard.notices.put_away(items)
        self.query_one(NoticeLine).set_head(self.dashboard.head)

    def _open_notice(self, item: NoticeItem | None) -> None:
        if item is not None and item.batch is not None:
            self.dashboard.open_batch(item.batch, item.name)
        elif item is not None and item.state == "parked":
            self.dashboard.show_queue(None)

    def action_put_away(self) -> None:
        """Hide the worst notice until it changes."""
        self._put_away(*self.query_one(NoticeLine).items[:1])

    def action_grow(self) -> None:
        """Enlarge the focused panel."""
        self._grow(+GROWTH)

    def action_shrink(self) -> None:
        """Shrink the focused panel."""
        self._grow(-GROWTH)

    def _grow(self, change: int) -> None:
        panels = self.query_one(Panels)
        if not panels.is_divided:
            self.say("Only one panel is shown here.")
        elif not panels.grow(change):
            self.say("The line between the panels is as far as it goes.")

    def action_lanes(self) -> None:
        """Show lanes and hosts, and change the concurrency of lanes."""
        from tui.screens.lanes import LanesScreen

        self.app.push_screen(LanesScreen())

    def action_help(self) -> None:
        """List the actions of this screen."""
        footer = [action.id for action, _ in self._keys() if action.id not in {"help", "quit"}]
        self.dashboard.show_help(self.WHERE, footer)

    def action_theme(self) -> None:
        """Change theme."""
        self.app.search_themes()

    def action_command_palette(self) -> None:
        """Find an action by name."""
        self.app.action_command_palette()

    def action_bell(self) -> None:
        """Turn the bell for ended or parked batches on or off."""
        remembered = self.dashboard.remembered
        remembered.bell = not remembered.bell
        when = "when a batch ends or is parked" if remembered.bell else "no more"
        self.say(f"The terminal's bell rings {when}.")

    def action_copy(self) -> None:
        """Copy the id of the selection."""
        targets, _ = self.targets()
        names = [f"{kind[0]}{number}" for target in targets for kind, number in target.items()]
        self.app.copy_to_clipboard(" ".join(names[:1000]))

    def action_stop_playing(self) -> None:
        """Stop the player."""
        self.dashboard.stop_playing()

    async def action_quit(self) -> None:
        """Quit; the engine keeps running."""
        self.dashboard.leave()


def _spending_over_time(
    connection: sqlite3.Connection, batch_id: int | None
) -> "tuple[list[Spending], Timeline | None]":
    from db.queries.spending import spending, timeline

    return spending(connection, batch_id), timeline(connection, batch_id)
