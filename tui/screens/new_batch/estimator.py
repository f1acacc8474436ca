"""Estimating the form's batch in a thread, shortly after the last edit."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from pydantic import BaseModel
from textual.screen import Screen
from textual.timer import Timer

from engine.client.inputs import refusal_of
from engine.contract.recipe import AnyRecipe
from tui.screens.new_batch import estimate
from tui.screens.new_batch.messages import EstimateReady

if TYPE_CHECKING:
    from engine.client.estimates import Estimate

ESTIMATE_AFTER = 0.5
"""Seconds without an edit before an estimate."""

MAX_ESTIMATED = 20_000
"""Entries of a file that are read again for an estimate."""


class Estimator:
    """Estimate of the form's batch, as soon as it is known.

    Args:
        screen: Runs the thread and receives `EstimateReady`.
        prepare: Returns the estimate's function, called in a thread; None if the form has mistakes.
    """

    def __init__(
        self,
        screen: Screen[int | None],
        prepare: "Callable[[], Callable[[], Estimate] | None]",
    ) -> None:
        self._screen = screen
        self._prepare = prepare
        self._form: object = None  # basis of the estimate
        self._words = ""
        self._timer: Timer | None = None

    def ask(self, source: object, entries: int, recipe: AnyRecipe, settings: BaseModel) -> str:
        """Return the estimate in words: only the number of entries until more is known.

        Args:
            source: The reading of its file, or its entry.
            entries: Number of entries in the file.
            recipe: The batch's recipe.
            settings: The recipe's settings; changed ones are estimated soon.
        """
        form = (source, recipe.name, settings.model_dump_json())
        if form != self._form:
            self._form, self._words = form, ""
            if self._timer is not None:
                self._timer.stop()
            if entries <= MAX_ESTIMATED:
                self._timer = self._screen.set_timer(ESTIMATE_AFTER, self._begin)
        return self._words or estimate.summary(entries)

    def _begin(self) -> None:
        form, find = self._form, self._prepare()
        if find is not None:
            run = partial(self._find, form, find)
            self._screen.run_worker(run, thread=True, group="estimate", exit_on_error=False)

    def _find(self, form: object, find: "Callable[[], Estimate]") -> None:
        """Estimate; in a thread."""
        try:
            words = estimate.words(find())
        except Exception as error:
            if (refusal := refusal_of(error)) is None:
                raise
            words = f"It would be rejected: {refusal.message}"
        self._screen.post_message(EstimateReady(form, words))

    def take(self, message: EstimateReady) -> bool:
        """Store the estimate, unless the form has changed meanwhile."""
        if message.form != self._form:
            return False
        self._words = message.words
        return True
