"""The form: rows for file, recipe, batch and the recipe's settings, and their values."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Button, Input, Select, Static

from engine.client.recipes import RecipeChoice, RecipeChoices
from engine.client.requests import BatchRequest
from engine.contract.recipe import AnyRecipe
from engine.text.terminal import clean
from tui.screens.new_batch.field_row import FieldRow
from tui.screens.new_batch.fields import FormCheck, FormField, check, fields_of
from tui.screens.new_batch.options import BatchForm
from tui.screens.new_batch.recipe_options import entry_fields, entry_of, with_flags

FILE = FormField(
    "file",
    "file",
    "Input file: JSON, YAML, JSONL, CSV or one prompt per line. ^o opens the file picker.",
    "text",
    "",
)


class Form(VerticalScroll, can_focus=False):
    """All fields of a batch, and their validation."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "next_field", show=False, priority=True),
    ]

    def __init__(self) -> None:
        super().__init__(id="form")
        self._choices: dict[str, RecipeChoice] = {}
        self._chosen: RecipeChoice | None = None
        self._fields: list[FormField] = []
        self._choosing = asyncio.Lock()

    def compose(self) -> ComposeResult:
        """Compose the file, and a placeholder until the recipes are loaded."""
        browse = Button("Choose", id="browse", action="screen.browse", compact=True)
        yield FieldRow(FILE, beside=[browse])
        yield Static("Loading the recipes…", id="loading", markup=False)

    # -- keys ---------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Move on with enter from text only; elsewhere it presses or opens."""
        if action == "next_field":
            return isinstance(self.screen.focused, Input)
        return super().check_action(action, parameters)

    def action_next_field(self) -> None:
        """Go to the next field, before any further key is handed to a field."""
        self.screen.focus_next()

    async def settle(self) -> bool:
        """Wait until every control has taken the keys that were pressed so far.

        Returns:
            True if they chose another recipe, whose settings are shown now.
        """
        waiting = []
        for row in self._shown():
            taken = asyncio.Event()
            if row.control_widget.call_later(taken.set):
                waiting.append(taken.wait())
        await asyncio.gather(*waiting)
        recipes = [str(row.value) for row in self._shown() if row.field.name == "recipe"]
        return bool(recipes) and await self.choose(recipes[0])

    # -- recipes ------------------------------------------------------------------------------

    @property
    def chosen(self) -> RecipeChoice | None:
        """The recipe whose settings are shown; None before there is one."""
        return self._chosen

    @property
    def other_recipes(self) -> list[AnyRecipe]:
        """The recipes that are not chosen."""
        return [choice.recipe for choice in self._choices.values() if choice is not self._chosen]

    def take_recipe(self, name: str) -> None:
        """Choose another recipe, as its field would."""
        control = self.query_one("#field-recipe", FieldRow).control_widget
        if isinstance(control, Select):
            control.value = name

    async def offer(self, found: RecipeChoices) -> None:
        """Offer recipes and show the first one's settings."""
        self._choices = {choice.recipe.name: choice for choice in found.recipes}
        loading = self.query_one("#loading", Static)
        loading.update(f"✗ {found.trouble}" if found.trouble else "")
        loading.set_class(bool(found.trouble), "-trouble")
        loading.display = bool(found.trouble)
        if not self._choices:
            return
        first = "refine" if "refine" in self._choices else next(iter(self._choices))
        summaries = "  ".join(f"{c.recipe.name}: {c.recipe.summary}" for c in found.recipes)
        recipe = FormField(
            "recipe", "recipe", clean(summaries, 300), "choice", first, tuple(self._choices)
        )
        await self.mount(
            FieldRow(recipe),
            Static("Batch", classes="section"),
            *_rows_of(fields_of(BatchForm), "batch"),
            Static("", id="settings-title", classes="section", markup=False),
        )
        await self.choose(first)

    async def choose(self, name: str) -> bool:
        """Show a recipe's settings; return True if they differ from the previous ones."""
        async with self._choosing:
            choice = self._choices.get(name)
            title = self.query("#settings-title")
            if choice is None or choice is self._chosen or not title:
                return False
            self._chosen = choice
            fields = fields_of(choice.recipe.settings, choice.defaults, choice.backends)
            self._fields = with_flags(fields, choice.recipe)
            await self.query(".settings, .entry").remove()
            await self._offer_entry(choice.recipe)
            title.first(Static).update(f"Settings of {clean(name, 40)}")
            await self.mount(*_rows_of(self._fields, "settings"), after=title.first())
            return True

    async def _offer_entry(self, recipe: AnyRecipe) -> None:
        """Show the fields of the one entry that a recipe takes in place of a file."""
        if fields := entry_fields(recipe):
            head = Static("One entry, instead of a file", classes="section entry")
            recipe_row = self.query_one("#field-recipe", FieldRow)
            await self.mount(head, *_rows_of(fields, "entry"), after=recipe_row)

    # -- what it holds ------------------------------------------------------------------------

    def rows(self, section: str) -> dict[str, FieldRow]:
        """Return the rows of `batch` or `settings`, by the field's name."""
        return {row.field.name: row for row in self.query(f".{section}").results(FieldRow)}

    def _shown(self) -> Iterator[FieldRow]:
        """Return the rows with a control that can be read."""
        return (row for row in self.query(FieldRow) if row.is_ready)

    def check(self) -> tuple[FormCheck | None, FormCheck | None]:
        """Validate settings and batch, and show the errors at each field.

        Returns:
            Settings and batch; None for one whose rows are not all mounted yet.
        """
        settings = None
        if self._chosen is not None:
            settings = self._check("settings", self._chosen.recipe.settings, self._fields)
        return settings, self._check("batch", BatchForm, fields_of(BatchForm))

    def _check(
        self, section: str, model: type[BaseModel], fields: list[FormField]
    ) -> FormCheck | None:
        rows = self.rows(section)
        if set(rows) != {field.name for field in fields}:
            return None
        if not all(row.is_ready for row in rows.values()):
            return None
        checked = check(model, fields, {name: row.value for name, row in rows.items()})
        for name, row in rows.items():
            row.say(checked.errors.get(name, ""))
        return checked

    def first_wrong(self) -> FieldRow | None:
        """Return the first row with a mistake; a missing file is one."""
        file = self.query_one("#field-file", FieldRow)
        file.say(self._trouble_with_input())
        return next((row for row in self.query(FieldRow) if row.error), None)

    def _trouble_with_input(self) -> str:
        if self.path is not None:
            return "give a file or an entry, not both" if self.entry else ""
        return "" if self.entry else "choose a file"

    def request(self, settings: FormCheck | None, batch: FormCheck | None) -> BatchRequest | None:
        """Return the batch validated by `check`; None if any of it is wrong or missing."""
        path, chosen = self.path, self._chosen
        if chosen is None or settings is None or batch is None or self._trouble_with_input():
            return None
        if settings.value is None or batch.value is None:
            return None
        return BatchRequest(
            chosen.recipe.name,
            path,
            dict(settings.values),
            self.entry,
            **batch.value.model_dump(),
        )

    @property
    def entry(self) -> dict[str, str]:
        """Return the one entry that is given in place of a file; empty without one."""
        rows = self.rows("entry")
        return entry_of({name: row.value for name, row in rows.items() if row.is_ready})

    # -- the file -----------------------------------------------------------------------------

    @property
    def path(self) -> Path | None:
        """The chosen file; None if there cannot be one."""
        text = str(self.query_one("#field-file", FieldRow).value).strip()
        if not text or "\0" in text:
            return None
        try:
            return Path(text).expanduser()
        except RuntimeError:
            return Path(text)

    def set_path(self, path: Path) -> None:
        """Choose a file."""
        self.query_one("#field-file Input", Input).value = str(path)


def _rows_of(fields: list[FormField], section: str) -> list[FieldRow]:
    rows = [FieldRow(field) for field in fields]
    for row in rows:
        row.add_class(section)
    return rows
