"""Base of a job's screen: its line taken back by a decision, or continued on another line."""

from abc import abstractmethod
from functools import partial
from typing import TYPE_CHECKING

from textual import on, work

from tui.feed import QueryAnswered
from tui.screens.deciding import DecidingScreen
from tui.snapshots.undoing import newest_decision_of

if TYPE_CHECKING:
    from engine.client.undoing import Undoing
    from tui.screens.branch import BranchForm


class LinesScreen(DecidingScreen):
    """A screen of one job on which decisions are undone and branches begin."""

    @abstractmethod
    def branch_scope(self) -> str:
        """Return the scope of the selected part; empty for the job as a whole."""

    @abstractmethod
    def ask_prompt(self, scope: str, tag: str) -> None:
        """Read the prompt of a scope; the answer has the tag."""

    def action_undo_decision(self) -> None:
        """Show what the latest decision has changed, and ask whether to take it back."""
        self.feed.ask(partial(newest_decision_of, job_id=self.job_id), self, "undo")

    def action_branch(self) -> None:
        """Start a line of its own from the selected part."""
        if scope := self.branch_scope():
            self.ask_prompt(scope, f"branch {scope}")
        else:
            self.say("Select the part of the job that the branch begins at first.", bad=True)

    @on(QueryAnswered)
    def line_known(self, message: QueryAnswered) -> None:
        """Show what was read."""
        if message.tag == "undo":
            self._show_undoing(message.value)
        elif message.tag.startswith("branch "):
            self._show_form(message.tag.partition(" ")[2], message.value)

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

    def _show_form(self, scope: str, prompt: str) -> None:
        from tui.screens.branch import BranchScreen

        def typed(form: "BranchForm | None") -> None:
            if form is not None:
                self._estimate_branch(form)

        self.app.push_screen(BranchScreen(f"j{self.job_id}:{scope}", prompt), typed)

    @work(thread=True, exit_on_error=False)
    def _estimate_branch(self, form: "BranchForm") -> None:
        from tui.screens.branch import estimate_branch

        words, refused = estimate_branch(self.dashboard.paths.root, form)
        if refused:
            self.app.call_from_thread(self.say, words, bad=True)
            return
        ask = partial(self._branch, form)
        question = f"Branch from {form.source}? {words}"
        self.app.call_from_thread(self.dashboard.confirm, question, ask)

    @work(thread=True, exit_on_error=False)
    def _branch(self, form: "BranchForm") -> None:
        from tui.screens.branch import branch

        sentence, refused = branch(self.dashboard.paths.root, form)
        if not refused and self.dashboard.head.engine.state == "none":
            sentence += " No engine runs: E starts one."
        self.app.call_from_thread(self.say, sentence, bad=refused)
        self.feed.wake()
