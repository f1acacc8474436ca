"""Base of modal editors that stay until what is typed in them is accepted."""

from typing import TYPE_CHECKING, cast

from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from engine.text.terminal import clean

if TYPE_CHECKING:
    from tui.dashboard import DashboardServices


class EditorScreen(ModalScreen[None]):
    """A modal editor; whoever gets its text dismisses it, or refuses the text.

    It has a line `#problem` for the reason.
    """

    def refuse(self, sentence: str, at: Widget | None = None) -> None:
        """Show why the text is not accepted; it stays, to be mended.

        Args:
            sentence: The reason, cleaned.
            at: The field that gets the cursor; by default it stays.
        """
        self.query_one("#problem", Static).update(f"✗ {sentence}" if sentence else "")
        if at is not None:
            at.focus()

    def answer(self, sentence: str, *, bad: bool = False, starts_work: bool = False) -> None:
        """Show what came of the text: leave the screen, unless it is refused.

        A refusal that comes after it was left is said below the lists.

        Args:
            sentence: The answer.
            bad: True if the text was refused.
            starts_work: True if an engine has something to do now.
        """
        if bad and self in self.app.screen_stack:
            self.refuse(clean(sentence, 500))
        else:
            self.dismiss(None)
            app = cast("DashboardServices", self.app)
            app.answer(sentence, bad=bad, starts_work=starts_work)

    def action_leave(self) -> None:
        """Leave everything as it was."""
        self.dismiss(None)
