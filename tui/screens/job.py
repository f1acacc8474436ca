"""Screen of one job: its tree, and the details of each part."""

from collections.abc import Iterator
from pathlib import Path

from textual import on
from textual.containers import Vertical
from textual.widget import Widget

from engine.client.views.files import OpenableFile
from engine.client.views.tree import JOB_NODE, TreeLine, around_of
from tui.actions import BY_ID, bindings
from tui.actions.key_names import key_name, keys_of
from tui.feed import View
from tui.screens.job_looks import JobLooks
from tui.screens.panels import Panels
from tui.screens.sending import SendingScreen
from tui.snapshots.job import JobSnapshot, JobView
from tui.snapshots.job_files import JobFile
from tui.snapshots.places import Place
from tui.snapshots.subject import Subject
from tui.widgets.bars import TopBar
from tui.widgets.detail_panel import DetailPanel
from tui.widgets.event_tail import EventTail
from tui.widgets.file_columns import FILE_COLUMNS
from tui.widgets.filmstrip import Filmstrip, Frame
from tui.widgets.job_bar import JobBar
from tui.widgets.node_columns import NODE_COLUMNS
from tui.widgets.rows import Rows
from tui.widgets.view_bar import ViewBar

MODES = ("work", "steps", "files", "activity")
"""Views of a job."""

VIEWS = ("show_work", "show_steps", "show_files", "show_events")
"""Actions that show them."""

FOCUSED = {"work": "#words", "steps": "#tree", "files": "#files", "activity": "#events"}
"""Widget that has the focus in each view."""

TREE_SHARE = 34
"""Width of the tree in percent, if none is remembered."""


