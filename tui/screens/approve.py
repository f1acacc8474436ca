"""Screen of a gate: approve, edit or reject the value that waits."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from engine.client.gates import WaitingGate
from engine.client.views.approval_form import text_fields, with_texts
from engine.text.terminal import clean
from tui.screens.editor import EditorScreen
from tui.widgets.prose import ProseArea

TALLEST = 8
"""Maximum lines of a field before it scrolls."""

_LOOKING = "A  approve      e  edit      J  edit as JSON      x  reject      esc  leave"
_EDITING = "^s  approve the edited value      ^g  in $EDITOR      esc  leave"
_FILLING = "^s  approve   tab  next field   ^t  JSON   ^g  $EDITOR   esc  leave"


@dataclass(frozen=True, slots=True)
class Verdict:
    """An operator's answer at a gate.

    Attributes:
        verb: `approve` or `reject`.
        arguments: Arguments of the command.
    """

    verb: str
    arguments: dict[str, Any]


class ApproveScreen(EditorScreen):
    """Screen of a gate, which stays until its answer is taken.

    It shows the value as JSON; its texts are edited in a form, a field each, the rest as JSON.

    Args:
        gate: The gate, as read.
        hand_in: Gets the screen and the answer, as often as one is given.
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

    def __init__(
        self, gate: WaitingGate, hand_in: "Callable[[ApproveScreen, Verdict], None]"
    ) -> None:
        super().__init__()
        self._hand_in = hand_in
        self._gate = gate
        self._value = gate.value
        self._shown = gate.text
        self._fields = text_fields(gate.value)

    def compose(self) -> ComposeResult:
        """The gate, its value, a line for a mistake, the keys."""
        with Vertical(id="editor"):
            yield Static(clean(self._gate.key), id="key", markup=False)
            yield ProseArea(self._shown, read_only=True, id="json")
            form = VerticalScroll(*self._form(), id="form", can_focus=False)
            form.display = False
            yield form
            yield Static("", id="problem", markup=False)
            yield Static(_LOOKING, id="answers", markup=False)

    def _form(self) -> Iterator[Widget]:
        for field in self._fields:
            yield Static(field.name, classes="name", markup=False)
            area = ProseArea(field.text)
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
        self.query(f"#form {ProseArea.__name__}").first().focus()
        self.query_one("#answers", Static).update(_FILLING)

    def action_edit_json(self) -> None:
        """Edit the whole value as JSON, with what was changed in the form."""
        area = self.query_one("#json", ProseArea)
        if self._is_form:
            self._value = self._filled()
            if self._value != self._gate.value:
                area.value = json.dumps(self._value, indent=2, ensure_ascii=True)
            self.query_one("#form").display = False
            area.display = True
        area.unlock()
        area.focus()
        self.query_one("#answers", Static).update(_EDITING)

    def _filled(self) -> Any:
        """Return the value with the texts of the form."""
        areas = self.query(f"#form {ProseArea.__name__}").results(ProseArea)
        texts = {field.path: area.value for field, area in zip(self._fields, areas, strict=True)}
        return with_texts(self._value, texts)

    def action_approve(self) -> None:
        """Approve the value as it is on screen."""
        self.refuse("")
        arguments: dict[str, Any] = self._answer()
        text = self.query_one("#json", ProseArea).value
        if self._is_form:
            if (filled := self._filled()) != self._gate.value:
                arguments["value"] = filled
        elif text != self._shown:
            try:
                arguments["value"] = json.loads(text)
            except (ValueError, RecursionError) as error:
                self._refuse_json(error)
                return
        self._hand_in(self, Verdict("approve", arguments))

    def _refuse_json(self, error: Exception) -> None:
        """Show a mistake of the JSON, the cursor at its place."""
        area = self.query_one("#json", ProseArea)
        self.refuse(f"This is not JSON: {clean(str(error))}.", area)
        if isinstance(error, json.JSONDecodeError):
            area.move_cursor((error.lineno - 1, error.colno - 1))

    def action_reject(self) -> None:
        """Reject it."""
        self._hand_in(self, Verdict("reject", self._answer()))

    def _answer(self) -> dict[str, Any]:
        return {"key": self._gate.key, "fingerprint": self._gate.fingerprint}
