"""The form: rows for file, recipe, batch and the recipe's settings, and their values."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import dropwhile
from typing import Any, ClassVar

from pydantic import BaseModel
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Button, Input, Select, Static

from engine.client.again import AgainRequest, settings_since, with_changes
from engine.client.recipes import RecipeChoice, RecipeChoices
from engine.client.requests import BatchRequest
from engine.contract.recipe import AnyRecipe
from engine.text.terminal import clean
from tui.screens.new_batch.field_row import FieldRow, row_of
from tui.screens.new_batch.fields import FormCheck, FormField, Value, check, fields_of, fields_with
from tui.screens.new_batch.form_rows import FormRows
from tui.screens.new_batch.options import BatchForm, batch_options, batch_values
from tui.screens.new_batch.path_suggester import PathSuggester
from tui.screens.new_batch.recipe_options import (
    ENTRY,
    PROMPT,
    entry_fields,
    filled_with,
    option_names,
    with_flags,
)
from tui.screens.new_batch.sources import BOTH, FILE, NEITHER, asked_again
from tui.widgets.prose import ProseArea


class Form(FormRows):
    """All fields of a batch, and their validation."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "next_field", show=False, priority=True),
    ]

    def __init__(self, again: AgainRequest | None = None) -> None:
        super().__init__(id="form")
        self._again = again
        self._choices: dict[str, RecipeChoice] = {}
        self._chosen: RecipeChoice | None = None
        self._fields: list[FormField] = []
        self._typed: dict[str, dict[str, Value]] = {}
        self.trouble = ""
        self._choosing = asyncio.Lock()

    def compose(self) -> ComposeResult:
        """Compose prompt and file, and a placeholder until the recipes are loaded."""
        browse = Button("Choose", id="browse", action="screen.browse", compact=True)
        prompt, file = (PROMPT, FILE) if self._again is None else asked_again(self._again)
        yield from _rows_of([prompt], "entry")
        yield FieldRow(file, beside=[browse], suggester=PathSuggester())
        yield Static("Loading the recipes…", id="loading", markup=False)

    # -- keys ---------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Move on with enter from text only; elsewhere it presses or opens."""
        if action == "next_field":
            return isinstance(self.screen.focused, Input | ProseArea)
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
    def usual(self) -> RecipeChoice | None:
        """The recipe that is shown at first; None before there is one."""
        return self._choices.get("refine") or next(iter(self._choices.values()), None)

    def other_recipes(self, recipe: AnyRecipe) -> list[AnyRecipe]:
        """Return the recipes besides one."""
        recipes = (choice.recipe for choice in self._choices.values())
        return [other for other in recipes if other is not recipe]

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
        if self.usual is None:
            return
        wanted = self._again.request.recipe if self._again is not None else ""
        first = wanted if wanted in self._choices else self.usual.recipe.name
        summaries = "  ".join(f"{c.recipe.name}: {c.recipe.summary}" for c in found.recipes)
        recipe = FormField(
            "recipe", "recipe", clean(summaries, 300), "choice", first, tuple(self._choices)
        )
        await self.mount(
            FieldRow(recipe),
            Static("Batch", classes="section"),
            *_rows_of(fields_with(BatchForm, self._batch_values), "batch"),
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
            self._keep_typed()
            self._chosen = choice
            again = self._again_of(name)
            values = again.request.settings if again else {}
            model = choice.recipe.settings
            fields = fields_with(model, values, choice.defaults, choice.backends)
            self._fields = with_flags(fields, choice.recipe)
            await self.query(".settings, .more").remove()
            await self._offer_entry(choice.recipe)
            title.first(Static).update(f"Settings of {clean(name, 40)}")
            rows = _rows_of(self._fields, "settings", self._typed.get(name))
            await self.mount(*rows, after=title.first())
            return True

    def _keep_typed(self) -> None:
        """Keep the values of a recipe's fields, in case that it is chosen again."""
        if self._chosen is not None:
            rows = (row for row in self.query(".settings, .more").results(FieldRow) if row.is_ready)
            self._typed[self._chosen.recipe.name] = {row.field.name: row.value for row in rows}

    async def _offer_entry(self, recipe: AnyRecipe) -> None:
        """Show the fields of the one entry that a recipe takes in place of a file."""
        fields = {field.name: field for field in self._entry_fields(recipe)}
        prompt = fields.pop(PROMPT.name, None)
        self.prompt.display = prompt is not None
        if prompt is not None:
            self.prompt.field = replace(self.prompt.field, help=prompt.help)
        if fields and (self._again_of(recipe.name) is None or self.count == 1):
            head = Static("More of this entry", classes="section more")
            rows = _rows_of(fields.values(), "entry more", self._typed.get(recipe.name))
            await self.mount(head, *rows, after=self.query_one("#field-recipe", FieldRow))

    def _entry_fields(self, recipe: AnyRecipe) -> list[FormField]:
        fields = entry_fields(recipe)
        again = self._again_of(recipe.name)
        entries = again.request.entries if again else ()
        return filled_with(fields, entries[0]) if len(entries) == 1 else fields

    @property
    def _batch_values(self) -> dict[str, Any]:
        return batch_values(self._again.request if self._again else None)

    def _again_of(self, recipe: str) -> AgainRequest | None:
        """Return what is queued again, if it is of a recipe."""
        again = self._again
        return again if again is not None and again.request.recipe == recipe else None

    def focus_first(self) -> None:
        """Focus the prompt, or the file of a recipe without one."""
        row = self.prompt if self.prompt.display else self.file
        row.focus_control()

    def focus_setting(self) -> None:
        """Focus the next setting that is changed and names no backends, its text selected.

        If none is changed, it is the first one behind those that name backends.
        """
        wanted = self._wanted_settings()
        focused = row_of(self.screen.focused)
        at = wanted.index(focused) + 1 if focused in wanted else 0
        for row in wanted[at : at + 1] or wanted[:1]:
            row.focus_control()
            if isinstance(row.control_widget, Input):
                row.control_widget.select_all()

    def _wanted_settings(self) -> list[FieldRow]:
        backends = self._chosen.backends if self._chosen else {}
        rows = list(self.rows("settings").values())
        behind = dropwhile(lambda row: row.field.name not in backends, rows)
        others = [row for row in rows if row.field.name not in backends]
        changed = [row for row in others if row.has_class("-changed")]
        following = [row for row in behind if row in others]
        return changed or (following or others)[:1]

    @property
    def changes(self) -> list[str]:
        """Values that differ from the defaults, without name and seed, as `max iterations 5`."""
        rows = [*self.rows("settings").values(), *self.rows("batch").values()]
        changed = [row for row in rows if row.has_class("-changed")]
        return [
            f"{row.field.label} {_in_short(row.value)}"
            for row in changed
            if row.field.name not in {"name", "seed"}
        ]

    # -- validation ---------------------------------------------------------------------------

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
        """Return the first row with a mistake; a missing prompt or file is one."""
        trouble = self._trouble_with_input()
        is_empty = trouble == NEITHER and bool(self.prompt.display)
        self.file.say("choose a file" if trouble == NEITHER else trouble)
        if is_empty:
            self.file.say("")
        for row in self.rows("entry").values():
            row.say(trouble if row is self.prompt and is_empty else "")
        return next((row for row in self.query(FieldRow) if row.error and row.display), None)

    def _trouble_with_input(self) -> str:
        if self.path is not None:
            return BOTH if any(self.entry.values()) else self.trouble
        return "" if self.count else NEITHER

    def show_trouble(self, trouble: str, *, is_typed: bool) -> None:
        """Show what is wrong with the file as a whole.

        Args:
            trouble: The end of a sentence; empty if nothing is.
            is_typed: True if its path is being typed: it need not exist yet.
        """
        self.trouble = trouble.partition("; use - ")[0]
        path = self.path
        begun = is_typed and path is not None and not path.is_file()
        self.file.say("" if begun else self.trouble)

    def show_problems(self, problems: Mapping[str, str]) -> bool:
        """Show problems of an entry at its fields, and go to the first.

        Args:
            problems: Problems by the fields of the recipe's input; empty for the entry as a whole.

        Returns:
            True if each problem has its field here.
        """
        rows = self.rows("entry")
        named = {rows.get(f"{ENTRY}{name or 'prompt'}"): text for name, text in problems.items()}
        for row, text in named.items():
            if row is not None:
                row.say(text)
        if first := next((row for row in rows.values() if row.error), None):
            first.focus_control()
        return bool(named) and None not in named

    def request(self, settings: FormCheck | None, batch: FormCheck | None) -> BatchRequest | None:
        """Return the batch validated by `check`; None if any of it is wrong or missing."""
        path, chosen = self.path, self._chosen
        if chosen is None or settings is None or batch is None or self._trouble_with_input():
            return None
        if settings.value is None or batch.value is None:
            return None
        entry, options = self.entry, option_names(chosen.recipe)
        flags = {name: text for name, text in entry.items() if name in options}
        changed = self._changed(settings.value, batch.value)
        return BatchRequest(
            chosen.recipe.name,
            path,
            dict(settings.values),
            {} if self._is_again else flags,
            entries=() if path is not None else self._entries(entry, flags, changed),
            own_settings=self._is_again,
            **batch_options(batch.value),
        )

    @property
    def _is_again(self) -> bool:
        """True if the entries of a batch or a job are queued again."""
        chosen = self._chosen
        return chosen is not None and bool(self._again_of(chosen.recipe.name))

    @property
    def count(self) -> int:
        """Number of entries that are given in place of a file."""
        if self.entry:
            return 1
        return len(self._again.request.entries) if self._again and self._is_again else 0

    def _changed(self, settings: BaseModel, batch: BaseModel) -> dict[str, Any]:
        """Return settings that are others than those of the batch that is queued again."""
        if self._again is None or not self._is_again:
            return {}
        return settings_since(self._again.request, settings, batch.model_dump()["seed"])

    def _entries(
        self, entry: dict[str, str], flags: dict[str, str], changed: dict[str, Any]
    ) -> tuple[Mapping[str, Any], ...]:
        """Return the entries in place of a file: those that are queued again, or one by hand."""
        again = self._again.request.entries if self._again and self._is_again else ()
        if len(again) == 1 or (again and not entry):
            return tuple(with_changes(one, entry, changed) for one in again)
        return () if flags or not entry else (entry,)


def _rows_of(
    fields: Iterable[FormField], classes: str, typed: Mapping[str, Value] | None = None
) -> list[FieldRow]:
    rows = [FieldRow(field, value=(typed or {}).get(field.name)) for field in fields]
    for row in rows:
        row.add_class(*classes.split())
    return rows


def _in_short(value: Value) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else clean(value, 24) or "not set"