class JobScreen(SendingScreen, JobLooks):
    """One job.

    Args:
        job_id: The job.
        key: Its key, cleaned.
        part: The part shown at first, as `iteration-2`; empty for the most important one.
    """

    WHERE = "job"
    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = bindings("job")

    def __init__(self, job_id: int, key: str, part: str = "") -> None:
        super().__init__()
        self._mode = "work"
        self._part = part
        self._set_job(job_id, key)

    def _set_job(self, job_id: int, key: str) -> None:
        self.job_id = job_id
        self._key = key
        self._snapshot: JobSnapshot | None = None

    @property
    def view(self) -> View:
        """Return the view of the job."""
        return self._view

    @property
    def rows(self) -> Rows[TreeLine]:
        """Return the tree."""
        return self.query_one("#tree", Rows)

    def compose_body(self) -> Iterator[Widget]:
        """Compose the job in a line; the tree, and beside it the turns and the details."""
        app = self.dashboard
        self._view = JobView(self.job_id, app.headlines)
        self._view.part = self._part
        # About the width that the panel will have: the first page is seldom laid out twice.
        self._view.columns = max(20, self.app.size.width - 4)
        yield JobBar()
        yield self._view_bar()
        with Panels("job", app.remembered.widths, default=TREE_SHARE):
            yield Rows(NODE_COLUMNS, empty="No steps have run yet.", id="tree")
            with Vertical(id="parts"):
                with Vertical(id="strips"):
                    yield Filmstrip(app.paths, id="turns")
                    yield Filmstrip(app.paths, id="inside")
                yield DetailPanel(app.paths)
        yield Rows(FILE_COLUMNS, empty="No file has been kept yet.", id="files")
        yield EventTail(id="events")

    def _view_bar(self) -> ViewBar:
        keymap = self.dashboard.keymap
        views = [
            (action, key_name(keys_of(BY_ID[action], keymap)[0]), name)
            for action, name in zip(VIEWS, MODES, strict=True)
        ]
        return ViewBar(views)

    def on_mount(self) -> None:
        """Return the crumbs."""
        self._say_where(0)
        self._show_mode("work")

    # -- the views ----------------------------------------------------------------------------

    def _show_mode(self, mode: str) -> None:
        """Show another view of the job: the work, its steps, its files or its events."""
        for name in MODES:
            self.set_class(name == mode, f"-{name}")
        self._mode = mode
        self.query_one(ViewBar).set_here(VIEWS[MODES.index(mode)])
        self._view.has_files, self._view.has_events = mode == "files", mode == "activity"
        self.feed.wake()
        self.query_one(FOCUSED[mode]).focus()
        self.call_after_refresh(self._fit_drawings)

    @on(ViewBar.Pressed)
    async def go_to_view(self, message: ViewBar.Pressed) -> None:
        """Run what was clicked in the line of views."""
        await self.run_action(message.action)

    def action_show_work(self) -> None:
        """Show the work: the image, the verdict and the prompt."""
        self._show_mode("work")

    def action_show_steps(self) -> None:
        """Show the steps."""
        self._show_mode("steps")

    def action_show_files(self) -> None:
        """Show the files."""
        self._show_mode("files")

    def action_show_events(self) -> None:
        """Show the events."""
        self._show_mode("activity")

    def _say_where(self, batch_id: int) -> None:
        trail = [f"b{batch_id}"] if batch_id else []
        called = f"j{self.job_id} {self._key}"
        self.query_one(TopBar).set_trail(*trail, called, read_only=self.dashboard.read_only)

    async def show(self, snapshot: JobSnapshot) -> None:
        """Show what was read."""
        before = self._snapshot
        if self._view.selected is not None:
            snapshot = snapshot.at(self._view.selected)  # since it was read
        self._snapshot = snapshot
        if before is None or before.batch_id != snapshot.batch_id:
            self._say_where(snapshot.batch_id)
        self.query_one(JobBar).set_job(snapshot)
        rows = self.rows
        rows.set_rows(len(snapshot.nodes), 0, snapshot.nodes)
        chosen = next((i for i, n in enumerate(snapshot.nodes) if n.id == snapshot.selected), 0)
        if self._view.selected is None or before is None:
            rows.go(chosen)
        await self.query_one("#turns", Filmstrip).set_turns(snapshot.turns, snapshot.turn)
        await self.query_one("#inside", Filmstrip).set_turns(snapshot.inside, 0)
        self.query_one("#files", Rows).set_rows(len(snapshot.files), 0, snapshot.files)
        self.query_one(EventTail).add(snapshot.events)
        panel = self.query_one(DetailPanel)
        panel.show(snapshot.detail, snapshot.scale)
        self.call_after_refresh(self._fit_drawings)

    def on_resize(self) -> None:
        """Fit drawings into the panel once it has its new width."""
        self.call_after_refresh(self._fit_drawings)

    def _fit_drawings(self) -> None:
        """Have drawings made for the width of the panel; those for another are made again."""
        columns = self.query_one(DetailPanel).columns
        if columns and columns != self._view.columns:
            self._view.columns = columns
            self.feed.wake()

    @on(Rows.Moved)
    def moved(self) -> None:
        """Show the part under the cursor."""
        node = self.rows.current
        if (
            self._mode == "files"
            or node is None
            or self._snapshot is None
            or node.id == self._view.selected
        ):
            return
        if self._view.selected is None and node.id == self._snapshot.selected:
            return  # still the most important part, which may become another
        self._select(node.id)

    def _select(self, node: int) -> None:
        """Select a node: keys are about it from now on, before its details are read."""
        self._view.selected = node
        if self._snapshot is not None:
            self._snapshot = self._snapshot.at(node)
        self.feed.wake()

    @on(Frame.Picked)
    def picked(self, message: Frame.Picked) -> None:
        """Go to a turn that was clicked."""
        self.go_to(message.node)

    def go_to(self, node: int) -> None:
        """Select a node of the tree."""
        nodes = self._snapshot.nodes if self._snapshot else ()
        index = next((i for i, n in enumerate(nodes) if n.id == node), None)
        if index is not None:
            self.rows.go(index)
            self._select(node)

    def action_next_turn(self) -> None:
        """Go to the next iteration."""
        self._turn(+1)

    def action_previous_turn(self) -> None:
        """Go to the previous iteration; go back to the list before the first."""
        self._turn(-1)

    def _turn(self, step: int) -> None:
        turns = self._snapshot.turns if self._snapshot else ()
        at = (
            next((i for i, t in enumerate(turns) if t.node == self._snapshot.turn), None)
            if self._snapshot
            else None
        )
        if turns:
            index = (len(turns) - 1 if step < 0 else 0) if at is None else at + step
            if 0 <= index < len(turns):
                self.go_to(turns[index].node)
            else:
                self.say("This is the last one." if step > 0 else "This is the first one.")
        else:
            self.say("There is nothing beside this.")

    def action_inside(self) -> None:
        """Go to the first of the parts inside the selected one; open a file of the list."""
        snapshot = self._snapshot
        if snapshot is None:
            return
        if self._mode == "files":
            self.action_open_file()
        elif snapshot.inside:
            best = next((part for part in snapshot.inside if part.taken), snapshot.inside[0])
            self.go_to(best.node)
        elif snapshot.selected == JOB_NODE and snapshot.turns:
            self.go_to(snapshot.turns[0].node)
        else:
            self.say("There are no parts inside this one.")

    def action_outside(self) -> None:
        """Go to the part around the selected one; from the outermost one go back."""
        around = around_of(self._snapshot.nodes, self._snapshot.node) if self._snapshot else None
        if around is None:
            self.action_back()
        else:
            self.go_to(around.id)

    @property
    def part(self) -> str:
        """Name of the selected part."""
        return self._snapshot.node.label if self._snapshot and self._snapshot.node else ""

    @property
    def scope(self) -> str:
        """Scope of the selected part; empty for the job as a whole."""
        return self._snapshot.node.scope if self._snapshot and self._snapshot.node else ""

    def action_open_file(self) -> None:
        """Open the file of the selected part; choose first if a step has several."""
        from tui.screens.menus import file_menu

        if self._mode == "files":
            self._open_picked(self._listed_file)
            return
        detail = self._snapshot.detail if self._snapshot else None
        files = detail.openable if detail else ()
        if not files:
            self.say("This part has no file to open.", bad=True)
        elif detail and (len(files) == 1 or (detail.node <= 0 and not detail.page)):
            self.dashboard.open_file(self.job_id, files[0])
        else:
            menu = file_menu(files)
            self.app.push_screen(menu, lambda at: self._open_picked(files[int(at)] if at else None))

    @property
    def _listed_file(self) -> OpenableFile | None:
        """The file under the cursor of the list of files."""
        row: JobFile | None = self.query_one("#files", Rows).current
        return row.file if row else None

    def _open_picked(self, file: OpenableFile | None) -> None:
        if file is not None:
            self.dashboard.open_file(self.job_id, file)

    @property
    def source(self) -> str:
        """Return the selected part, in the notation of `safelight send`."""
        node = self._snapshot.node if self._snapshot else None
        part = node.scope if node else ""
        if node and node.id > 0:  # a step
            part = f"{part}/{node.label}" if part else node.label
        return f"j{self.job_id}:{part}" if part else f"j{self.job_id}"

    def spending_of(self) -> int | None:
        """Return the batch of this job."""
        return self._snapshot.batch_id if self._snapshot else None

    def place(self) -> Place:
        """Return this job."""
        return Place("job", self.spending_of() or 0, self.job_id)

    def selected_state(self) -> str:
        """Return the state of the job."""
        job = self._snapshot.job if self._snapshot else None
        return job.work_state if job else ""

    def subject(self) -> Subject:
        """Return the selected part of the job."""
        snapshot = self._snapshot
        return Subject(self.spending_of() or 0, self.job_id, snapshot.selected if snapshot else 0)

    def targets(self) -> tuple[list[dict[str, int]], str]:
        """Return this job."""
        return [{"job": self.job_id}], f"j{self.job_id} ({self._key})"

    def action_next_job(self) -> None:
        """Go to the next job of the list."""
        self._neighbour(+1)

    def action_previous_job(self) -> None:
        """Go to the previous job."""
        self._neighbour(-1)

    def _neighbour(self, step: int) -> None:
        from tui.screens.batch import BatchScreen

        below = self.app.screen_stack[-2]
        neighbour = below.neighbour(self.job_id, step) if isinstance(below, BatchScreen) else None
        if neighbour is None:
            self.say("There are no more jobs in that direction.")
            return
        self._set_job(*neighbour)
        columns = self._view.columns
        self._view = JobView(self.job_id, self.dashboard.headlines)
        self._view.columns = columns
        self.query_one(EventTail).clear()
        self._say_where(0)
        self._show_mode(self._mode)
        self.on_screen_resume()
