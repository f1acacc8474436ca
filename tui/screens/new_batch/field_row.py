"""One field of the form: its label, its control, and its error below."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Checkbox, Input, Label, Select, Static, TextArea

from tui.screens.new_batch.fields import FormField, Value
from tui.widgets.keys_in_order import act_at_once
from tui.widgets.line_input import LineInput
from tui.widgets.prose import ProseArea


class NamesControl(LineInput):
    """A line of names; the arrow down lists them."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("down", "list_names", "List", show=False)]

    def action_list_names(self) -> None:
        """List the names of the field."""
        row = self.query_ancestor(FieldRow)
        row.post_message(FieldRow.NamesWanted(row))


class Tick(Checkbox):
    """On or off, shown by a character and a word."""

    def __init__(self, *, value: bool) -> None:
        super().__init__("", value=value, compact=True, classes="control")
        self._say_it()

    async def on_key(self, event: events.Key) -> None:
        """Switch it before the next key."""
        await act_at_once(self, event)

    def watch_value(self) -> None:
        """Show the value."""
        self._say_it()
        super().watch_value()

    def _say_it(self) -> None:
        self.BUTTON_INNER = "✓" if self.value else " "
        self.label = "on" if self.value else "off"


class NamesMark(Static):
    """Sign beside a field of names; a click lists them."""

    def __init__(self) -> None:
        super().__init__(" ▾ ", markup=False, classes="names")

    async def on_click(self, event: events.Click) -> None:
        """List the names of the field."""
        event.stop()
        row = self.query_ancestor(FieldRow)
        row.focus_control()
        row.post_message(FieldRow.NamesWanted(row))


class NameSuggester(Suggester):
    """Completion of the last of several names.

    Args:
        names: The available names.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._names = names

    async def get_suggestion(self, value: str) -> str | None:
        """Return the whole text with its last name completed; names in it are not offered again."""
        before, comma, begun = value.rpartition(",")
        named = {name.strip() for name in before.split(",")}
        word = begun.lstrip()
        fits = (name for name in self._names if name.startswith(word) and name not in named)
        found = next(fits, None) if word else None
        return None if found is None else f"{before}{comma}{begun[: len(begun) - len(word)]}{found}"


class FieldRow(Vertical):
    """A field that can be edited.

    Args:
        field: What it is.
        value: Value at first, if not the field's initial one.
        beside: Widgets to the right of its control.
        suggester: Completes its text.
    """

    DEFAULT_CSS = """
    FieldRow {
        height: auto;

        Horizontal { height: auto; }
        Label { width: 24; padding: 0 1; color: $text-muted; }
        Input, Select, ProseArea { width: 1fr; }
        ProseArea { height: auto; max-height: 25vh; padding: 0; background: $surface; }
        ProseArea > .text-area--placeholder { color: $text-muted; }
        Input > .input--placeholder { color: $text-muted; }
        Checkbox { width: auto; }
        .names { width: 3; color: $accent; }
        .error { display: none; height: auto; padding: 0 1 0 24; color: $text-error; }
        &.-wrong .error { display: block; }
        &.-changed Label { color: $warning; text-style: bold; }
        &:focus-within { height: auto; }  /* so that Textual styles the label with it */
        &:focus-within Label { color: $accent; text-style: bold; }
    }
    """

    @dataclass
    class Edited(Message):
        """The control's value has changed."""

        row: "FieldRow"

        @property
        def control(self) -> "FieldRow":
            """Compose the row."""
            return self.row

    @dataclass
    class NamesWanted(Message):
        """The names that the field accepts are to be listed."""

        row: "FieldRow"

    def __init__(
        self,
        field: FormField,
        *,
        value: Value | None = None,
        beside: Iterable[Widget] = (),
        suggester: Suggester | None = None,
    ) -> None:
        super().__init__(id=f"field-{field.name.replace('_', '-')}")
        self.field = field
        self._beside = tuple(beside)
        self._suggester = NameSuggester(field.names) if field.names else suggester
        self._error = ""
        self._last = field.initial if value is None else value
        self.set_class(self._is_changed(self._last), "-changed")

    def compose(self) -> ComposeResult:
        """Compose label and control in a line, the error under them."""
        with Horizontal():
            yield Label(self._label(), markup=False)
            yield self._control()
            if self.field.names:
                yield NamesMark()
            yield from self._beside
        yield Static(classes="error", markup=False)

    def _is_changed(self, value: Value) -> bool:
        usual = self.field.usual
        return usual is not None and value != usual

    def _label(self) -> str:
        """Return the label, with a mark if the value differs from the default."""
        return f"{self.field.label} •" if self.has_class("-changed") else self.field.label

    def _control(self) -> Widget:
        field, initial = self.field, self._last
        if field.control == "switch":
            return Tick(value=bool(initial))
        if field.control == "choice":
            options = [(choice, choice) for choice in field.choices]
            value = str(initial) if initial in field.choices else Select.NULL
            return Select(
                options, value=value, allow_blank=field.optional, compact=True, classes="control"
            )
        hint = field.hint or ("not set" if field.optional or field.initial == "" else "")
        if field.control == "prose":
            area = ProseArea(str(initial), placeholder=hint)
            return area.add_class("control")
        kind = NamesControl if field.names else LineInput
        return kind(
            str(initial),
            placeholder=hint,
            compact=True,
            select_on_focus=False,
            suggester=self._suggester,
            classes="control",
        )

    @property
    def value(self) -> Value:
        """Value of the control."""
        held: object = self.control_widget.value
        if isinstance(held, bool):
            return held
        return held if isinstance(held, str) else ""

    @property
    def control_widget(self) -> "Input | Select[str] | Checkbox | ProseArea":
        """The control that edits the field."""
        control = self.query_one(".control")
        if not isinstance(control, Input | Select | Checkbox | ProseArea):
            raise TypeError(f"{control} holds no value")
        return control

    @property
    def is_ready(self) -> bool:
        """True if the control is mounted and has its initial value."""
        return any(control.is_mounted for control in self.query(".control"))

    @property
    def error(self) -> str:
        """The error; empty if there is none."""
        return self._error

    def say(self, error: str) -> None:
        """Show an error, or nothing for an empty text."""
        if error != self._error:
            self._error = error
            self.query_one(".error", Static).update(f"✗ {error}" if error else "")
            self.set_class(bool(error), "-wrong")

    def focus_control(self) -> None:
        """Focus the control."""
        self.control_widget.focus()

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(Select.Changed)
    @on(Checkbox.Changed)
    def _edited(self, event: Message) -> None:
        event.stop()
        if self.value != self._last:  # controls also report their initial value
            self._last = self.value
            self.set_class(self._is_changed(self._last), "-changed")
            self.query_one(Label).update(self._label())
            self.post_message(self.Edited(self))


def row_of(widget: Widget | None) -> FieldRow | None:
    """Return the field that a widget belongs to."""
    around = widget.ancestors_with_self if widget is not None else []
    return next((node for node in around if isinstance(node, FieldRow)), None)
