"""One key more after `m`: a rating of results, or a mark of batches; or a note to type."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from db.rating import NOTE_LIMIT
from engine.text.terminal import clean
from tui.widgets.line_input import LineInput


class Mark(NamedTuple):
    """Something to do: a verb with its arguments."""

    verb: str
    arguments: dict[str, Any]


class Choice(NamedTuple):
    """A key, its word, and the mark that it means."""

    key: str
    word: str
    mark: Mark


RATINGS: tuple[Choice, ...] = (
    *(Choice(str(n), "★" * n, Mark("rate", {"value": str(n)})) for n in range(1, 6)),
    Choice("k", "keep", Mark("rate", {"value": "keep"})),
    Choice("x", "reject", Mark("rate", {"value": "reject"})),
    Choice("0", "no rating", Mark("rate", {"value": "none"})),
)
"""Ratings by their keys."""


def batch_choices(*, starred: bool, archived: bool) -> tuple[Choice, ...]:
    """Return the marks of batches by their keys."""
    away = ("unarchive", "list again") if archived else ("archive", "archive")
    return (
        Choice("s", "take the star" if starred else "star", Mark("star", {"on": not starred})),
        Choice("h", away[1], Mark(away[0], {})),
    )


class KeepScreen(ModalScreen[Mark | None]):
    """Keys of marks; dismissed with the chosen one, or with None.

    Args:
        title: The things that are marked.
        choices: The marks.
        note: The verb and the argument that a typed note has.
        before: The present note.
    """

    AUTO_FOCUS = ""  # the hidden line of a note would take the keys
    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("escape,q,m", "leave", "Leave"),
        Binding("n", "write", "Note"),
        *(Binding(key, f"take('{key}')", show=False) for key in "123450kxsh"),
    ]

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        note: tuple[str, str],
        before: str = "",
    ) -> None:
        super().__init__()
        self._title = title
        self._choices: Mapping[str, Choice] = {choice.key: choice for choice in choices}
        self._note = note
        self._before = before

    def compose(self) -> ComposeResult:
        """Compose the title, the keys, and the line of a note, hidden at first."""
        with Vertical(id="keep"):
            yield Static(clean(self._title, 100), id="title", markup=False)
            words = "\n".join(f" {one.key}  {one.word}" for one in self._choices.values())
            yield Static(words, id="choices", markup=False)
            line = LineInput(
                self._before, placeholder="a note", max_length=NOTE_LIMIT, compact=True
            )
            line.display = False
            yield line
            yield Static("n  note      esc  leave", id="answers", markup=False)

    def action_take(self, key: str) -> None:
        """Take the mark of a key, if it has one here."""
        if (choice := self._choices.get(key)) is not None:
            self.dismiss(choice.mark)

    def action_write(self) -> None:
        """Begin a note."""
        line = self.query_one(Input)
        line.display = True
        line.focus()
        self.query_one("#answers", Static).update("enter  keep the note      esc  leave")

    @on(Input.Submitted)
    def keep_note(self, message: Input.Submitted) -> None:
        """Take the note."""
        verb, name = self._note
        self.dismiss(Mark(verb, {name: message.value}))

    def action_leave(self) -> None:
        """Mark nothing."""
        self.dismiss(None)
