"""Form of a branch: another prompt, and a line of other settings."""

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input, Static

from engine.text.errors import UserError
from engine.text.terminal import clean
from tui.screens.editor import EditorScreen
from tui.widgets.line_input import LineInput
from tui.widgets.prose import ProseArea
from tui.workspaces import open_workspace, refusal_words


@dataclass(frozen=True, slots=True)
class BranchForm:
    """A branch that an operator asks for.

    Attributes:
        source: Where it begins, `j1:iteration-2`.
        prompt: Another prompt; None if it is the one that is there.
        settings: Other settings, as typed: `seed=7 width=512`.
    """

    source: str
    prompt: str | None
    settings: str


class BranchScreen(EditorScreen):
    """Form of a branch, whose prompt may have any length.

    Args:
        source: Where it begins, `j1:iteration-2`.
        prompt: The prompt that is there, cleaned.
        hand_in: Gets the screen and the form, as often as it is sent.
    """

    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("ctrl+s", "send", "Branch", priority=True),
        Binding("escape", "leave", "Leave", priority=True),
    ]

    def __init__(
        self, source: str, prompt: str, hand_in: "Callable[[BranchScreen, BranchForm], None]"
    ) -> None:
        super().__init__()
        self._source = source
        self._prompt = prompt
        self._hand_in = hand_in

    def compose(self) -> ComposeResult:
        """Compose the place, the prompt, the settings, a line for a mistake, the keys."""
        with Vertical(id="editor"):
            yield Static(f"Branch from {clean(self._source, 80)}", id="key", markup=False)
            yield ProseArea(self._prompt)
            yield LineInput(
                placeholder="seed=7 width=512", id="settings", compact=True, select_on_focus=False
            )
            yield Static(id="problem", markup=False)
            keys = "^s  see the cost    tab  settings    ^g  $EDITOR    esc  leave"
            yield Static(keys, id="answers", markup=False)

    def action_send(self) -> None:
        """Hand in what is typed, cleaned: a terminal can paste anything."""
        self.refuse("")
        text = clean(self.query_one(ProseArea).value, None, keep_newlines=True).strip()
        settings = clean(self.query_one(Input).value, None)
        try:
            settings_of(settings)
        except UserError as error:
            self.refuse(str(error), self.query_one(Input))
            return
        prompt = text if text and text != self._prompt.strip() else None
        self._hand_in(self, BranchForm(self._source, prompt, settings))


def estimate_branch(root: Path, form: BranchForm) -> tuple[str, bool]:
    """Return what a branch keeps and takes in words, and True if it is refused; in a thread."""
    from engine.text.plural import pluralize
    from tui.screens.new_batch.estimate import words

    try:
        estimate = open_workspace(root).estimate_branch(
            form.source, prompt=form.prompt, settings=settings_of(form.settings)
        )
    except Exception as error:  # noqa: BLE001 - a bug is raised again
        return refusal_words(error), True
    kept = pluralize(estimate.kept, "step is", "steps are")
    return f"{kept} kept. The rest: {words(estimate.estimate)}", False


def branch(root: Path, form: BranchForm) -> tuple[str, bool]:
    """Queue a branch; return a sentence, and True if it was refused. In a thread."""
    try:
        batch = open_workspace(root).branch(
            form.source, prompt=form.prompt, settings=settings_of(form.settings)
        )
    except Exception as error:  # noqa: BLE001 - a bug is raised again
        return refusal_words(error), True
    return f"Queued {batch}, a branch of {clean(form.source, 80)}.", False


def settings_of(text: str) -> dict[str, Any]:
    """Return the settings of a line `name=value name=value`; values are JSON, else text.

    Raises:
        UserError: A part of it is no such pair.
    """
    settings: dict[str, Any] = {}
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UserError(f"These settings cannot be read: {error}.") from None
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or not name:
            raise UserError(f"Write settings as name=value; {clean(word, 40)} is none.")
        try:
            settings[name] = json.loads(value)
        except ValueError:
            settings[name] = value
    return settings
