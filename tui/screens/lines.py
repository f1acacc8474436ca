"""Base of a job's screen: its line taken back by a decision, or continued on another line."""

from functools import partial
from typing import TYPE_CHECKING

from tui.screens.branching import BranchingScreen
from tui.screens.deciding import DecidingScreen
from tui.snapshots.undoing import newest_decision_of

if TYPE_CHECKING:
    from engine.client.undoing import Undoing


class LinesScreen(DecidingScreen, BranchingScreen):
    """A screen of one job on which decisions are undone and branches begin."""

    def action_undo_decision(self) -> None:
        """Show what the latest decision has changed, and ask whether to take it back."""
        self.ask(partial(newest_decision_of, job_id=self.job_id), self._show_undoing)

    def _show_undoing(self, undoing: "Undoing | None") -> None:
        from tui.screens.undo import UndoScreen

        if undoing is None:
            self.say("This job has no decision to undo.", bad=True)
            return

        def answer(yes: bool | None) -> None:
            if yes:
                arguments = {"key": undoing.key, "decision": undoing.decision}
                self.send("undo", [{"job": self.job_id}], arguments)

        self.app.push_screen(UndoScreen(undoing), answer)
