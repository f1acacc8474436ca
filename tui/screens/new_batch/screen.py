"""The screen that queues a batch."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Button, Static
from textual.worker import Worker, get_current_worker

from engine.text import clean
from tui.screens.new_batch import estimate, work
from tui.screens.new_batch.field_row import FieldRow
from tui.screens.new_batch.fields import (
    WHOLE_FORM,
    Checked,
    FormField,
    check,
    fields_of,
)
from tui.screens.new_batch.messages import (
    Estimated,
    InputRead,
    QueueingEnded,
    ReadinessFound,
    RecipesFound,
)
from tui.screens.new_batch.options import BatchForm
from tui.screens.new_batch.problems import ProblemList
from tui.screens.new_batch.readiness import Readiness, read_readiness, what_lacks

if TYPE_CHECKING:
    from engine.catalog import EntryPointCatalog

READ_AFTER = 0.3
"""Seconds without a key after which a path that was typed is read."""

ESTIMATE_AFTER = 0.5
"""Seconds without an edit after which it is found out what the batch would take."""

MOST_ESTIMATED = 20_000
"""Entries of a file that is read once more to find that out."""

FILE = FormField(
    "file",
    "file",
    "What to queue: JSON, YAML, JSONL, CSV or a prompt a line. ^o chooses one.",
    "text",
    "",
)


class NewBatchScreen(Screen[int | None]):
    """Asks for a file, a recipe and its settings, and queues them as a batch.

    It is dismissed with the batch's number, or with None where nothing was queued.

    Args:
        workspace_root: The workspace's folder; it has a store.
        catalog: Where recipes and backends are found; by default the installed ones.
        path: A file to begin with.
    """

    CSS_PATH = "screen.tcss"
    AUTO_FOCUS = "#field-file Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "queue", "Queue", priority=True),
        Binding("ctrl+o", "browse", "Choose a file", priority=True),
        Binding("ctrl+r", "read_again", "Read the file again", priority=True),
        Binding("escape", "leave", "Back"),
    ]

    def __init__(
        self,
        workspace_root: Path,
        *,
        catalog: "EntryPointCatalog | None" = None,
        path: Path | None = None,
    ) -> None:
        super().__init__()
        self._root = workspace_root
        self._catalog = catalog
        self._first_path = path
        self._choices: dict[str, work.RecipeChoice] = {}
        self._chosen: work.RecipeChoice | None = None
        self._fields: list[FormField] = []
        self._number = 0  # of the reading that counts
        self._reading: work.Reading | None = None
        self._reader: Worker[None] | None = None
        self._timer: Timer | None = None
        self._queueing = False
        self._said = ""
        self._summary = ("", False)
        self._readiness: Readiness = {}
        self._estimate = ""
        self._of_estimate: object = None  # what it was estimated from
        self._estimating: Timer | None = None

    # -- layout -------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """The form, what is wrong with the file, help, summary, buttons."""
        yield Static("New batch", id="title")
        with VerticalScroll(id="form", can_focus=False):
            browse = Button("Choose", id="browse", compact=True)
            yield FieldRow(FILE, beside=[browse])
            yield Static("Loading the recipes…", id="loading", markup=False)
        yield ProblemList()
        yield Static(id="help", markup=False)
        yield Static(id="summary", markup=False)
        with Horizontal(id="buttons"):
            yield Button("Queue ^s", id="queue", variant="primary", compact=True)
            yield Button("Back esc", id="leave", compact=True)

    def on_mount(self) -> None:
        """Begins with the file that was given, and loads the recipes."""
        if self._first_path is not None:
            self._set_path(self._first_path)
        self.run_worker(self._find_recipes, thread=True, group="recipes", exit_on_error=False)
        self.run_worker(self._ask_backends, thread=True, group="ready", exit_on_error=False)

    @on(events.DescendantFocus)
    def _show_help(self, event: events.DescendantFocus) -> None:
        rows = [node for node in event.widget.ancestors_with_self if isinstance(node, FieldRow)]
        self.query_one("#help", Static).update(rows[0].field.help if rows else "")

    def _rows(self, section: str) -> dict[str, FieldRow]:
        return {row.field.name: row for row in self.query(f".{section}").results(FieldRow)}

    # -- recipes ------------------------------------------------------------------------------

    def _find_recipes(self) -> None:
        """In a thread."""
        found = work.Found(trouble="The recipes cannot be loaded.")
        try:
            if self._catalog is None:
                from engine.catalog import EntryPointCatalog

                self._catalog = EntryPointCatalog()
            found = work.find_recipes(self._root, self._catalog)
        finally:
            self.post_message(RecipesFound(found))

    @on(RecipesFound)
    async def _offer_recipes(self, message: RecipesFound) -> None:
        """Offers the recipes and shows the first one's settings."""
        found = message.found
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
        batch = [self._row(field, "batch") for field in fields_of(BatchForm)]
        await self.query_one("#form").mount(
            FieldRow(recipe),
            Static("Batch", classes="section"),
            *batch,
            Static("", id="settings-title", classes="section", markup=False),
        )
        await self._choose(first)

    def _ask_backends(self) -> None:
        """In a thread."""
        self.post_message(ReadinessFound(read_readiness(self._root)))

    @on(ReadinessFound)
    def _know_backends(self, message: ReadinessFound) -> None:
        """Says what the chosen backends lack."""
        self._readiness = message.readiness
        self._check_forms()

    def _row(self, field: FormField, section: str) -> FieldRow:
        row = FieldRow(field)
        row.add_class(section)
        return row

    async def _choose(self, name: str) -> None:
        choice = self._choices.get(name)
        if choice is None or choice is self._chosen:
            return
        self._chosen = choice
        model = choice.recipe.settings
        self._fields = fields_of(model, choice.defaults, choice.backends)
        await self.query(".settings").remove()
        title = self.query_one("#settings-title", Static)
        title.update(f"Settings of {clean(name, 40)}")
        rows = [self._row(field, "settings") for field in self._fields]
        await self.query_one("#form").mount(*rows, after=title)
        self._check_forms()
        self._read_input()

    # -- validation ---------------------------------------------------------------------------

    @on(FieldRow.Edited)
    async def _edited(self, event: FieldRow.Edited) -> None:
        name = event.row.field.name
        self._said = ""
        if event.row.has_class("settings") or event.row.has_class("batch"):
            self._check_forms()
        elif name == "recipe":
            await self._choose(str(event.row.value))
        else:
            event.row.say("")
            self._wait_and_read()

    def _check_forms(self) -> tuple[Checked | None, Checked | None]:
        """Validates both forms and says what is wrong in its place."""
        settings = None
        if self._chosen is not None:
            settings = self._check("settings", self._chosen.recipe.settings, self._fields)
        batch = self._check("batch", BatchForm, fields_of(BatchForm))
        self._summarise(settings)
        return settings, batch

    def _check(
        self, section: str, model: type[BaseModel], fields: list[FormField]
    ) -> Checked | None:
        rows = self._rows(section)
        if set(rows) != {field.name for field in fields}:
            return None  # they are not all there yet
        checked = check(model, fields, {name: row.value for name, row in rows.items()})
        for name, row in rows.items():
            row.say(checked.errors.get(name, ""))
        if WHOLE_FORM in checked.errors:
            self._say(checked.errors[WHOLE_FORM], bad=True)
        return checked

    def _summarise(self, settings: Checked | None) -> None:
        if self._said or self._queueing:
            return
        reading, text, bad = self._reading, "", False
        if reading is not None and not reading.finished:
            text = f"Reading: {reading.entries:,} entries so far…"
        elif reading is not None and reading.problems:
            text, bad = "Put the file right, then ^r reads it again.", True
        elif reading is not None and self._chosen and settings and settings.value is not None:
            text = self._what_it_takes(reading.entries, settings)
        elif reading is not None:
            text = estimate.summary(reading.entries, None)
        self._show_summary(text, bad=bad)

    def _what_it_takes(self, entries: int, settings: Checked) -> str:
        """Entries, steps, cost and time as far as they are known, and what backends lack."""
        if self._chosen is None or settings.value is None:
            return ""
        form = (self._number, self._chosen.recipe.name, settings.value.model_dump_json())
        if form != self._of_estimate:
            self._of_estimate, self._estimate = form, ""
            if self._estimating is not None:
                self._estimating.stop()
            if entries <= MOST_ESTIMATED:
                self._estimating = self.set_timer(ESTIMATE_AFTER, self._begin_estimate)
        steps = estimate.most_steps(self._chosen.recipe, settings.value)
        text = self._estimate or estimate.summary(entries, steps)
        named = [(name, str(settings.values.get(name, ""))) for name in self._chosen.backends]
        return f"{text} {what_lacks(self._readiness, named)}".rstrip()

    def _begin_estimate(self) -> None:
        path, form, chosen = self._path(), self._of_estimate, self._chosen
        settings, batch = self._check_forms()
        if path is None or chosen is None or settings is None or batch is None:
            return
        if settings.value is None or batch.value is None:
            return
        values, options = dict(settings.values), batch.value.model_dump()
        work_ = partial(self._find_estimate, form, chosen, path, values, options)
        self.run_worker(work_, thread=True, group="estimate", exit_on_error=False)

    def _find_estimate(
        self,
        form: object,
        chosen: work.RecipeChoice,
        path: Path,
        settings: Mapping[str, Any],
        options: Mapping[str, Any],
    ) -> None:
        """In a thread."""
        if self._catalog is None:
            return
        try:
            found = work.estimate_batch(
                self._root, self._catalog, chosen.recipe, path, settings, options
            )
        except work.Refused as refusal:
            self.post_message(Estimated(form, f"It would be refused: {refusal}"))
        else:
            self.post_message(Estimated(form, estimate.words(found)))

    @on(Estimated)
    def _show_estimate(self, message: Estimated) -> None:
        """Says what the batch would take, unless the form says something else by now."""
        if message.form == self._of_estimate:
            self._estimate = message.words
            self._check_forms()

    def _say(self, text: str, *, bad: bool = False) -> None:
        """Says something that stands until the next edit."""
        self._said = text
        self._show_summary(text, bad=bad)

    def _show_summary(self, text: str, *, bad: bool) -> None:
        if (text, bad) == self._summary:
            return  # every change of a line is a new layout
        self._summary = (text, bad)
        summary = self.query_one("#summary", Static)
        summary.update(text)
        summary.set_class(bad, "-bad")

    # -- the input ----------------------------------------------------------------------------

    def action_browse(self) -> None:
        """Chooses a file from a list of them."""
        from tui.screens.new_batch.picker import InputPicker

        path = self._path()
        folder = path.parent if path is not None and path.parent.is_dir() else Path.cwd()
        self.app.push_screen(InputPicker(folder), self._picked)

    def _picked(self, path: Path | None) -> None:
        if path is not None:
            self._set_path(path)

    def _set_path(self, path: Path) -> None:
        self.query_one("#field-file Input").value = str(path)  # type: ignore[attr-defined]

    def _path(self) -> Path | None:
        text = str(self.query_one("#field-file", FieldRow).value).strip()
        if not text or "\0" in text:
            return None
        try:
            return Path(text).expanduser()
        except RuntimeError:
            return Path(text)

    def _wait_and_read(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(READ_AFTER, self._read_input)

    def action_read_again(self) -> None:
        """Reads a file again that has changed meanwhile."""
        self._said = ""
        self._read_input()

    def _read_input(self) -> None:
        """Has a thread read the input that the form names."""
        self._number += 1
        if self._reader is not None:
            self._reader.cancel()
        path, chosen = self._path(), self._chosen
        self._reading = None
        if path is None or chosen is None:
            self.query_one(ProblemList).say((), 0)
            self._summarise(None)
            return
        read = partial(self._read, self._number, path, chosen)
        self._reader = self.run_worker(read, thread=True, group="read", exit_on_error=False)

    def _read(self, number: int, path: Path, chosen: work.RecipeChoice) -> None:
        """In a thread."""
        worker = get_current_worker()

        def report(reading: work.Reading) -> None:
            self.post_message(InputRead(number, reading))

        report(work.read_input(path, chosen.recipe, report, lambda: worker.is_cancelled))

    @on(InputRead)
    def _show_reading(self, message: InputRead) -> None:
        """Says how much is in the input, or what is wrong with it."""
        if message.number != self._number:
            return
        self._reading = message.reading
        self.query_one(ProblemList).say(message.reading.problems, message.reading.total)
        self._check_forms()

    # -- queueing -----------------------------------------------------------------------------

    @on(Button.Pressed, "#browse")
    def _press_browse(self) -> None:
        self.action_browse()

    @on(Button.Pressed, "#queue")
    def _press_queue(self) -> None:
        self.action_queue()

    @on(Button.Pressed, "#leave")
    def _press_leave(self) -> None:
        self.action_leave()

    def action_leave(self) -> None:
        """Goes back without queueing; what is being queued is waited for."""
        if self._queueing:
            self._say("It is being queued; one moment.")
            return
        self.dismiss(None)

    def action_queue(self) -> None:
        """Queues what the form says, or goes to the first thing that is wrong with it."""
        settings, batch = self._check_forms()
        if self._queueing or self._chosen is None or settings is None or batch is None:
            return
        file, path = self.query_one("#field-file", FieldRow), self._path()
        file.say("" if path else "choose a file")
        wrong = [row for row in self.query(FieldRow) if row.error]
        if wrong or path is None:
            wrong[0].focus_control()
            return
        if batch.value is None or settings.value is None:
            return  # what concerns the whole form is in the summary
        self._queueing = True
        self._say("Queueing…")
        self._set_busy(busy=True)
        run = partial(
            self._queue, self._chosen, path, dict(settings.values), batch.value.model_dump()
        )
        self.run_worker(run, thread=True, group="queue", exit_on_error=False)

    def _queue(
        self,
        chosen: work.RecipeChoice,
        path: Path,
        settings: Mapping[str, Any],
        options: Mapping[str, Any],
    ) -> None:
        """In a thread."""
        ended = QueueingEnded(None, work.Refused("It could not be queued; the log says why."))
        try:
            if self._catalog is not None:
                batch_id = work.queue_batch(
                    self._root, self._catalog, chosen.recipe, path, settings, options
                )
                ended = QueueingEnded(batch_id, None)
        except work.Refused as refusal:
            ended = QueueingEnded(None, refusal)
        finally:
            self.post_message(ended)

    @on(QueueingEnded)
    def _leave_or_say(self, message: QueueingEnded) -> None:
        """Leaves with the batch's number, or says why nothing was queued."""
        self._queueing = False
        if message.batch_id is not None:
            self.dismiss(message.batch_id)
            return
        self._set_busy(busy=False)
        refusal = message.refusal
        if refusal is not None:
            self._say(str(refusal), bad=True)
            if refusal.problems:
                self.query_one(ProblemList).say(refusal.problems, refusal.total)

    def _set_busy(self, *, busy: bool) -> None:
        self.query_one("#form").disabled = busy
        self.query_one("#queue", Button).disabled = busy
