"""A list whose screen shows what has failed or waits: as a filter, and grouped by its cause."""

from functools import partial

from tui.screens.menu import MenuLine, MenuScreen
from tui.screens.sheeted import SheetedScreen
from tui.snapshots.batch_glance import Cause, read_causes
from tui.states import look

FAULTS = "state:failed,parked"

_VERBS = {"failed": "retry", "parked": "resume"}


class CausesScreen(SheetedScreen):
    """A list with `faults` and `causes`."""

    _before_faults = ""

    def action_faults(self) -> None:
        """Show only what has failed or is parked, or all again."""
        text = self._before_faults if self.filter_text == FAULTS else FAULTS
        self._before_faults = self.filter_text if text == FAULTS else ""
        self.show_filter(text, remember=False)

    def action_causes(self) -> None:
        """Read why jobs of the batch have failed or wait."""
        batch_id = self.spending_of()
        if batch_id is None:
            self.say("Nothing is selected.", bad=True)
        else:
            self.ask(partial(read_causes, batch_id=batch_id), self._show_causes)

    def _show_causes(self, causes: tuple[Cause, ...]) -> None:
        """List the causes; retry or resume the jobs of the one that is chosen."""
        if not causes:
            self.say("Nothing of this batch has failed or is parked.", bad=True)
            return
        lines = [
            MenuLine(
                str(number),
                f"{look(cause.state).shape} {len(cause.jobs)} × {cause.text}",
                str(number + 1)[:1] if number < 9 else "",
            )
            for number, cause in enumerate(causes)
        ]
        title = "Retry what failed, resume what is parked: choose a cause"
        self.app.push_screen(MenuScreen(title, lines), partial(self._step_in_on, causes))

    def _step_in_on(self, causes: tuple[Cause, ...], number: str | None) -> None:
        if number is None:
            return
        cause = causes[int(number)]
        if verb := _VERBS.get(cause.state):
            self.send(verb, [{"job": id_} for id_ in cause.jobs], {})
        else:
            from tui.screens.approvals import ApprovalsScreen

            self.app.push_screen(ApprovalsScreen())
