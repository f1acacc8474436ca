"""Screen before a decision is taken back: what it changed, and what taking it back does."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.text.terminal import clean

if TYPE_CHECKING:
    from engine.client.undoing import Undoing

_STYLES = {"=": "", "-": "strike", "+": "bold"}
_SIGNS = {"=": "", "-": "-", "+": "+"}


class UndoScreen(ModalScreen[bool]):
    """A y/n question with the change; only y means yes.

    Args:
        undoing: The decision that would be taken back.
    """

    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("y,Y", "answer(True)", "Yes"),
        Binding("n,N,escape,q", "answer(False)", "No"),
    ]

    def __init__(self, undoing: "Undoing") -> None:
        super().__init__()
        self._undoing = undoing

    def compose(self) -> ComposeResult:
        """Compose the decision, the change, the consequences, the answers."""
        undoing = self._undoing
        with Vertical(id="undo"):
            title = f"Undo {clean(undoing.key, 80)}, decided {undoing.at[11:16]} UTC?"
            yield Static(title, id="title", markup=False)
            with VerticalScroll():
                yield Static(_changes(undoing), id="changes", markup=False)
            yield Static(undoing.sentence, id="sentence", markup=False)
            yield Static("y  undo      n  leave it", id="answers", markup=False)

    def action_answer(self, yes: bool) -> None:
        """Dismiss with the answer."""
        self.dismiss(yes)


def _changes(undoing: "Undoing") -> Text:
    """Return the change by words, in signs as well as styles, so that it needs no colour."""
    text = Text()
    for mark, words in undoing.changes():
        sign = _SIGNS[mark]
        text.append(f"[{sign}{words}{sign}]" if sign else words, style=_STYLES[mark]).append(" ")
    return text
