"""Staff: ABC text drawn as SVG or PNG by verovio and resvg (extra `audio`).

Verovio is C++ and the text may come from anywhere, so that it gets only tunes of the plain sort
that `to_abc` writes, checked token by token, and of limited length.
"""

import re
from importlib.resources import files
from pathlib import Path

MAX_CHARS = 200_000
"""Longest text that is drawn."""

MAX_BODY_LINES = 120
"""Lines of music that are drawn; what follows is left out."""

_MAX_LINE = 4000
_HEADER = {
    "X": re.compile(r"X:[0-9]{1,9}"),
    "T": re.compile(r"T:.{0,1000}"),
    "M": re.compile(r"M:(?:2/4|3/4|4/4|6/8|9/8|12/8)"),
    "L": re.compile(r"L:1/16"),
    "Q": re.compile(r"Q:(?:1/4|3/8)=[0-9]{1,3}"),
    "K": re.compile(r"K:[A-G][#b]?m?"),
}
_LENGTH = "(?:[1-9][0-9]?)?"
_MUSIC = re.compile(
    r'(?:"[A-G][#b]?[a-z0-9]{0,6}"'
    rf"|[_=^]?[A-Ga-g](?:,{{1,6}}|'{{1,6}})?{_LENGTH}-?"
    rf"|z{_LENGTH}|[ |])++\]?"
)
_EMPTY_ACCIDENTAL = re.compile(r'\s*<g id="[\w-]+" class="accid" />')
_ID = re.compile(r' id="([\w-]+)"')
_NAME = re.compile(r'(?<=[#"])[\w-]+(?=[" ])')
_UNITS = 100  # of verovio's page, per pixel, over its scale
_LONGEST_PAGE = 60_000


class StaffError(ValueError):
    """A text is not a tune that can be drawn."""


def drawable(abc: str) -> bool:
    """Return True if a text is a tune as `to_abc` writes it."""
    return _checked(abc) is not None


def _checked(abc: str) -> str | None:
    """Return a tune without its title and without its last lines, or None."""
    if len(abc) > MAX_CHARS or not abc.endswith("|]\n"):
        return None
    lines = abc[:-1].split("\n")
    header, body = lines[: len(_HEADER)], lines[len(_HEADER) :]
    if len(header) != len(_HEADER) or not body:
        return None
    if not all(p.fullmatch(line) for p, line in zip(_HEADER.values(), header, strict=True)):
        return None
    if not all(len(line) <= _MAX_LINE and _MUSIC.fullmatch(line) for line in body):
        return None
    fields = [line for line in header if not line.startswith("T:")]
    return "\n".join([*fields, *body[:MAX_BODY_LINES]]) + "\n"


def staff_svg(abc: str, width: int = 1200, height: int | None = None, zoom: float = 1.0) -> str:
    """Return a tune as SVG, systems below each other; the same tune gives the same bytes.

    Args:
        abc: A tune as `to_abc` writes it.
        width: Width in pixels, 64 to 8192.
        height: Height in pixels that systems must fit in; those that do not are left out.
        zoom: Size of the notes, 0.2 to 4; at 1 a staff is about 32 pixels high.

    Raises:
        StaffError: The text is not such a tune, or is too long.
    """
    import verovio

    text = _checked(abc)
    if text is None:
        raise StaffError("This text is not a tune as notation writes it; show it as text.")
    # Its fonts are known to the thread that imported it, and to each other one that is told.
    verovio.setDefaultResourcePath(str(files("verovio") / "data"))
    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(_options(width, height, zoom))
    if not toolkit.loadData(text) or not toolkit.getPageCount():
        raise StaffError("Verovio cannot read this tune; show it as text.")
    return _stable(str(toolkit.renderToSVG(1)))


def _stable(svg: str) -> str:
    """Return a drawing without what differs from one call of verovio to the next.

    Accidentals that are not drawn are sometimes there and sometimes not, and ids that follow one
    depend on that.
    """
    svg = _EMPTY_ACCIDENTAL.sub("", svg)
    names = {name: f"n{number}" for number, name in enumerate(_ID.findall(svg), 1)}
    return _NAME.sub(lambda found: names.get(found[0], found[0]), svg)


def _options(width: int, height: int | None, zoom: float) -> dict[str, object]:
    scale = max(8, min(160, round(40 * zoom)))
    page = [
        max(100, min(_LONGEST_PAGE, side * _UNITS // scale)) if side else _LONGEST_PAGE
        for side in (max(64, min(8192, width)), height)
    ]
    return {
        "inputFrom": "abc",
        "xmlIdSeed": 1,
        "pageWidth": page[0],
        "pageHeight": page[1],
        "scale": scale,
        "adjustPageHeight": True,
        "header": "none",
        "footer": "none",
        "breaks": "auto",
    }


def staff_png(abc: str, width: int, height: int | None = None, zoom: float = 1.0) -> bytes:
    """Return a tune as a PNG on white, `width` pixels wide; see `staff_svg`.

    Raises:
        StaffError: The text is not a tune as `to_abc` writes it, or is too long.
    """
    import resvg_py

    family = "DejaVu Serif"
    image = resvg_py.svg_to_bytes(
        svg_string=staff_svg(abc, width, height, zoom),
        background="#ffffff",
        skip_system_fonts=True,
        font_files=[str(path) for path in _fonts()],
        font_family=family,
        serif_family=family,
        sans_serif_family=family,
    )
    return bytes(image)


def _fonts() -> list[Path]:
    """Return fonts for chord symbols: those of matplotlib, for servers have none of their own."""
    from importlib.util import find_spec

    found = find_spec("matplotlib")
    if found is None or found.origin is None:
        return []
    folder = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
    return [path for path in (folder / "DejaVuSerif.ttf",) if path.is_file()]


def can_draw() -> bool:
    """Return True if the packages that draw are installed."""
    from importlib.util import find_spec

    return all(find_spec(name) is not None for name in ("verovio", "resvg_py"))
