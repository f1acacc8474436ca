"""A storyboard on paper: its frames with their words, and its shot list, as PDF.

All texts are cleaned and drawn as text; nothing of them is markup, a link or a script. Letters that
no font of this machine has are drawn as empty boxes or question marks.
"""

import io
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from engine.recipes.storyboard.report import StoryboardReport
from engine.recipes.storyboard.shot_list import ListedShot, shots_of
from engine.text.terminal import clean

if TYPE_CHECKING:
    from fpdf import FPDF

ACROSS, DOWN = 3, 2
"""Frames of a page."""

MARGIN, GAP, LINE = 12.0, 6.0, 4.2
"""Margin of a page, space between frames, and height of a line, in millimetres."""

IMAGE_SIDE = 1000
"""Longer side of an image on paper in pixels, at most."""

CAPTION_LINES = 9
"""Lines below a frame, at most."""

MAX_TEXT = 900
"""Characters of a text in the shot list, at most."""

CORE_FONT = "helvetica"
"""Font that every reader of PDF has."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

ReadImage = Callable[[str], bytes]
"""Returns the bytes of a stored image by its hash."""


def board_pdf(report: StoryboardReport, read: ReadImage, source: str) -> bytes:
    """Return the frames of a storyboard with their words, six to a page.

    Args:
        report: The storyboard.
        read: Returns the bytes of a stored image.
        source: Mark of its content.

    Raises:
        ImageError: An image cannot be read.
        OSError: A stored image is gone.
    """
    shots = shots_of(report)
    pdf = _document(report, source)
    per_page = ACROSS * DOWN
    for first in range(0, len(shots), per_page):
        pdf.add_page()
        _heading(pdf, report, f"{first // per_page + 1} / {-(-len(shots) // per_page)}")
        for place, shot in enumerate(shots[first : first + per_page]):
            _frame(pdf, shot, place, read)
    return bytes(pdf.output())


def shot_list_pdf(report: StoryboardReport, source: str) -> bytes:
    """Return the shot list as a table.

    Args:
        report: The storyboard.
        source: Mark of its content.
    """
    from fpdf.fonts import FontFace

    pdf = _document(report, source)
    pdf.add_page()
    _heading(pdf, report, "shot list")
    pdf.set_y(MARGIN + 9)
    pdf.set_font_size(7.5)
    heads = ("#", "time", "s", "shows", "action and notes", "prompt of the image", "quality")
    widths = (6, 23, 9, 22, 58, 95, 12)
    heading = FontFace(emphasis="NONE", fill_color=230)
    with pdf.table(
        col_widths=widths, text_align="LEFT", line_height=LINE - 0.8, headings_style=heading
    ) as table:
        table.row(_drawable(pdf, heads))
        for shot in shots_of(report):
            table.row(_drawable(pdf, _listed(shot)))
    return bytes(pdf.output())


def _listed(shot: ListedShot) -> Sequence[str]:
    scene = shot.scene
    action = _sentences(scene.prompt, scene.notes)
    return (
        str(scene.number),
        f"{_clock(shot.start)} to {_clock(shot.end)}",
        f"{shot.seconds:.1f}",
        shot.subjects,
        clean(action, MAX_TEXT),
        clean(scene.wording.prompt if scene.wording else "", MAX_TEXT),
        shot.quality,
    )


def _document(report: StoryboardReport, source: str) -> "FPDF":
    """Return an empty document in landscape, with the same bytes for the same content."""
    from fpdf import FPDF

    pdf = FPDF(orientation="landscape", unit="mm", format="A4")
    pdf.set_creation_date(_EPOCH)
    pdf.set_auto_page_break(auto=True, margin=MARGIN)
    pdf.set_margin(MARGIN)
    pdf.set_title(clean(_title(report), 200))
    pdf.set_keywords(source)
    for name in ("fpdf", "fontTools"):  # they tell of every letter that a font lacks
        logging.getLogger(name).setLevel(logging.ERROR)
    files = _fonts_for(report)
    for number, file in enumerate(files):
        pdf.add_font(f"font-{number}", fname=file)
    if files:
        pdf.set_fallback_fonts([f"font-{number}" for number in range(1, len(files))])
    pdf.set_font("font-0" if files else CORE_FONT, size=9)
    return pdf


def _heading(pdf: "FPDF", report: StoryboardReport, right: str) -> None:
    pdf.set_xy(MARGIN, MARGIN - 4)
    pdf.set_font_size(11)
    width = pdf.w - 2 * MARGIN
    [title] = _lines(pdf, clean(_title(report), 200), width - 30, 1) or [""]
    pdf.cell(width - 30, 7, title)
    pdf.set_font_size(8)
    pdf.cell(30, 7, right, align="R")


def _title(report: StoryboardReport) -> str:
    names = (report.input.brand.name, report.input.prompt or report.key)
    return ": ".join(filter(None, names))


def _frame(pdf: "FPDF", shot: ListedShot, place: int, read: ReadImage) -> None:
    """Draw one scene: its image in its shape, then its words."""
    width = (pdf.w - 2 * MARGIN - (ACROSS - 1) * GAP) / ACROSS
    height = (pdf.h - 2 * MARGIN - 6 - (DOWN - 1) * GAP) / DOWN
    left = MARGIN + place % ACROSS * (width + GAP)
    top = MARGIN + 6 + place // ACROSS * (height + GAP)
    room = height - CAPTION_LINES * (LINE - 0.8) - 2
    if shot.scene.image is not None:
        pdf.image(
            _small(read(shot.scene.image.hash)), left, top, width, room, keep_aspect_ratio=True
        )
    pdf.set_draw_color(120)
    pdf.rect(left, top, width, room)
    pdf.set_xy(left, top + room + 1)
    pdf.set_font_size(8)
    head = f"{shot.scene.number}  {_clock(shot.start)}  {shot.seconds:.1f} s  {shot.quality}"
    pdf.cell(width, LINE, _drawable(pdf, (head,))[0])
    words = _sentences(shot.scene.prompt, shot.scene.notes)
    texts = (f"[{shot.subjects}] " if shot.subjects else "") + words
    pdf.set_font_size(7)
    for number, line in enumerate(_lines(pdf, clean(texts, MAX_TEXT), width, CAPTION_LINES - 2)):
        pdf.set_xy(left, top + room + 1 + LINE + number * (LINE - 1))
        pdf.cell(width, LINE - 1, line)


def _lines(pdf: "FPDF", text: str, width: float, most: int) -> list[str]:
    """Return a text as lines of a width; the last one ends with dots if there is more."""
    from fpdf.enums import MethodReturnValue

    [drawn] = _drawable(pdf, (text,))
    lines = pdf.multi_cell(
        width, LINE, drawn, dry_run=True, output=MethodReturnValue.LINES, align="L"
    )
    if not isinstance(lines, list):
        return []
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1][:-3]}..."]


def _drawable(pdf: "FPDF", texts: Sequence[str]) -> list[str]:
    """Return texts that the document's fonts can draw: its own have Western letters alone."""
    if pdf.font_family != CORE_FONT:
        return list(texts)
    return [text.encode("latin-1", "replace").decode("latin-1") for text in texts]


def _fonts_for(report: StoryboardReport) -> tuple[Path, ...]:
    """Return the files of fonts that a storyboard needs besides that of every reader."""
    texts = [_title(report), *(cell for shot in shots_of(report) for cell in shot.cells())]
    try:
        "".join(texts).encode("latin-1")
    except UnicodeEncodeError:
        return _font_files()
    return ()


@cache
def _font_files() -> tuple[Path, ...]:
    """Return the files of fonts to draw with, the first for most letters."""
    from engine.video.effects.fonts import font_files

    return tuple(file for file in font_files() if file.suffix.lower() == ".ttf")[:4]


def _small(data: bytes) -> io.BytesIO:
    """Return an image as a JPEG of the size that paper needs."""
    from PIL import Image

    from engine.imaging.decode import decoded

    image = decoded(data, near=(IMAGE_SIDE, IMAGE_SIDE)).convert("RGB")
    image.thumbnail((IMAGE_SIDE, IMAGE_SIDE), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=85)
    stream.seek(0)
    return stream


def _sentences(*texts: str) -> str:
    """Return texts as sentences that follow each other."""
    return " ".join(f"{text.strip().rstrip('.')}." for text in texts if text.strip())


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{seconds % 60:04.1f}"
