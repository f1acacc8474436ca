"""Screen that edits a prompt."""

from collections.abc import Callable
from pathlib import Path

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Static

from engine.text.terminal import clean
from tui.screens.editor import EditorScreen
from tui.widgets.prose import ProseArea


class EditPromptScreen(EditorScreen):
    """Editor of a prompt, of any length.

    Args:
        key: Key of the decision.
        text: The present prompt, cleaned.
        hand_in: Gets the screen and the text, cleaned, as often as it is saved.
    """

    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("ctrl+s", "decide", "Decide", priority=True),
        Binding("escape", "leave", "Leave", priority=True),
    ]

    def __init__(
        self, key: str, text: str, hand_in: "Callable[[EditPromptScreen, str], None]"
    ) -> None:
        super().__init__()
        self._key = key
        self._text = text
        self._hand_in = hand_in

    def compose(self) -> ComposeResult:
        """Compose the decision, the text, a line for a mistake, the keys."""
        with Vertical(id="editor"):
            yield Static(clean(self._key), id="key", markup=False)
            yield ProseArea(self._text)
            yield Static(id="problem", markup=False)
            keys = "^s  save      ^g  in $EDITOR      esc  cancel"
            yield Static(keys, id="answers", markup=False)

    def action_decide(self) -> None:
        """Hand the text in."""
        self.refuse("")
        text = clean(self.query_one(ProseArea).value, None, keep_newlines=True).strip()
        if text == self._text.strip():
            self.dismiss()
        else:
            self._hand_in(self, text)
