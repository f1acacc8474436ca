"""Other looks at the parts of a job: on its timeline, side by side, full screen."""

from abc import abstractmethod
from functools import partial
from typing import TYPE_CHECKING

from engine.client.views.tree import JOB_NODE
from tui.screens.best_beside import BestBesideScreen
from tui.screens.job_decisions import JobDecisions

if TYPE_CHECKING:
    from engine.client.views.comparison import PartsOfAJob
    from engine.client.views.whole_jobs import BestOfJobs
    from engine.contract.timeline import Timeline


class JobLooks(JobDecisions, BestBesideScreen):
    """A screen of a job whose selected part is seen in other ways too."""

    job_id: int
    _key: str

    @property
    @abstractmethod
    def scope(self) -> str:
        """Scope of the selected part; empty for the job as a whole."""

    @abstractmethod
    def go_to(self, node: int) -> None:
        """Select a node of the tree."""

    def action_show_timeline(self) -> None:
        """Show the job on its timeline, if it has one."""
        from engine.client.views.timeline import TimelineView

        app = self.dashboard
        view = TimelineView(self.job_id, app.headlines, app.paths)
        self.ask(lambda connection: view.read(connection, 0).timeline, self._show_timeline)

    def _show_timeline(self, timeline: "Timeline | None") -> None:
        from tui.screens.timeline import TimelineScreen

        if timeline is None:
            self.say("This job has no timeline: sound and film have one once analysed.", bad=True)
        else:
            self.app.push_screen(TimelineScreen(self.job_id, self._key, self._enter_scope))

    def _enter_scope(self, scope: str) -> None:
        """Select a scope of the tree, or the one around it if the tree is folded there."""
        nodes = self._snapshot.nodes if self._snapshot else ()
        while scope:
            node = next((one.id for one in nodes if one.scope == scope and one.id < 0), None)
            if node is not None:
                self.go_to(node)
                return
            scope = scope.rpartition("/")[0]

    def action_compare(self) -> None:
        """Compare the selected part with those of its family."""
        from engine.client.views.comparison import PartsOfAJob

        node = self._snapshot.selected if self._snapshot else 0
        view = PartsOfAJob(self.job_id, self._key, node, self.dashboard.headlines)
        self.ask(partial(view.to_compare, scope=self.scope), self._compare)

    def action_compare_best(self) -> None:
        """Compare the selected part, or the job as a whole, with the best other job."""
        self.ask_best(self.job_id, self._compare_best)

    def _compare_best(self, best: int) -> None:
        from engine.client.views.best_beside import with_job
        from engine.client.views.comparison import PartsOfAJob
        from engine.client.views.whole_jobs import BestOfJobs
        from tui.screens.compare import CompareScreen

        node = self._snapshot.selected if self._snapshot else JOB_NODE
        headlines = self.dashboard.headlines
        if node == JOB_NODE:
            screen = CompareScreen(BestOfJobs([best, self.job_id], self.job_id, headlines))
        else:
            parts = PartsOfAJob(self.job_id, self._key, node, headlines, itself=True)
            screen = CompareScreen(with_job(parts, best, headlines), beside=best)
        self.app.push_screen(screen, self._choose)

    def action_zoom(self) -> None:
        """Show the selected part full screen."""
        from engine.client.views.comparison import PartsOfAJob
        from tui.screens.zoom import ZoomScreen

        node = self._snapshot.selected if self._snapshot else 0
        headlines = self.dashboard.headlines
        view = PartsOfAJob(self.job_id, self._key, node, headlines, itself=True)
        self.app.push_screen(ZoomScreen(view))

    def _compare(self, view: "PartsOfAJob | BestOfJobs | None") -> None:
        from tui.screens.compare import CompareScreen

        if view is None:
            self.say("There is nothing to compare with yet.", bad=True)
        else:
            self.app.push_screen(CompareScreen(view), self._choose)
