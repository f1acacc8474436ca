"""Other looks at the jobs of a batch: side by side, full screen."""

from functools import partial
from typing import TYPE_CHECKING

from engine.client.views.jobs import JobItem
from tui.screens.best_beside import BestBesideScreen
from tui.screens.causes import CausesScreen
from tui.snapshots.batch import BatchView

if TYPE_CHECKING:
    from engine.client.views.whole_jobs import BestOfJobs


class BatchLooks(CausesScreen, BestBesideScreen):
    """A list of jobs that are seen in other ways too."""

    _view: BatchView

    def action_compare(self) -> None:
        """Compare the marked jobs; or a branch with its origin, another job with its neighbour."""
        from engine.client.views.whole_jobs import beside_origin

        row: JobItem | None = self.rows.current
        if row is not None and not self.rows.marks:
            read = partial(beside_origin, job_id=row.id, headlines=self.dashboard.headlines)
            self.ask(read, self._compare_origin)
        else:
            self._compare_marked()

    def _compare_origin(self, view: "BestOfJobs | None") -> None:
        """Compare a branch with its origin, or another job with its neighbour."""
        from tui.screens.compare import CompareScreen

        if view is not None:
            self.app.push_screen(CompareScreen(view))
        else:
            self._compare_marked()

    def _compare_marked(self) -> None:
        """Compare the marked jobs; or the selected one with the only mark, or with a neighbour."""
        from engine.client.views.whole_jobs import BestOfJobs
        from tui.screens.compare import CompareScreen

        rows = self.rows
        row: JobItem | None = rows.current
        above: JobItem | None = rows.row(rows.cursor - 1)
        pair = (above, row) if above else (row, rows.row(rows.cursor + 1))
        ids = sorted(rows.marks)
        if row is not None and len(ids) == 1 and row.id not in ids:
            ids.append(row.id)
        elif len(ids) < 2:
            ids = [one.id for one in pair if one is not None]
        if row is None or len(ids) < 2:
            self.say("Mark two or more jobs to compare.", bad=True)
            return
        view = BestOfJobs(ids, row.id, self.dashboard.headlines)
        self.app.push_screen(CompareScreen(view, panes=len(ids)))

    def action_compare_best(self) -> None:
        """Compare the selected job with the best other one of its batch."""
        row: JobItem | None = self.rows.current
        if row is None:
            self.say("Nothing is selected.", bad=True)
        else:
            self.ask_best(row.id, partial(self._compare_best, row.id))

    def _compare_best(self, job: int, best: int) -> None:
        from engine.client.views.whole_jobs import BestOfJobs
        from tui.screens.compare import CompareScreen

        view = BestOfJobs([best, job], job, self.dashboard.headlines)
        self.app.push_screen(CompareScreen(view))

    def action_zoom(self) -> None:
        """Show the best of the selected job full screen, with those of the jobs around it."""
        from engine.client.views.whole_jobs import BestOfList
        from tui.screens.zoom import ZoomScreen

        rows = self.rows
        if rows.current is None:
            self.say("Nothing is selected.", bad=True)
            return
        view = BestOfList(self._view.ids, rows.cursor, rows.total, self.dashboard.headlines)
        self.app.push_screen(ZoomScreen(view))
