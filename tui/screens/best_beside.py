"""Base of screens on which the best job of a batch is put beside another one."""

from collections.abc import Callable
from functools import partial

from engine.client.views.best_beside import best_other
from tui.screens.base import BaseScreen


class BestBesideScreen(BaseScreen):
    """A screen of jobs, or of parts of one."""

    def ask_best(self, job_id: int, then: Callable[[int], object]) -> None:
        """Look for the best other job of a job's batch, and call `then` with it if there is one."""
        read = partial(best_other, job_id=job_id, headlines=self.dashboard.headlines)
        self.ask(read, partial(self._take_best, then))

    def _take_best(self, then: Callable[[int], object], job: int | None) -> None:
        if job is None:
            self.say("No other job of this batch has a result yet.", bad=True)
        else:
            then(job)
