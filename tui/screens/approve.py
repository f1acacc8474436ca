"""Screen of a gate: approve, edit or reject the value that waits."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static, TextArea

from engine.client.gates import WaitingGate
from engine.client.views.approval_form import text_fields, with_texts
from engine.text.terminal import clean

MAX_SHOWN = 200_000
"""Maximum length of a value that is shown and edited here, in characters."""

TALLEST = 8
"""Maximum lines of a field before it scrolls."""

_LOOKING = "A  approve      e  edit      J  edit as JSON      x  reject      esc  leave"
_EDITING = "^s  approve the edited value      esc  leave"
_FILLING = "tab  next field      ^s  approve the edited value      ^t  as JSON      esc  leave"


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

    It shows the value as JSON; its texts are edited in a form, a field each, the rest as JSON.

    Args:
        gate: The gate, as read.
    """

    CSS_PATH = Path(__file__).with_suffix(".tcss")
    AUTO_FOCUS = "#json"
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("ctrl+s", "approve", "Approve", priority=True),
        Binding("ctrl+t", "edit_json", "As JSON", priority=True),
        Binding("A", "approve", "Approve"),
        Binding("e", "edit", "Edit"),
        Binding("J", "edit_json", "Edit as JSON"),
        Binding("x", "reject", "Reject"),
        Binding("escape", "leave", "Leave", priority=True),
    ]

    def __init__(self, gate: WaitingGate) -> None:
        super().__init__()
        self._gate = gate
        self._value = gate.value
        self._shown = gate.text
        self._fields = text_fields(gate.value)

    def compose(self) -> ComposeResult:
        """The gate, its value, a line for a mistake, the keys."""
        with Vertical(id="editor"):
            yield Static(clean(self._gate.key), id="key", markup=False)
            yield TextArea(
                self._shown, read_only=True, tab_behavior="focus", compact=True, id="json"
            )
            form = VerticalScroll(*self._form(), id="form", can_focus=False)
            form.display = False
            yield form
            yield Static("", id="problem", markup=False)
            yield Static(_LOOKING, id="answers", markup=False)

    def _form(self) -> Iterator[Widget]:
        for field in self._fields:
            yield Static(field.name, classes="name", markup=False)
            area = TextArea(field.text, tab_behavior="focus", compact=True, soft_wrap=True)
            area.styles.height = min(TALLEST, max(1, len(field.text) // 80 + 1))
            yield area

    @property
    def _is_form(self) -> bool:
        return bool(self.query_one("#form").display)

    def action_edit(self) -> None:
        """Edit the texts of the value, a field each; a value without texts as JSON."""
        if not self._fields:
            self.action_edit_json()
            return
        self.query_one("#json").display = False
        self.query_one("#form").display = True
        self.query(f"#form {TextArea.__name__}").first().focus()
        self.query_one("#answers", Static).update(_FILLING)

    def action_edit_json(self) -> None:
        """Edit the whole value as JSON, with what was changed in the form."""
        area = self.query_one("#json", TextArea)
        if self._is_form:
            self._value = self._filled()
            if self._value != self._gate.value:
                area.text = json.dumps(self._value, indent=2, ensure_ascii=True)
            self.query_one("#form").display = False
            area.display = True
        area.read_only = False
        area.focus()
        self.query_one("#answers", Static).update(_EDITING)

    def _filled(self) -> Any:
        """Return the value with the texts of the form."""
        areas = self.query(f"#form {TextArea.__name__}").results(TextArea)
        texts = {field.path: area.text for field, area in zip(self._fields, areas, strict=True)}
        return with_texts(self._value, texts)

    def action_approve(self) -> None:
        """Approve the value as it is on screen."""
        arguments: dict[str, Any] = self._answer()
        text = self.query_one("#json", TextArea).text
        if self._is_form:
            if (filled := self._filled()) != self._gate.value:
                arguments["value"] = filled
        elif text != self._shown:
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
