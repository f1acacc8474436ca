"""Details of one part of a job, each kind with its own widget."""

from collections.abc import Iterator
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from engine.client.views.detail import Detail
from engine.client.views.recipe_info import RecipeInfo
from engine.client.views.score_table import ImageScoreTable
from engine.config.paths import WorkspacePaths
from engine.text import figures
from tui.states import TONES, look
from tui.widgets.drawing import text_of, tones
from tui.widgets.evaluation import EvaluationView
from tui.widgets.filmstrip import TAKEN
from tui.widgets.heading import Heading
from tui.widgets.image import ImageView
from tui.widgets.page import PageView
from tui.widgets.prompt_diff import PromptDiff
from tui.widgets.theme_changes import on_theme_change


class Words(VerticalScroll):
    """Text that is scrolled by the keys of lists."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", show=False),
        Binding("k", "scroll_up", "Up", show=False),
        Binding("g", "scroll_home", "First", show=False),
        Binding("G", "scroll_end", "Last", show=False),
    ]


class DetailPanel(Container):
    """Errors first, then the image, the prompt, the evaluation, timings, calls, raw data.

    Args:
        paths: Paths of the workspace.
    """

    COMPONENT_CLASSES = {"detail--bad", "detail--muted", "detail--remedy",  # noqa: RUF012
                         *(f"detail--{tone}" for tone in TONES)}  # fmt: skip

    def __init__(self, paths: WorkspacePaths) -> None:
        super().__init__()
        self._paths = paths
        self._detail: Detail | None = None
        self.add_class("-empty")  # nothing has been read yet
        self._scale = RecipeInfo()

    def compose(self) -> ComposeResult:
        """Compose every kind; empty ones are hidden."""
        yield ImageView(id="image")
        with Words(id="verdict"):
            yield Static(id="sheet", markup=False)
            yield EvaluationView(id="evaluation")
        with Words(id="words"):
            yield Static(id="troubles", markup=False)
            yield PageView(self._paths)
            yield Heading("prompt", id="prompt-heading", markup=False)
            yield PromptDiff(id="prompt")
            yield Static(id="note", markup=False)
            for name in ("drawn", "decided"):
                yield from _section(name)
            with Vertical(classes="technical"):
                for name in ("steps", "calls", "files", "result", "request"):
                    yield from _section(name)

    def show(self, detail: Detail | None, scale: RecipeInfo) -> None:
        """Show the details of a node; only changed ones are laid out again.

        Args:
            detail: Its details.
            scale: The headline of the job's recipe.
        """
        before, self._detail = self._detail, detail
        self.set_class(detail is None, "-empty")
        if detail is None or detail == before:
            return
        if before is None or before.node != detail.node:
            self.query_one("#words").scroll_home(animate=False)
            self.query_one("#verdict").scroll_home(animate=False)
        self._scale = scale
        self._draw(detail, scale)

    @property
    def columns(self) -> int:
        """Return the width of drawings in cells, 0 before the first layout."""
        width = self.query_one("#words").scrollable_content_region.width
        return max(20, width) if width else 0

    def on_mount(self) -> None:
        """Follow the theme."""
        on_theme_change(self, self.restyle)

    def restyle(self) -> None:
        """Show the same in other colours."""
        if self._detail is not None:
            self._draw(self._detail, self._scale)

    def _draw(self, detail: Detail, scale: RecipeInfo) -> None:
        self.set_class(detail.node > 0, "-step")
        self._show("troubles", bool(detail.troubles), self._troubles(detail))
        self.query_one(PageView).show(detail.page)
        self.set_class(bool(detail.page), "-page")
        self._show_image(detail)
        self._show_prompt(detail)
        evaluated = detail.critique is not None or bool(detail.scores)
        has_verdict = evaluated or detail.sheet is not None
        self.query_one("#verdict").display = has_verdict
        self.set_class(not has_verdict, "-no-verdict")
        sheet = self._sheet(detail.sheet) if detail.sheet else ""
        self._show("sheet", bool(detail.sheet), sheet)
        self.query_one(EvaluationView).display = evaluated
        evaluation = self.query_one(EvaluationView)
        evaluation.show(detail.critique, list(detail.scores), scale, detail.checks)
        self._show_drawn(detail)
        self._show("decided", bool(detail.decided), "\n".join(detail.decided))
        self._show("steps", bool(detail.timings), self._timings(detail))
        self._show("calls", bool(detail.calls), self._calls(detail))
        self._show("files", bool(detail.files), "\n".join(detail.files))
        self._show("request", bool(detail.request), detail.request)
        self._show("result", bool(detail.result), detail.result)

    def _show(self, name: str, there: bool, content: Text | Table | str) -> None:
        for heading in self.query(f"#{name}-heading"):
            heading.display = there
        static = self.query_one(f"#{name}", Static)
        static.display = there
        static.update(content)

    def _show_drawn(self, detail: Detail) -> None:
        """Show a result as its kind draws it, under the name of the kind."""
        drawn = detail.drawn
        text = text_of(drawn.lines, tones(self.app.theme_variables)) if drawn else ""
        self._show("drawn", drawn is not None, text)
        if drawn:
            self.query_one("#drawn-heading", Heading).update(drawn.title)

    def _show_image(self, detail: Detail) -> None:
        hash_ = detail.images[-1] if detail.images else ""
        image = self.query_one(ImageView)
        image.display = bool(hash_ or detail.preview)
        self.set_class(not image.display, "-no-image")
        if detail.preview and not hash_:
            image.show_preview(detail.preview)
        else:
            image.show_file(self._paths, detail.shown)

    def _show_prompt(self, detail: Detail) -> None:
        there = bool(detail.prompt)
        diff = self.query_one(PromptDiff)
        self.query_one("#prompt-heading").display = there
        diff.display = there
        if there:
            diff.show(detail.before or detail.prompt, detail.prompt)
        self._show("note", bool(detail.note), detail.note)

    def _troubles(self, detail: Detail) -> Text:
        bad = self.get_component_rich_style("detail--bad", partial=True)
        remedy = self.get_component_rich_style("detail--remedy", partial=True)
        muted = self.get_component_rich_style("detail--muted", partial=True)
        text = Text()
        for trouble in detail.troubles:
            text.append("\n\n" if text else "")
            text.append(f"✗ {trouble.message}", bad)
            text.append(f"  {trouble.kind} {trouble.at}", muted)
            if trouble.remedy:
                text.append(f"\n→ {trouble.remedy}", remedy)
            if trouble.traceback:
                text.append(f"\n{trouble.traceback}", muted)
        return text

    def _timings(self, detail: Detail) -> Table:
        muted = self.get_component_rich_style("detail--muted", partial=True)
        table = Table.grid(padding=(0, 2))
        for timing in detail.timings:
            seen = look(timing.state)
            style = self.get_component_rich_style(f"detail--{seen.tone}", partial=True)
            again = f"×{timing.attempts}" if timing.attempts > 1 else ""
            cost = figures.money(timing.cost) if timing.cost else ""
            table.add_row(
                Text(seen.shape, style), Text(timing.name), Text(timing.time), Text(again),
                Text(cost), Text(timing.by, muted),
            )  # fmt: skip
        return table

    def _sheet(self, sheet: ImageScoreTable) -> Table:
        muted = self.get_component_rich_style("detail--muted", partial=True)
        # Shares of the width: without them Rich takes what is lacking from the last column.
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_row("", *(Text(metric.replace("_", " "), muted) for metric in sheet.metrics))
        table.columns[0].min_width = max(len(row.label) for row in sheet.rows) + 2
        for column in table.columns[1:]:
            column.justify, column.ratio = "right", 1
        for row in sheet.rows:
            style = "bold" if row.taken else ""
            label = f"{TAKEN if row.taken else ' '} {row.label}"
            values = (Text(figures.score(value), style) for value in row.values)
            table.add_row(Text(label, style, no_wrap=True), *values)
        return table

    def _calls(self, detail: Detail) -> Text:
        muted = self.get_component_rich_style("detail--muted", partial=True)
        text = Text()
        for call in detail.calls:
            text.append("\n" if text else "").append(f"{call.at}  ", muted)
            text.append(f"{call.status}  {call.text}")
        return text


def _section(name: str) -> Iterator[Widget]:
    yield Heading(name, id=f"{name}-heading", markup=False)
    yield Static(id=name, markup=False)
