"""Finding out, in a thread, what the batch would take, once the form has stood for a moment."""

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
"""Seconds without an edit after which it is found out what the batch would take."""

MAX_ESTIMATED = 20_000
"""Entries of a file that is read once more to find that out."""


class Estimator:
    """Knows what the form's batch would take, as soon as that is found out.

    Args:
        screen: Runs the thread and is told by `EstimateReady`.
        prepare: Gives what finds it out, called in a thread; None where the form has mistakes.
    """

    def __init__(
        self,
        screen: Screen[int | None],
        prepare: "Callable[[], Callable[[], Estimate] | None]",
    ) -> None:
        self._screen = screen
        self._prepare = prepare
        self._form: object = None  # what it is estimated from
        self._words = ""
        self._timer: Timer | None = None

    def ask(self, source: object, entries: int, recipe: AnyRecipe, settings: BaseModel) -> str:
        """What the batch would take, in words: the entries alone, until more is known.

        Args:
            source: The reading of its file, or its entry.
            entries: How many entries the file has.
            recipe: The batch's recipe.
            settings: The recipe's settings; others than before are estimated soon.
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
        """In a thread."""
        try:
            words = estimate.words(find())
        except Exception as error:
            if (refusal := refusal_of(error)) is None:
                raise
            words = f"It would be refused: {refusal.message}"
        self._screen.post_message(EstimateReady(form, words))

    def take(self, message: EstimateReady) -> bool:
        """Keeps what was found out, unless the form says something else by now."""
        if message.form != self._form:
            return False
        self._words = message.words
        return True
