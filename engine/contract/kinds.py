"""Kinds: how the files and results of steps are recognised, described and drawn.

A *kind* is one object per sort of thing that a step can leave behind. It recognises bytes, reads
the facts of a file, makes its thumbnail, and draws it in a terminal as plain data: an image, or
lines of text with tones. So the dashboard, the command line and the outputs need to know no recipe.

Kinds of other packages are found through the entry point group `safelight.kinds`; each entry point
names one `Kind` object.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Literal, NamedTuple

from engine.contract.backend import Facts
from engine.contract.timeline import Timeline

HEAD_BYTES = 4096
"""Bytes from the start of a file that `Content.head` holds, at most."""

Tone = Literal["", "strong", "muted", "accent", "good", "bad"]
"""Emphasis of a piece of text; the theme decides the colour."""

Face = Literal["main", "supporting", "hidden"]
"""Use of a kind as the face of a job: always, only if there is nothing better, or never."""


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes to recognise.

    Attributes:
        head: The first `HEAD_BYTES` bytes, fewer if there are no more.
        size: Length in bytes.
        open: Opens all of them as a new seekable stream; the caller closes it.
    """

    head: bytes
    size: int
    open: Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True)
class Recognition:
    """Result of recognition.

    Attributes:
        media_type: Their media type, for example `audio/wav`.
        width: Width in pixels, if they have one.
        height: Height in pixels, if they have one.
        facts: Further facts by their names; see `Artifact.facts`.
    """

    media_type: str
    width: int | None = None
    height: int | None = None
    facts: Facts = field(default_factory=dict)


class Size(NamedTuple):
    """An area of a terminal, in cells, each at least 1."""

    columns: int
    rows: int


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line. Its text may come from anywhere: it is cleaned before it is shown.

    Attributes:
        text: Its text.
        tone: Its emphasis.
        colour: Colour of its letters as `#RRGGBB` in place of that of the tone, for swatches; a
            terminal without colours shows none, so name the colour beside it.
    """

    text: str
    tone: Tone = ""
    colour: str = ""


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """A drawing as text, from top to bottom; what does not fit is cut."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Raster:
    """A drawing as pixels: an encoded PNG, JPEG or WebP image.

    Attributes:
        data: The image.
        in_cells: Lines in place of an image that is too fine for a terminal that only has cells,
            such as a staff; None if the image is shown in cells, too.
        coarse: The same image for such a terminal, a pixel per column and two per row, so that
            nothing of it is blurred; None if it is scaled down instead.
        above: Lines over the image.
        below: Lines under it.
    """

    data: bytes
    in_cells: Lines | None = None
    coarse: bytes | None = None
    above: Lines | None = None
    below: Lines | None = None


@dataclass(frozen=True, slots=True)
class OwnImage:
    """The file itself, which is an image."""


Drawing = Lines | Raster | OwnImage


@dataclass(frozen=True, slots=True)
class Item:
    """A file, or the result of a step, to be drawn.

    Attributes:
        kind: Name of its kind.
        media_type: Media type of a file; empty for a result.
        size: Bytes of a file.
        width: Width of a file in pixels.
        height: Height of a file in pixels.
        facts: Further facts of a file.
        open: Opens a file; raises `OSError` if it is gone. None for a result.
        data: A result as plain data (decoded JSON).
        request: The request that a result answers, as plain data.
        names: Names of files by their hashes, for results that mention files.
    """

    kind: str
    media_type: str = ""
    size: int = 0
    width: int | None = None
    height: int | None = None
    facts: Facts = field(default_factory=dict)
    open: Callable[[], BinaryIO] | None = None
    data: Any = None
    request: Any = None
    names: Mapping[str, str] = field(default_factory=dict)


class Kind:
    """Base of all kinds; a subclass overrides what it does better.

    Every method may be called in any thread or process, with files from anywhere. An exception
    never fails a step: the file is then of the next kind that recognises it, has no thumbnail, or
    is drawn as a sentence.

    Attributes:
        name: Its name, unique among all kinds: lower-case letters, digits and `-`.
        title: Name for people, for example `audio`.
        face: Use of its files as the face of a job.
        suffixes: File name endings by media type, for example `{"audio/wav": ".wav"}`. A file that
            is opened in another program is named by them.
        plays: True if its files are played over time: a player opens them, not a viewer.
        rows: Rows of a drawing that is shown among others, such as on the page of a job.
        draws_results: True if results of steps are drawn as well as files.
    """

    name: str = ""
    title: str = ""
    face: Face = "main"
    suffixes: Mapping[str, str] = {}
    plays: bool = False
    rows: int = 12
    draws_results: bool = False

    def recognise(self, content: Content) -> Recognition | None:
        """Return what bytes are if they are of this kind, else None. Read no more than needed."""
        return None

    def facts(self, item: Item) -> Sequence[tuple[str, str]]:
        """Return facts of an item as names and texts, the most important first."""
        return ()

    def thumbnail(self, item: Item, side: int) -> bytes | None:
        """Return an image of a file, at most `side` pixels wide and high, or None.

        The image may be PNG, JPEG or WebP of any size; it is fitted and stored as WebP.
        """
        return None

    def full(self, item: Item, size: Size) -> Drawing | None:
        """Return a drawing that fills an area, or None to show only the facts."""
        return None

    def small(self, item: Item, size: Size) -> Drawing | None:
        """Return a drawing for a small area, such as a frame of the film strip."""
        return self.full(item, size)

    def beside(self, items: Sequence[Item], size: Size) -> Sequence[Drawing | None]:
        """Return drawings of items that are compared, one each, of a common scale.

        Args:
            items: The items, at least two.
            size: The area of each.
        """
        return [self.full(item, size) for item in items]

    def timeline(self, item: Item) -> Timeline | None:
        """Return what is on the timeline of an item, or None if it has none."""
        return None

    def frame(self, item: Item, seconds: float, side: int) -> bytes | None:
        """Return the frame of a file at a time, at most `side` pixels wide and high, or None.

        The image may be PNG, JPEG or WebP.
        """
        return None
