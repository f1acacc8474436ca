"""The selected batch beside the list: its best images, scores, causes of failures, spending."""

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from engine.config.paths import WorkspacePaths
from engine.text import figures
from tui.snapshots.batch_glance import BatchGlance, BestJob
from tui.snapshots.batches import BatchItem
from tui.states import look
from tui.widgets.columns import fit
from tui.widgets.image import ImageView
from tui.widgets.sparkline import spark
from tui.widgets.theme_changes import on_theme_change

THUMBS = 4
"""Number of images."""


class BestImage(Vertical):
    """One of the best images, its score and key below it."""

    DEFAULT_CSS = """
    BestImage { width: 1fr; padding-right: 1; }
    BestImage Static { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, paths: WorkspacePaths) -> None:
        super().__init__()
        self._paths = paths
        self._image = ImageView()
        self._words = Static(markup=False)

    def compose(self) -> ComposeResult:
        """Compose the image and its name."""
        yield self._image
        yield self._words

    def show(self, job: BestJob | None) -> None:
        """Show a job; nothing for None."""
        self.display = job is not None
        if job is not None:
            self._image.show_file(self._paths, job.face.file, small=True)
            score = "" if job.score is None else f"{figures.score(job.score)} "
            self._words.update(f"{score}{job.key}")


class BatchGlancePanel(Vertical):
    """Images above, words below."""

    DEFAULT_CSS = """
    BatchGlancePanel #best { height: 1fr; min-height: 5; max-height: 12; }
    BatchGlancePanel #words { height: auto; max-height: 60%; }
    BatchGlancePanel.-no-image #best { display: none; }
    BatchGlancePanel.-nothing { display: none; }
    """
    COMPONENT_CLASSES = {"glance--bad", "glance--waits", "glance--muted", "glance--good"}  # noqa: RUF012 - Textual's way

    def __init__(self, paths: WorkspacePaths) -> None:
        super().__init__(classes="-no-image -nothing")
        self._paths = paths
        self._images: list[BestImage] = []
        self._shown: tuple[BatchItem | None, BatchGlance | None] = (None, None)

    def compose(self) -> ComposeResult:
        """Compose the images and the text."""
        yield Horizontal(id="best")
        yield Static(id="words", markup=False)

    def set_glance(self, batch: BatchItem | None, glance: BatchGlance | None) -> None:
        """Show a batch; its images follow once they are read."""
        fits = batch is not None and glance is not None and glance.id == batch.id
        shown = (batch, glance if fits else None)
        if shown == self._shown:
            return
        self._shown = shown
        self._show_images(shown[1].best if shown[1] else ())
        self.restyle()

    def _show_images(self, best: Sequence[BestJob]) -> None:
        """Show the images of the best jobs, and mount their widgets for the first one."""
        drawn = [job for job in best if job.face.file is not None]
        self.set_class(not drawn, "-no-image")
        if drawn and not self._images:
            self._images = [BestImage(self._paths) for _ in range(THUMBS)]
            self.query_one("#best").mount(*self._images)
        for number, image in enumerate(self._images):
            image.show(drawn[number] if number < len(drawn) else None)

    def on_mount(self) -> None:
        """Follow the theme."""
        on_theme_change(self, self.restyle)

    def on_resize(self) -> None:
        """Cut the lines at the present width."""
        self.restyle()

    def restyle(self) -> None:
        """Show the same text in other colours."""
        batch, glance = self._shown
        self.set_class(batch is None, "-nothing")
        if batch is None:
            self.query_one("#words", Static).update("")
            return
        lines = [self._about(batch, glance)]
        if glance is not None:
            lines += [self._scores(glance), *self._causes(glance), self._spending(batch, glance)]
        shown = [line for line in lines if line.plain]
        for line in shown:
            line.no_wrap, line.overflow = True, "ellipsis"
        self.query_one("#words", Static).update(Text("\n", no_wrap=True).join(shown))

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"glance--{name}", partial=True)

    def _about(self, batch: BatchItem, glance: BatchGlance | None) -> Text:
        text = Text(f"{batch.name} · {batch.recipe}")
        if glance is not None and glance.changed:
            text.append(f" · {', '.join(glance.changed)}", self._style("muted"))
        return text

    def _scores(self, glance: BatchGlance) -> Text:
        if not glance.scores:
            return Text()
        bars = spark(list(glance.scores), 0, max(glance.scores), len(glance.scores)).plain
        low, high = figures.score(glance.low), figures.score(glance.high)
        return (
            Text("scores  ", self._style("muted"))
            .append(f"{low} ")
            .append(bars, self._style("good"))
            .append(f" {high}")
        )

    def _causes(self, glance: BatchGlance) -> list[Text]:
        width = max(10, self.size.width - 4)
        lines = [
            Text(
                fit(f"{look(cause.state).shape} {len(cause.jobs)} × {cause.text}", width).rstrip(),
                self._style("bad" if cause.state == "failed" else "waits"),
            )
            for cause in glance.causes[:MAX_CAUSES]
        ]
        more = len(glance.causes) - MAX_CAUSES
        if more > 0:
            lines.append(Text(f"  and {more} more causes", self._style("muted")))
        if glance.unread:
            unread = figures.count(glance.unread)
            lines.append(Text(f"  {unread} more failed, not grouped", self._style("muted")))
        return lines

    def _spending(self, batch: BatchItem, glance: BatchGlance) -> Text:
        if not glance.spent:
            return Text()
        top = max(batch.budget or 0, glance.spent[-1])
        curve = spark(list(glance.spent), 0, top, len(glance.spent)).plain
        over = batch.budget is not None and batch.cost > batch.budget
        text = Text("spent   ", self._style("muted")).append(curve, self._style("good"))
        text.append(f" {figures.money(batch.cost)}", self._style("bad") if over else "")
        if batch.budget is not None:
            text.append(f" of {figures.money(batch.budget)}", self._style("muted"))
        return text


MAX_CAUSES = 4
"""Number of causes that are shown; a menu has all."""
