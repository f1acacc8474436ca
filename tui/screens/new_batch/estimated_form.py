"""Base of the form's screen: it is validated, and says what the batch would take."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.screen import Screen

from tui.bugs import ReportsBugs
from tui.screens.new_batch import estimate
from tui.screens.new_batch.estimator import Estimator
from tui.screens.new_batch.fields import WHOLE_FORM, FormCheck
from tui.screens.new_batch.form import Form
from tui.screens.new_batch.input_reader import InputReader
from tui.screens.new_batch.messages import EstimateReady, ReadinessFound
from tui.screens.new_batch.readiness import Readiness, read_readiness, what_lacks
from tui.screens.new_batch.recipe_guess import RecipeGuess
from tui.screens.new_batch.summary import Summary

if TYPE_CHECKING:
    from engine.client.estimates import Estimate
    from engine.client.recipes import InstalledCatalog
    from engine.client.workspace import Workspace


class EstimatedForm(ReportsBugs, Screen[int | None]):
    """A screen with a `Form`, and a `Summary` of its batch.

    Args:
        workspace_root: The workspace's folder; it has a store.
        catalog: The recipes and backends; by default the installed ones.
        settled: True if the recipe is chosen from the start.
    """

    def __init__(
        self, workspace_root: Path, catalog: "InstalledCatalog | None", *, settled: bool
    ) -> None:
        super().__init__()
        self._root = workspace_root
        self._catalog = catalog
        self._guess = RecipeGuess(settled=settled)
        self._reader = InputReader(self)
        self._estimator = Estimator(self, self._prepare_estimate)
        self._readiness: Readiness = {}
        self._queueing = False

    @property
    def form(self) -> Form:
        """The form."""
        return self.query_one(Form)

    @property
    def summary(self) -> Summary:
        """The summary."""
        return self.query_one(Summary)

    def _ask_backends(self) -> None:
        """Check the backends; in a thread."""
        self.post_message(ReadinessFound(read_readiness(self._root)))

    @on(ReadinessFound)
    def _know_backends(self, message: ReadinessFound) -> None:
        """Show the missing requirements of the chosen backends."""
        self._readiness = message.readiness
        self._check_form()

    def _check_form(self) -> tuple[FormCheck | None, FormCheck | None]:
        """Validate settings and batch and show the errors at their fields."""
        settings, batch = self.form.check()
        for checked in (settings, batch):
            if checked is not None and WHOLE_FORM in checked.errors:
                self.summary.say(checked.errors[WHOLE_FORM], bad=True)
        self._summarise(settings)
        return settings, batch

    # -- summary ------------------------------------------------------------------------------

    def _summarise(self, settings: FormCheck | None) -> None:
        if self._queueing:
            return
        reading, text, bad = self._reader.reading, "", False
        if reading is not None and not reading.finished:
            text = f"Reading: {reading.entries:,} entries so far…"
        elif reading is not None and reading.problems:
            text, bad = "Fix the file, then press ^r to read it again.", True
            if reading.fits:
                text = f"This is a file for {reading.fits}: ^t selects that recipe."
            elif reading.about_file:
                text, bad = "^o lists files, ^r reads this one again.", False
        elif reading is not None:
            text = self._what_it_takes(reading.entries, settings)
            text += " The recipe fits the file." if self._guess.is_unusual else ""
        elif count := self.form.count:
            text = self._what_it_takes(count, settings)
        self.summary.show(text, bad=bad)

    def _what_it_takes(self, entries: int, settings: FormCheck | None) -> str:
        """Show entries, steps, cost and time as far as known, and missing requirements."""
        chosen = self.form.chosen
        if chosen is None or settings is None or settings.value is None:
            return estimate.summary(entries)
        source = (self._reader.number, tuple(self.form.entry.items()))
        text = self._estimator.ask(source, entries, chosen.recipe, settings.value)
        named = [(name, str(settings.values.get(name, ""))) for name in chosen.backends]
        return f"{text} {what_lacks(self._readiness, named)}".rstrip()

    def _prepare_estimate(self) -> "Callable[[], Estimate] | None":
        """Return the function that estimates the batch; None if the form has mistakes."""
        request = self.form.request(*self._check_form())
        if request is None or self._catalog is None:
            return None
        return lambda: self._workspace().estimate_request(request)

    def _workspace(self) -> "Workspace":
        """Return the workspace with its present settings; in a thread."""
        from engine.client.workspace import Workspace

        return Workspace(self._root, catalog=self._catalog)

    @on(EstimateReady)
    def _show_estimate(self, message: EstimateReady) -> None:
        """Show the estimate, unless the form has changed meanwhile."""
        if self._estimator.take(message):
            self._check_form()
