"""Screen of a gate: approve, edit or reject the value that waits."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from engine.client.gates import WaitingGate
from engine.text.terminal import clean

MAX_SHOWN = 200_000
"""Maximum length of a value that is shown and edited here, in characters."""

_LOOKING = "A  approve      e  edit      x  reject      esc  leave"
_EDITING = "^s  approve the edited value      esc  leave"


@dataclass(frozen=True, slots=True)
class Verdict:
    """An operator's answer at a gate.

    Attributes:
        verb: `approve` or `reject`.
        arguments: Arguments of the command.
    """

    verb: str
    arguments: dict[str, Any]


class ApproveScreen(ModalScreen[Verdict | None]):
    """Screen of a gate; dismissed with the answer, or with None if it is left as it is.

    Args:
        gate: The gate, as read.
    """

    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("ctrl+s", "approve", "Approve", priority=True),
        Binding("A", "approve", "Approve"),
        Binding("e", "edit", "Edit"),
        Binding("x", "reject", "Reject"),
        Binding("escape", "leave", "Leave", priority=True),
    ]

    def __init__(self, gate: WaitingGate) -> None:
        super().__init__()
        self._gate = gate
        self._shown = gate.text

    def compose(self) -> ComposeResult:
        """The gate, its value, a line for a mistake, the keys."""
        with Vertical(id="editor"):
            yield Static(clean(self._gate.key), id="key", markup=False)
            yield TextArea(self._shown, read_only=True, tab_behavior="focus", compact=True)
            yield Static("", id="problem", markup=False)
            yield Static(_LOOKING, id="answers", markup=False)

    def action_edit(self) -> None:
        """Let the value be edited."""
        area = self.query_one(TextArea)
        area.read_only = False
        area.focus()
        self.query_one("#answers", Static).update(_EDITING)

    def action_approve(self) -> None:
        """Approve the value as it is on screen."""
        arguments: dict[str, Any] = self._answer()
        text = self.query_one(TextArea).text
        if text != self._shown:
            try:
                arguments["value"] = json.loads(text)
            except (ValueError, RecursionError) as error:
                self.query_one("#problem", Static).update(f"This is not JSON: {clean(str(error))}.")
                return
        self.dismiss(Verdict("approve", arguments))

    def action_reject(self) -> None:
        """Reject it."""
        self.dismiss(Verdict("reject", self._answer()))

    def action_leave(self) -> None:
        """Leave it as it is."""
        self.dismiss(None)

    def _answer(self) -> dict[str, Any]:
        return {"key": self._gate.key, "fingerprint": self._gate.fingerprint}
