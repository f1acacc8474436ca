"""Base of screens that send a part of a job to another recipe."""

from abc import abstractmethod
from functools import partial

from textual import work

from tui.screens.base import BaseScreen


class SendingScreen(BaseScreen):
    """A screen of a job whose selected part can be sent."""

    @property
    @abstractmethod
    def source(self) -> str:
        """The selected part, in the notation of `safelight send`."""

    def action_send(self) -> None:
        """Choose the recipe that the selected part of the job is sent to."""
        from tui.screens.send import SendMenu

        source = self.source
        root = self.dashboard.paths.root

        def chosen(recipe: str | None) -> None:
            if recipe is not None:
                self._estimate_sending(source, recipe)

        self.app.push_screen(SendMenu(root, source), chosen)

    @work(thread=True, exit_on_error=False)
    def _estimate_sending(self, source: str, recipe: str) -> None:
        from tui.screens.send import estimate_sending

        words, refused = estimate_sending(self.dashboard.paths.root, source, recipe)
        if refused:
            self.app.call_from_thread(self.say, words, bad=True)
            return
        question = f"Send {source} to {recipe}? {words}"
        ask = partial(self._send_to, source, recipe)
        self.app.call_from_thread(self.confirm, question, ask)

    @work(thread=True, exit_on_error=False)
    def _send_to(self, source: str, recipe: str) -> None:
        from tui.screens.send import send

        sentence, refused = send(self.dashboard.paths.root, source, recipe)
        answer = self.dashboard.answer
        self.app.call_from_thread(answer, sentence, bad=refused, starts_work=not refused)
        self.feed.wake()
