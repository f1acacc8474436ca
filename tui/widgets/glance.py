"""The selected job at a glance: its best file, and the latest text about it."""

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from engine.client.views.jobs import Glance
from engine.config.paths import WorkspacePaths
from tui.widgets.image import ImageView
from tui.widgets.in_place import update_in_place
from tui.widgets.theme_changes import on_theme_change


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

    def compose(self) -> ComposeResult:
        """Compose the image and the text."""
        yield ImageView()
        yield Static(id="said", markup=False)

    def set_glance(self, glance: Glance | None) -> None:
        """Show a job; nothing for None."""
        if glance == self._glance:
            return
        self._glance = glance
        image = glance.image if glance else ""
        self.set_class(not image, "-no-image")
        self.query_one(ImageView).show_file(self._paths, glance.file if glance else None)
        self.restyle()

    def on_mount(self) -> None:
        """Follow the theme."""
        on_theme_change(self, self.restyle)

    def restyle(self) -> None:
        """Show the same text in other colours."""
        update_in_place(self.query_one("#said", Static), self._words(self._glance))

    def _words(self, glance: Glance | None) -> Text:
        text = Text()
        if glance is None:
            return text
        bad = self.get_component_rich_style("glance--bad", partial=True)
        muted = self.get_component_rich_style("glance--muted", partial=True)
        if glance.words:
            text.append(glance.words, bad if glance.failed else "")
        if glance.remedy:
            text.append(f"\n→ {glance.remedy}")
        if glance.prompt:
            text.append("\n\n" if text else "").append("prompt  ", muted)
            text.append(glance.prompt[:600], muted)
        return text
