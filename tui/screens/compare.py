"""Things side by side: the files or results of several parts, drawn by their kinds on one scale."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget

from engine.client.views.best_beside import PartsBesideJob, with_job
from engine.client.views.candidates import Candidate, Comparison
from engine.client.views.comparison import PartsOfAJob
from engine.client.views.drawings import DrawBeside
from engine.client.views.stored import here, stored_file
from engine.client.views.whole_jobs import BestOfJobs
from tui.actions import bindings
from tui.actions.action import Action
from tui.feed import View
from tui.screens.best_beside import BestBesideScreen
from tui.screens.branching import BranchingScreen
from tui.screens.sides import MAX_SIDES, Sides
from tui.snapshots.subject import Subject
from tui.widgets.bars import TopBar
from tui.widgets.candidate import CandidateView
from tui.widgets.differences import Differences
from tui.widgets.sheet_painter import common_start

if TYPE_CHECKING:
    from engine.contract.kinds import Drawing, Raster

AT_MOST = f"At most {MAX_SIDES} are side by side; l puts another one in place of the active."

ALL_SHOWN = "All there are to compare are side by side already."

SCROLLED = 3
"""Lines by which texts are scrolled at a time."""


Compared = PartsOfAJob | PartsBesideJob | BestOfJobs
"""Views of things to compare."""


class CompareScreen(BranchingScreen, BestBesideScreen):
    """Two to four of several things side by side; dismissed with the node of one to be chosen.

    Args:
        view: The things.
        panes: Number of things side by side at first.
        beside: A job that is shown beside the selected one at first; 0 for none.
    """

    WHERE = "compare"
    AUTO_FOCUS = "#differences"
    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = bindings("compare")

    def __init__(self, view: Compared, panes: int = 2, beside: int = 0) -> None:
        super().__init__()
        self._view = view
        self._panes = panes
        self._snapshot = Comparison("")
        self.sides = Sides()
        self._beside = beside
        self._alone = False
        self._difference: Raster | None = None
        self._drawing: DrawBeside | None = None
        self._differing: tuple[Candidate, Candidate] | None = None

    @property
    def view(self) -> View:
        """Return the view of the things."""
        return self._view

    def compose_body(self) -> Iterator[Widget]:
        """Compose the things side by side, and their differences below."""
        paths = self.dashboard.paths
        with Horizontal(id="candidates"):
            for _ in range(MAX_SIDES):
                yield CandidateView(paths)
        with VerticalScroll(id="differences"):
            yield Differences()

    async def show(self, snapshot: Comparison) -> None:
        """Show what was read; the things that are looked at stay."""
        self._snapshot = snapshot
        if not self.sides.fit(len(snapshot.candidates)):
            self.sides.begin(len(snapshot.candidates), self._panes, snapshot.chosen)
            self._put_beside(snapshot.chosen)
            self.query_one(TopBar).set_trail(
                snapshot.title, "compare", read_only=self.dashboard.read_only
            )
        self._put_beside()
        self._lay_out()

    def _put_beside(self, chosen: int | None = None) -> None:
        """Show the job that is to be beside the active thing, or beside a chosen one at first."""
        jobs = [0 if one.node else one.job for one in self._snapshot.candidates]
        if not self._beside or self._beside not in jobs:
            return
        number, self._beside = jobs.index(self._beside), 0
        if chosen is None:
            self.sides.put_beside(number)
        else:
            self.sides.pair(number, chosen)

    @property
    def _candidates(self) -> list[Candidate]:
        return [self._snapshot.candidates[number] for number in self.sides.shown]

    def _lay_out(self) -> None:
        if not self._alone or self._pair != self._differing:
            self._difference = self._differing = None
        found, sides = self._candidates, self.sides
        shared = common_start([one.title for one in found])
        for number, pane in enumerate(self.query(CandidateView)):
            there = number < len(found) and (not self._alone or number == sides.active)
            pane.display = there
            if there:
                place = f"{sides.shown[number] + 1}/{len(self._snapshot.candidates)}"
                is_active = number == sides.active
                pane.set_candidate(found[number], place, shared, active=is_active)
        differences = self.query_one(Differences)
        differences.show(found, sides.active)
        self.query_one("#differences").display = differences.display
        self.show_keys()
        self.call_after_refresh(self._draw)

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.call_after_refresh(self._draw)

    @on(CandidateView.Resized)
    def _draw(self) -> None:
        """Have all things drawn together, on one scale, in a thread."""
        panes = [pane for pane in self.query(CandidateView) if pane.display]
        sizes = {pane.area for pane in panes}
        if not panes or (0, 0) in sizes or not self.is_current:
            return
        narrowest = min(sizes)
        candidates = self._candidates
        shown = [candidates[self.sides.active]] if self._alone else candidates
        work = self._drawing = DrawBeside(self.dashboard.paths, candidates, narrowest)
        self.run_worker(
            lambda: self._drawn(work, shown), thread=True, exclusive=True, group="beside",
            exit_on_error=False,
        )  # fmt: skip

    def _drawn(self, work: DrawBeside, shown: list[Candidate]) -> None:
        drawings = work.draw()
        self.app.call_from_thread(self._put, work, drawings)

    def _put(self, work: DrawBeside, drawings: "list[Drawing | None]") -> None:
        """Show drawings, unless other things or another size are shown by now."""
        if work is not self._drawing or work.candidates != self._candidates:
            return
        for number, pane in enumerate(self.query(CandidateView)):
            if pane.display and number < len(drawings):
                pane.put(self._difference or drawings[number])

    # -- actions ------------------------------------------------------------------------------

    def action_other_side(self) -> None:
        """Make the next thing the active one."""
        self.sides.turn()
        self._lay_out()
        self._play_on()

    def action_blink(self) -> None:
        """Show one thing alone, then the next in the same place."""
        if self._alone:
            self.sides.turn()
        self._alone = True
        self._lay_out()
        self._play_on()

    def action_difference(self) -> None:
        """Show the difference of the active image and the next one in place of the active one."""
        pair = self._pair
        if pair is None:
            self.say("There is nothing to compare with yet.", bad=True)
            return
        one, other = pair
        paths = [self._image_of(candidate) for candidate in (one, other)]
        if paths[0] is None or paths[1] is None:
            self.say(
                "Only two images have a difference; their scores are compared below.", bad=True
            )
            return
        self._alone, self._differing, self._difference = True, pair, None
        self._lay_out()
        work = partial(self._find_difference, one, other, paths[0], paths[1])
        self.run_worker(work, thread=True, exclusive=True, group="difference", exit_on_error=False)

    def _image_of(self, candidate: Candidate) -> Path | None:
        file = candidate.file
        if file is None or file.kind != "image":
            return None
        return stored_file(self.dashboard.paths, file.hash)

    def _find_difference(self, one: Candidate, other: Candidate, first: Path, second: Path) -> None:
        from engine.client.views.pixels import ImageTrouble
        from engine.contract.kinds import Lines, Raster, Span
        from tui.images.difference import difference_of

        try:
            paths = self.dashboard.paths
            for candidate in (one, other):
                if candidate.file is not None:
                    here(paths, candidate.file.hash)
            found = difference_of(first, second)
        except ImageTrouble as error:
            self.app.call_from_thread(self.say, str(error), bad=True)
            return
        words = f"{one.title} and {other.title}: {found.sentence}"
        lines = Lines(((Span(words, "strong"),),))
        drawing = Raster(found.data, above=lines)
        self.app.call_from_thread(self._put_difference, (one, other), drawing)

    def _put_difference(self, pair: tuple[Candidate, Candidate], drawing: "Raster") -> None:
        """Show a difference, unless something else is shown by now."""
        if pair == self._differing:
            self._difference = drawing
            self._draw()

    def action_next_candidate(self) -> None:
        """Show the next thing that no other side shows on the active side."""
        self._move(+1)

    def action_previous_candidate(self) -> None:
        """Show the previous thing that no other side shows on the active side."""
        self._move(-1)

    def _move(self, step: int) -> None:
        if self.sides.move(step, len(self._snapshot.candidates)):
            self._lay_out()
            self._play_on()
        else:
            self.say(ALL_SHOWN)

    def _play_on(self) -> None:
        """Go on with the active thing where another one was heard."""
        candidate = self._active_candidate
        if candidate is not None and candidate.opens is not None and self.dashboard.playing:
            self.dashboard.open_file(candidate.job, candidate.opens, instead=True)

    def action_more_beside(self) -> None:
        """Show one more thing side by side."""
        count = len(self._snapshot.candidates)
        if self.sides.add(count):
            self._lay_out()
        else:
            self.say(ALL_SHOWN if count <= MAX_SIDES else AT_MOST)

    def action_fewer_beside(self) -> None:
        """Show one thing fewer side by side."""
        if self.sides.remove():
            self._lay_out()
        else:
            self.say("A comparison has at least two sides; space shows one alone.")

    def action_compare_best(self) -> None:
        """Show the best other job of its batch beside the active thing."""
        candidate = self._active_candidate
        if candidate is None:
            self.say("There is nothing to compare with yet.", bad=True)
        else:
            self.ask_best(candidate.job, self._show_best)

    def _show_best(self, job: int) -> None:
        self._view = with_job(self._view, job, self.dashboard.headlines)
        self._beside = job
        self._alone = False
        self.catch_up()

    def action_scroll_down(self) -> None:
        """Scroll texts down, all together."""
        self._scroll(+SCROLLED)

    def action_scroll_up(self) -> None:
        """Scroll texts up, all together."""
        self._scroll(-SCROLLED)

    def _scroll(self, lines: int) -> None:
        for pane in self.query(CandidateView):
            pane.scroll_text(lines)

    def action_back(self) -> None:
        """Show all side by side again; go back if they are."""
        if self._alone:
            self._alone = False
            self._lay_out()
            return
        super().action_back()

    def action_go_there(self) -> None:
        """Go to the active thing in its job."""
        candidate = self._active_candidate
        if candidate is not None:
            self.dismiss()
            self.dashboard.show_part(candidate.job, candidate.title, candidate.node)

    def action_choose(self) -> None:
        """Choose the active thing, if it is a part of a job that can be chosen."""
        candidate = self._active_candidate
        if candidate is None or not candidate.node:
            self.say(
                "Parts of one job can be chosen; of whole jobs, m keeps or rejects one.", bad=True
            )
        else:
            self.dismiss(candidate.node)

    def action_open_file(self) -> None:
        """Open the file of the active thing."""
        candidate = self._active_candidate
        if candidate is None or candidate.opens is None:
            self.say("This has no file to open.", bad=True)
        else:
            self.dashboard.open_file(candidate.job, candidate.opens)

    def action_zoom(self) -> None:
        """Show the active thing full screen."""
        from tui.screens.zoom import ZoomScreen

        candidate = self._active_candidate
        if candidate is not None:
            self.app.push_screen(ZoomScreen(self._view.at(candidate)))

    @property
    def _pair(self) -> tuple[Candidate, Candidate] | None:
        """The active thing and the next one; None without a next one."""
        shown = self._candidates
        if len(shown) < 2:
            return None
        return shown[self.sides.active], shown[(self.sides.active + 1) % len(shown)]

    @property
    def _active_candidate(self) -> Candidate | None:
        found = self._candidates
        return found[self.sides.active] if found else None

    def _keys(self) -> Iterator[tuple[Action, str]]:
        """Yield the keys; of whole jobs none can be chosen."""
        chosen = not isinstance(self._view, BestOfJobs)
        return (entry for entry in super()._keys() if chosen or entry[0].id != "choose")

    def selected_state(self) -> str:
        """Return the state of the active thing."""
        candidate = self._active_candidate
        return candidate.state if candidate else ""

    def subject(self) -> Subject | None:
        """Return the active thing."""
        candidate = self._active_candidate
        return Subject(0, candidate.job, candidate.node) if candidate else None

    def targets(self) -> tuple[list[dict[str, int]], str]:
        """Return the job of the active thing."""
        candidate = self._active_candidate
        if candidate is None:
            return [], ""
        return [{"job": candidate.job}], f"j{candidate.job}"
