"""Base of screens on which branches begin: at the selected part of a job, or at one compared."""

from functools import partial
from typing import TYPE_CHECKING

from textual import work

from tui.screens.base import BaseScreen

if TYPE_CHECKING:
    from tui.screens.branch import BranchForm, BranchScreen
    from tui.snapshots.branching import BranchPoint


class BranchingScreen(BaseScreen):
    """A screen of parts of jobs; a branch begins at the one that is selected."""

    def action_branch(self) -> None:
        """Start a line of its own from the selected part."""
        from tui.snapshots.branching import branch_point

        subject = self.subject()
        if subject is None or not subject.node:
            self._show_form(None)
            return
        read = partial(branch_point, subject=subject, headlines=self.dashboard.headlines)
        self.ask(read, self._show_form)

    def _show_form(self, point: "BranchPoint | None") -> None:
        from tui.screens.branch import BranchScreen

        if point is None:
            self.say("Select the part of the job that the branch begins at first.", bad=True)
            return

        self.app.push_screen(BranchScreen(point.source, point.prompt, self._ask_cost))

    def _ask_cost(self, screen: "BranchScreen", form: "BranchForm") -> None:
        self._estimate_branch(screen, form)

    @work(thread=True, exit_on_error=False)
    def _estimate_branch(self, screen: "BranchScreen", form: "BranchForm") -> None:
        from tui.screens.branch import estimate_branch

        words, refused = estimate_branch(self.dashboard.paths.root, form)
        if refused:
            self.app.call_from_thread(screen.answer, words, bad=True)
            return
        ask = partial(self._branch, screen, form)
        question = f"Branch from {form.source}? {words}"
        self.app.call_from_thread(self.confirm, question, ask, screen)

    @work(thread=True, exit_on_error=False)
    def _branch(self, screen: "BranchScreen", form: "BranchForm") -> None:
        from tui.screens.branch import branch

        sentence, refused = branch(self.dashboard.paths.root, form)
        answer = screen.answer
        self.app.call_from_thread(answer, sentence, bad=refused, starts_work=not refused)
        self.feed.wake()
