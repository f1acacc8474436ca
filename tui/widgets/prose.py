"""An editor of a text of any length, which the operator's own editor edits too."""

from typing import ClassVar

from textual import events, work
from textual.binding import Binding, BindingType
from textual.widgets import TextArea

from engine.text.errors import UserError
from engine.text.terminal import clean
from tui.text.programs import edit_in
from tui.widgets.keys_in_order import act_at_once

MAX_HERE = 200_000
"""Maximum characters that are edited here: each key wraps its line again, in 40 ms for so many."""

MAX_SHOWN = 2_000
"""Characters that are shown of a longer text."""


class ProseArea(TextArea):
    """An editor of a text, cleaned: whatever a terminal pastes acts on nothing.

    A text that is too long for it is shown by its beginning; `ctrl+g` edits all of it in the
    operator's editor.

    Args:
        text: The text.
        read_only: True to show it only, until `unlock`.
        id: Name of the widget.
        placeholder: Text that is shown while it is empty.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+g", "edit_outside", "In your editor", show=False),
        Binding("ctrl+j,shift+enter,alt+enter", "break_line", "New line", show=False),
    ]

    def __init__(
        self,
        text: str,
        *,
        read_only: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's name
        placeholder: str = "",
    ) -> None:
        super().__init__(
            tab_behavior="focus", compact=True, soft_wrap=True, id=id, placeholder=placeholder
        )
        self._is_locked = read_only
        self._whole: str | None = None
        self.value = text

    @property
    def value(self) -> str:
        """All of the text."""
        return self.text if self._whole is None else self._whole

    @value.setter
    def value(self, text: str) -> None:
        text = clean(text, None, keep_newlines=True)
        self._whole = text if len(text) > MAX_HERE else None
        self.text = text if self._whole is None else _beginning(text)
        self.read_only = self._is_locked or self._whole is not None

    def unlock(self) -> None:
        """Let the text be edited."""
        self._is_locked = False
        self.read_only = self._whole is not None

    async def on_key(self, event: events.Key) -> None:
        """Move and delete before the next character is inserted."""
        await act_at_once(self, event)

    async def _on_paste(self, event: events.Paste) -> None:
        """Insert what is pasted, cleaned."""
        event.prevent_default()
        event.stop()
        self._type(clean(event.text, None, keep_newlines=True))
        if len(self.text) > MAX_HERE:
            self.value = self.text

    def action_break_line(self) -> None:
        """Begin a new line."""
        self._type("\n")

    def _type(self, text: str) -> None:
        """Put a text in place of the selection, the cursor after it."""
        if edited := self._replace_via_keyboard(text, *self.selection):
            self.move_cursor(edited.end_location)

    @work(exclusive=True, group="program")
    async def action_edit_outside(self) -> None:
        """Edit the text in the operator's editor."""
        if self._is_locked:
            self.notify("This is only shown; begin to edit it first.", markup=False)
            return
        try:
            self.value = edit_in(self.app, self.value, name="prompt.txt")
            self.move_cursor(self.document.end)
        except UserError as error:
            self.notify(str(error), severity="warning", markup=False)


def _beginning(text: str) -> str:
    return (
        f"These {len(text):,} characters are too many to edit here: ^g opens them in $EDITOR. "
        f"They begin:\n\n{text[:MAX_SHOWN]}…"
    )
