"""The screen that queues a batch."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.timer import Timer
from textual.widgets import Button, Static

from engine.client.inputs import Reading, Refusal, refusal_of
from engine.client.recipes import RecipeChoices, find_recipes, installed_catalog
from engine.client.requests import BatchRequest
from tui.screens.new_batch import input_reader
from tui.screens.new_batch.estimated_form import EstimatedForm
from tui.screens.new_batch.field_row import FieldRow, row_of
from tui.screens.new_batch.form import Form
from tui.screens.new_batch.messages import (
    InputRead,
    QueueingEnded,
    RecipesFound,
)
from tui.screens.new_batch.problems import ProblemList
from tui.screens.new_batch.summary import Summary

if TYPE_CHECKING:
    from engine.client.again import AgainRequest
    from engine.client.recipes import InstalledCatalog


LISTED = " ^b lists them."


class NewBatchScreen(EstimatedForm):
    """Form for a file, a recipe and its settings, which queues them as a batch.

    It is dismissed with the batch's number, or with None if nothing was queued.

    Args:
        workspace_root: The workspace's folder; it has a store.
        catalog: The recipes and backends; by default the installed ones.
        path: The initial file.
        again: A batch or a job that is queued again; its values that differ from the defaults are
            marked.
    """

    CSS_PATH = "screen.tcss"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high")]  # noqa: RUF012 - Textual's way
    AUTO_FOCUS = "#field-entry-prompt .control"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "queue", "Queue", priority=True),
        Binding("ctrl+o", "browse", "Choose a file", priority=True),
        Binding("ctrl+b", "backends", "Choose a backend", priority=True),
        Binding("ctrl+r", "read_again", "Read the file again", priority=True),
        Binding("ctrl+t", "take_recipe", "Use the recipe that fits the file", priority=True),
        Binding("ctrl+n", "next_setting", "Go to the settings", priority=True),
        Binding("escape", "leave", "Back"),
        # with priority, later keys go to the field that these lead to
        Binding("tab", "app.focus_next", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", show=False, priority=True),
    ]

    def __init__(
        self,
        workspace_root: Path,
        *,
        catalog: "InstalledCatalog | None" = None,
        path: Path | None = None,
        again: "AgainRequest | None" = None,
    ) -> None:
        super().__init__(workspace_root, catalog, settled=again is not None)
        self._again = again
        self._first_path = path
        self._queue_when_read = False
        self._awaited: Path | None = None
        self._looking: Timer | None = None

    # -- layout -------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Compose the form, the problems of the file, help, summary, buttons."""
        yield Static(id="title", markup=False)
        yield Form(self._again)
        yield ProblemList()
        yield Static(id="help", markup=False)
        yield Summary()
        with Horizontal(id="buttons"):
            yield Button("Queue ^s", "primary", id="queue", action="screen.queue", compact=True)
            yield Button("Back esc", id="leave", action="screen.leave", compact=True)
            yield Static("^n settings   ^o file   ^b backends", id="keys", markup=False)

    def on_mount(self) -> None:
        """Start with the given file, and load the recipes."""
        self._say_changes()
        if self._first_path is not None:
            self.form.set_path(self._first_path)
        self.run_worker(self._find_recipes, thread=True, group="recipes", exit_on_error=False)
        self.run_worker(self._ask_backends, thread=True, group="ready", exit_on_error=False)

    @on(events.DescendantBlur)
    def _check_path(self, event: events.DescendantBlur) -> None:
        """Show what is wrong with a path once it is left."""
        if self.form.trouble and row_of(event.widget) is self.form.file:
            self.form.show_trouble(self.form.trouble, is_typed=False)

    @on(events.DescendantFocus)
    def _show_help(self, event: events.DescendantFocus) -> None:
        row = row_of(event.widget)
        text = f"{row.field.help}{LISTED if row.field.names else ''}" if row else ""
        self.query_one("#help", Static).update(text)

    def _say_changes(self) -> None:
        """Show in the title what differs from the defaults."""
        title = f"{self._again.called} again, with…" if self._again else "New batch"
        changes = ", ".join(self.form.changes)
        self.query_one("#title", Static).update(f"{title}   • {changes}" if changes else title)

    def action_next_setting(self) -> None:
        """Go to the next setting that is changed, or to the first one."""
        self.form.focus_setting()

    # -- recipes ------------------------------------------------------------------------------

    def _find_recipes(self) -> None:
        """Load the recipes; in a thread."""
        found = RecipeChoices(trouble="The recipes cannot be loaded.")
        try:
            self._catalog = self._catalog or installed_catalog()
            found = find_recipes(self._root, self._catalog)
        finally:
            self.post_message(RecipesFound(found))

    @on(RecipesFound)
    async def _offer_recipes(self, message: RecipesFound) -> None:
        """Offer the recipes and show the first one's settings."""
        await self.form.offer(message.found)
        if self.form.chosen is not None:
            self._check_form()
            self._read_input(guess=True)
        self._say_changes()
        if not self.form.prompt.display:
            self.call_after_refresh(self.form.focus_first)

    # -- validation ---------------------------------------------------------------------------

    @on(FieldRow.Edited)
    async def _edited(self, event: FieldRow.Edited) -> None:
        self.summary.lift()
        self._say_changes()
        if event.row.classes & {"settings", "batch", "entry"}:
            if event.row.has_class("entry"):
                event.row.say("")
            self._check_form()
            self._look_for_path(event.row)
        elif event.row.field.name == "recipe":
            self._guess.note(str(event.row.value))
            await self._choose(str(event.row.value))
        else:
            self.form.show_trouble("", is_typed=True)
            self._queue_when_read = self._queue_when_read and self.form.path == self._awaited
            self._guess.open()
            self._reader.wait(partial(self._read_input, guess=True))

    def _look_for_path(self, row: FieldRow) -> None:
        """Look a little later whether the path of a file was typed as the prompt."""
        if row is self.form.prompt:
            if self._looking is not None:
                self._looking.stop()
            self._looking = self.set_timer(input_reader.READ_AFTER, self.form.take_path)

    async def _choose(self, name: str) -> None:
        if await self.form.choose(name):
            self._check_form()
            self._read_input()

    # -- backends -----------------------------------------------------------------------------

    def action_backends(self) -> None:
        """List the backends for the field that has the focus, or for the first that has some."""
        row = row_of(self.focused)
        if row is None or not row.field.names:
            row = next((row for row in self.form.query(FieldRow) if row.field.names), None)
        if row is not None:
            row.focus_control()
            self._list_backends(row)

    @on(FieldRow.NamesWanted)
    def _names_wanted(self, event: FieldRow.NamesWanted) -> None:
        self._list_backends(event.row)

    def _list_backends(self, row: FieldRow) -> None:
        from tui.screens.new_batch.backends import list_backends

        list_backends(self.app, row, self._readiness.get(row.field.name))

    # -- the input ----------------------------------------------------------------------------

    def action_browse(self) -> None:
        """Choose a file from a list."""
        from tui.screens.new_batch.picker import InputPicker

        path = self.form.path
        folder = path.parent if path is not None and path.parent.is_dir() else Path.cwd()
        self.app.push_screen(InputPicker(folder), self._picked)

    def _picked(self, path: Path | None) -> None:
        if path is not None:
            self.form.set_path(path)

    def action_take_recipe(self) -> None:
        """Switch to the recipe that fits the file."""
        reading = self._reader.reading
        if reading is not None and reading.fits:
            self.form.take_recipe(reading.fits)

    def action_read_again(self) -> None:
        """Read a changed file again."""
        self.summary.lift()
        self._read_input(guess=True)

    def _read_input(self, *, guess: bool = False) -> None:
        """Have a thread read the form's input.

        Args:
            guess: True to read it for the usual recipe, unless the operator has chosen one.
        """
        path, usual, chosen = self.form.path, self.form.usual, self.form.chosen
        if path is None or chosen is None or usual is None:
            self._reader.forget()
            self._guess.close()
            self.query_one(ProblemList).say((), 0)
            self._summarise(None)
            return
        recipe = (usual if guess and not self._guess.settled else chosen).recipe
        self._reader.read(path, recipe, self.form.other_recipes(recipe))
        if guess:
            self._guess.wait_for(self._reader.number)

    @on(InputRead)
    async def _show_reading(self, message: InputRead) -> None:
        """Show the size of the input, or its problems, once its recipe is known."""
        if not self._reader.take(message) or self._is_guessed_anew(message):
            return
        reading = message.reading
        self._show_problems(reading)
        self._check_form()
        if reading.finished and self._queue_when_read:
            self._queue_when_read = False
            await self._queue_form()

    def _show_problems(self, result: Reading | Refusal) -> None:
        """Show the problem of the file at its field, those of entries in a list."""
        is_typed = self.form.file.control_widget.has_focus and not self._queue_when_read
        trouble = result.problems[0] if result.about_file else ""
        self.form.show_trouble(trouble, is_typed=is_typed)
        self.query_one(ProblemList).say(() if trouble else result.problems, result.total)

    def _is_guessed_anew(self, message: InputRead) -> bool:
        """Show the recipe that a reading decides for; False if it is the one that is shown."""
        usual, chosen = self.form.usual, self.form.chosen
        if usual is None or chosen is None:
            return False
        name = self._guess.decide(message.number, message.reading, usual.recipe.name)
        if name in {"", chosen.recipe.name}:
            return False
        self.form.take_recipe(name)
        return True

    # -- queueing -----------------------------------------------------------------------------

    def action_leave(self) -> None:
        """Go back without queueing; wait for a batch that is being queued."""
        if self._queueing:
            self.summary.say("Queueing the batch…")
            return
        self.dismiss(None)

    async def action_queue(self) -> None:
        """Queue the form's batch, or go to the first mistake."""
        chosen = await self.form.settle()
        if self.form.take_path() or chosen:
            self._read_input(guess=not chosen)
        elif self.form.trouble:
            self._read_input(guess=True)  # it may have been mended
        is_open = self._guess.is_open or bool(self.form.trouble)
        self._queue_when_read = is_open and self.form.path is not None
        if self._queue_when_read:
            self._awaited = self.form.path
            self.summary.say("Reading the file…")
        else:
            await self._queue_form()

    async def _queue_form(self) -> None:
        """Queue the form's batch if nothing is wrong, or go to the first mistake."""
        self.summary.lift()
        settings, batch = self._check_form()
        if self._queueing or settings is None or batch is None:
            return
        if (wrong := self.form.first_wrong()) is not None:
            wrong.focus_control()
            return
        request = self.form.request(settings, batch)
        if request is None or self._catalog is None:
            return  # mistakes of the whole form are in the summary
        self._queueing = True
        self.summary.say("Queueing…")
        self._set_busy(busy=True)
        run = partial(self._queue, request)
        self.run_worker(run, thread=True, group="queue", exit_on_error=False)

    def _queue(self, request: BatchRequest) -> None:
        """Queue; in a thread."""
        ended = QueueingEnded(None, Refusal("The batch could not be queued; see the log."))
        try:
            batch = self._workspace().queue_request(request)
            ended = QueueingEnded(int(batch.removeprefix("b")), None)
        except Exception as error:
            if (refusal := refusal_of(error)) is None:
                raise
            ended = QueueingEnded(None, refusal)
        finally:
            self.post_message(ended)

    @on(QueueingEnded)
    def _leave_or_say(self, message: QueueingEnded) -> None:
        """Leave with the batch's number, or show why nothing was queued."""
        self._queueing = False
        if message.batch_id is not None:
            self.dismiss(message.batch_id)
            return
        self._set_busy(busy=False)
        refusal = message.refusal
        if refusal is not None:
            self._show_refusal(refusal)

    def _show_refusal(self, refusal: Refusal) -> None:
        """Show why nothing was queued, at the field that it is about."""
        self.summary.say(refusal.message, bad=True)
        form = self.form
        if form.path is None and form.count == 1 and form.show_problems(refusal.fields):
            self.summary.say("Nothing was queued: mend what is marked.", bad=True)
        elif refusal.problems:
            self._show_problems(refusal)
            form.file.focus_control()

    def _set_busy(self, *, busy: bool) -> None:
        self.form.disabled = busy
        self.query_one("#queue", Button).disabled = busy
