"""Base of modal editors that stay until what is typed in them is accepted."""

from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from engine.text.terminal import clean


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

    def answer(self, sentence: str, *, refused: bool) -> None:
        """Show what came of the text: leave the screen, unless it is refused."""
        sentence = clean(sentence, 500)
        if refused:
            self.refuse(sentence)
        else:
            self.dismiss(None)
            self.app.notify(sentence, markup=False)

    def action_leave(self) -> None:
        """Leave everything as it was."""
        self.dismiss(None)
