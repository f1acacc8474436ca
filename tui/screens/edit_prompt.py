"""Screen that edits a prompt."""

from pathlib import Path

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from engine.text.terminal import clean


class EditPromptScreen(ModalScreen[str | None]):
    """Editor of a prompt; dismissed with the text, or with None if it is left as it was.

    Args:
        key: Key of the decision.
        text: The present prompt, cleaned.
    """

    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("ctrl+s", "decide", "Decide", priority=True),
        Binding("escape", "leave", "Leave", priority=True),
    ]

    def __init__(self, key: str, text: str) -> None:
        super().__init__()
        self._key = key
        self._text = text

    def compose(self) -> ComposeResult:
        """Compose the decision, the text, the keys."""
        with Vertical(id="editor"):
            yield Static(clean(self._key), id="key", markup=False)
            yield TextArea(self._text, soft_wrap=True, tab_behavior="focus", compact=True)
            yield Static("^s  save      esc  cancel", id="answers", markup=False)

    def action_decide(self) -> None:
        """Dismiss with the text, cleaned: a terminal can paste anything."""
        text = self.query_one(TextArea).text
        self.dismiss(clean(text, len(text), keep_newlines=True).strip())

    def action_leave(self) -> None:
        """Leave it as it was."""
        self.dismiss(None)
