"""The selected job at a glance: its best file, what its judge did not find, the other words."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from engine.client.views.jobs import Glance, JobItem
from engine.config.paths import WorkspacePaths
from engine.text import figures
from tui.widgets.image import ImageView
from tui.widgets.in_place import update_in_place
from tui.widgets.theme_changes import on_theme_change
from tui.widgets.verdict import missing_lines, verdict_digest

MAX_PROMPT = 600
"""Characters of the prompt that are shown."""


class GlancePanel(Vertical):
    """Image above, words below."""

    DEFAULT_CSS = """
    GlancePanel ImageView { height: 1fr; }
    GlancePanel #said { height: auto; max-height: 50%; }
    GlancePanel.-no-image ImageView { display: none; }
    GlancePanel.-no-image #said { max-height: 100%; }
    """
    COMPONENT_CLASSES = {"glance--bad", "glance--muted"}  # noqa: RUF012 - Textual's way

    def __init__(self, paths: WorkspacePaths) -> None:
        super().__init__()
        self._paths = paths
        self._glance: Glance | None = None
        self._score: float | None = None

    def compose(self) -> ComposeResult:
        """Compose the image and the text."""
        yield ImageView()
        yield Static(id="said", markup=False)

    def set_glance(self, glance: Glance | None, job: JobItem | None) -> None:
        """Show a job; nothing for None.

        Args:
            glance: The job, as it was read.
            job: The selected row, which may be another one by now.
        """
        score = job.score if glance and job and job.id == glance.id else None
        if glance == self._glance and score in {None, self._score}:
            return
        before, self._glance, self._score = self._glance, glance, score
        if glance != before:
            self.set_class(not (glance and glance.image), "-no-image")
            self.query_one(ImageView).show_file(self._paths, glance.file if glance else None)
        self.restyle()

    def on_mount(self) -> None:
        """Follow the theme."""
        on_theme_change(self, self.restyle)

    def restyle(self) -> None:
        """Show the same text in other colours."""
        parts = list(self._parts(self._glance)) if self._glance else []
        update_in_place(self.query_one("#said", Static), Group(*parts))

    def _parts(self, glance: Glance) -> Iterator[RenderableType]:
        """Yield the parts from the top: an error, or the verdict; the words, the prompt."""
        muted = self.get_component_rich_style("glance--muted", partial=True)
        if glance.failed:
            yield Text(glance.words, self.get_component_rich_style("glance--bad", partial=True))
            if glance.remedy:
                yield Text(f"→ {glance.remedy}")
        yield from self._verdict(glance)
        if not glance.failed and glance.words:
            yield Text(glance.words)
        if glance.prompt:
            yield Text()
            yield Text.assemble(("prompt  ", muted), (glance.prompt[:MAX_PROMPT], muted))

    def _verdict(self, glance: Glance) -> Iterator[RenderableType]:
        colours, verdict = self.app.theme_variables, glance.verdict
        part = verdict.part.replace("-", " ").replace("/", " › ")
        if self._score is not None:
            muted = self.get_component_rich_style("glance--muted", partial=True)
            score = figures.score(self._score)
            yield Text.assemble((score, "bold"), (f"  {part}", muted), no_wrap=True)
        if verdict.checks:
            yield verdict_digest(verdict.checks, colours)
        elif verdict.missing:
            yield missing_lines(verdict.missing, colours)
