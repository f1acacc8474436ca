"""The page of a job: its parts from top to bottom, each with its items side by side or in turn."""

from collections.abc import Iterator, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from engine.client.views.page import Exhibit, PageSection
from engine.config.paths import WorkspacePaths
from tui.widgets.drawing import text_of, tones
from tui.widgets.heading import Heading
from tui.widgets.image import ImageView
from tui.widgets.theme_changes import on_theme_change


class ExhibitView(Vertical):
    """One item: its name, and the file or the drawing.

    Args:
        paths: Paths of the workspace.
    """

    DEFAULT_CSS = """
    ExhibitView {
        width: 1fr;
        height: auto;

        .name { height: 1; color: $text-muted; }
        Static { width: 1fr; height: auto; text-wrap: nowrap; text-overflow: clip; }
        ImageView { width: 1fr; height: auto; }
    }
    """

    def __init__(self, paths: WorkspacePaths) -> None:
        super().__init__()
        self._paths = paths
        self._exhibit = Exhibit("")
        self._caption = Static(markup=False, classes="name")
        self._file = ImageView()
        self._lines = Static(markup=False)

    def compose(self) -> ComposeResult:
        """Compose the name, the file, the drawing."""
        yield self._caption
        yield self._file
        yield self._lines

    def show(self, exhibit: Exhibit) -> None:
        """Show an item."""
        if exhibit == self._exhibit:
            return
        self._exhibit = exhibit
        self._caption.display = bool(exhibit.title)
        self._caption.update(exhibit.title)
        self._file.display = exhibit.file is not None
        self._file.styles.height = exhibit.rows
        self._file.show_file(self._paths, exhibit.file)
        self._lines.display = exhibit.lines is not None
        self.restyle()

    def on_mount(self) -> None:
        """Follow the theme."""
        on_theme_change(self, self.restyle)

    def restyle(self) -> None:
        """Show the same in the colours of the theme."""
        lines = self._exhibit.lines
        if lines is not None:
            self._lines.update(text_of(lines, tones(self.app.theme_variables)))


class SectionView(Vertical):
    """One part of a page: a heading, and rows of items.

    Args:
        paths: Paths of the workspace.
    """

    DEFAULT_CSS = """
    SectionView {
        height: auto;

        Horizontal { height: auto; }
        Horizontal ExhibitView, .filling { width: 1fr; margin: 0 2 1 0; }
        .filling { height: 1; }
    }
    """

    def __init__(self, paths: WorkspacePaths) -> None:
        super().__init__()
        self._paths = paths
        self._heading = Heading(markup=False)
        self._shape = (0, 0)
        self._views: list[ExhibitView] = []

    def compose(self) -> ComposeResult:
        """Compose the heading; rows follow when they are known."""
        yield self._heading

    async def show(self, section: PageSection) -> None:
        """Show a part; its widgets are kept while its shape stays."""
        self._heading.update(section.title)
        shape = len(section.items), section.across
        if shape != self._shape:
            self._shape = (0, 0)  # until all rows are there: a newer page may cancel this
            await self.query(Horizontal).remove()
            self._views = [ExhibitView(self._paths) for _ in section.items]
            await self.mount(*_laid_out(self._views, section.across))
            self._shape = shape
        for view, exhibit in zip(self._views, section.items, strict=True):
            view.show(exhibit)


def _laid_out(views: Sequence[ExhibitView], across: int) -> Iterator[Horizontal]:
    """Yield rows of items; empty places make the last ones as wide as those above."""
    for first in range(0, len(views), max(1, across)):
        row = views[first : first + max(1, across)]
        filling = (Vertical(classes="filling") for _ in range(across - len(row)))
        yield Horizontal(*row, *filling)


class PageView(Vertical):
    """All parts of a page; hidden without any.

    Args:
        paths: Paths of the workspace.
    """

    DEFAULT_CSS = "PageView { height: auto; }"

    def __init__(self, paths: WorkspacePaths) -> None:
        super().__init__()
        self._paths = paths
        self._shown: Sequence[PageSection] = ()
        self.display = False

    def show(self, sections: Sequence[PageSection]) -> None:
        """Show a page."""
        self.display = bool(sections)
        if sections and sections != self._shown:
            self._shown = sections
            self.run_worker(self._lay_out(sections), exclusive=True, group="page")

    async def _lay_out(self, sections: Sequence[PageSection]) -> None:
        views = list(self.query(SectionView))
        if missing := [SectionView(self._paths) for _ in range(len(sections) - len(views))]:
            await self.mount(*missing)
        for view in views[len(sections) :]:
            await view.remove()
        for view, section in zip([*views, *missing], sections, strict=False):
            await view.show(section)
