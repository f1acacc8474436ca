"""The contact sheet: processor time of images from cached thumbnails, and of held ones.

Each round shows other images in a sheet of an app whose output goes nowhere: all that a terminal
would get is drawn, and nothing else runs. Half cells are the peer, in the same process by turns.

Usage: python -m bench.cases.sheet draw ROUNDS | seen IMAGES
"""

import asyncio
import hashlib
import io
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image
from textual.app import App, ComposeResult

from bench.machine import emit
from db.queries.faces import FileLine
from engine.client.views.faces import Face
from engine.config.paths import WorkspacePaths
from engine.kinds.thumbnails import SIDES, Thumbnails
from tui.images.style import CellStyle, Symbols
from tui.widgets import sheet as sheet_module
from tui.widgets.list_state import ListState
from tui.widgets.rendering import THUMBNAILS
from tui.widgets.sheet import Sheet
from tui.widgets.sheet_painter import SheetCell

SHOWN, COLUMNS = 60, 12
SIZE = (276, 56)
"""Terminal in which 60 images of 21 by 10 cells are visible at once."""

SIDE = 512


@dataclass(frozen=True)
class Row:
    id: int


class Counted(App[None]):
    """An app that draws for a terminal, although there is none."""

    CSS = "Sheet { height: 1fr; scrollbar-size: 0 0; }"
    is_headless = False

    def __init__(self, paths: WorkspacePaths) -> None:
        super().__init__()
        self.state: ListState[Row] = ListState()
        self._paths = paths

    def compose(self) -> ComposeResult:
        yield Sheet(self.state, _cell, self._paths, columns=COLUMNS)


def _draw_in(symbols: Symbols) -> None:
    setattr(sheet_module, "style_of", lambda _: CellStyle("true", symbols))  # noqa: B010


def _cell(row: Row) -> SheetCell:
    return SheetCell(f"image-{row.id:05d}", "done", f"{row.id % 100}.0")


def image_of(seed: int) -> Image.Image:
    """Return an image with gradients, edges and texture, of its own."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    waves = [np.sin(random.uniform(4, 25) * x + random.uniform(2, 6) * np.sin(9 * y)) for _ in "ab"]
    edge = np.where(np.hypot(x - random.random(), y - random.random()) < 0.3, 1.0, -1.0)
    pixels = np.stack([*waves, edge], -1) * 0.4 + 0.5 + random.normal(0, 0.03, (SIDE, SIDE, 1))
    return Image.fromarray((pixels * 255).clip(0, 255).astype(np.uint8))


def workspace(
    root: Path, count: int, paint: Callable[[int], Image.Image] = image_of
) -> tuple[WorkspacePaths, dict[int, Face]]:
    """Write files with their thumbnails; 60 images under `count` hashes."""
    paths = WorkspacePaths(root)
    thumbnails, faces = Thumbnails(paths.thumbnails), {}
    small = [_encoded(paint(seed)) for seed in range(min(count, SHOWN))]
    for number in range(count):
        hash_ = hashlib.sha256(str(number).encode()).hexdigest()
        stored = paths.artifacts / hash_[:2] / hash_[2:]
        for side, data in small[number % len(small)].items():
            target = thumbnails.path(hash_, side) if side else stored
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        file = FileLine(number, 1, "image", hash_, "image", "image/png", 9, SIDE, SIDE, "{}")
        faces[number] = Face(file)
    return paths, faces


def _encoded(image: Image.Image) -> Mapping[int, bytes]:
    """Return the thumbnails by their sides; under 0 a stand-in of the stored file."""
    kept = {0: b"its thumbnails are there"}
    for side in SIDES:
        small, out = image.copy(), io.BytesIO()
        small.thumbnail((side, side), Image.Resampling.LANCZOS)
        small.save(out, "WEBP", quality=82, method=2)
        kept[side] = out.getvalue()
    return kept


async def _shown(app: Counted, faces: Mapping[int, Face], first: int) -> float:
    """Show a page and wait until it is whole; return the processor time in milliseconds."""
    sheet = app.query_one(Sheet)
    page = {id_: faces[id_] for id_ in range(first, first + SHOWN)}
    started = time.process_time()
    app.state.set_window(SHOWN, 0, [Row(id_) for id_ in page])
    sheet.set_faces(page)
    while not all(sheet._images.has_in_full(face) for face in page.values()):  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.05)
    return 1000 * (time.process_time() - started)


async def _again(app: Counted) -> float:
    """Draw a page of images that are there, all of it."""
    sheet = app.query_one(Sheet)
    started = time.process_time()
    sheet._drawn.clear()
    sheet.refresh()
    await asyncio.sleep(0.1)
    return 1000 * (time.process_time() - started)


async def draw(rounds: int) -> None:
    """Measure new images and images that are held, by turns with half cells."""
    symbols: tuple[Symbols, ...] = ("half", "quadrants", "octants")
    with tempfile.TemporaryDirectory() as folder:
        paths, faces = workspace(Path(folder), SHOWN * (rounds + 1) * 2)
        times: dict[str, list[float]] = {}
        for one in symbols:
            _draw_in(one)
            app = Counted(paths)
            async with app.run_test(size=SIZE):
                THUMBNAILS.clear()
                for number in range(rounds + 1):
                    new = await _shown(app, faces, number * SHOWN)
                    held = await _again(app)
                    if number:
                        times.setdefault(one, []).append(new)
                        times.setdefault(f"{one} held", []).append(held)
    emit(size=_box(), **{name: median(values) for name, values in times.items()})


def _box() -> str:
    return f"{SIZE[0] // COLUMNS - 2} columns"


async def seen(count: int) -> None:
    """Show many images, page by page."""
    _draw_in("octants")
    with tempfile.TemporaryDirectory() as folder:
        paths, faces = workspace(Path(folder), count)
        app = Counted(paths)
        async with app.run_test(size=SIZE):
            held: dict[str, float] = {}
            for first in range(0, count - SHOWN + 1, SHOWN):
                await _shown(app, faces, first)
                held.setdefault("first_mb", _resident())
            held["last_mb"] = _resident()
    emit(images=count, **held)  # the app keeps what is printed while it runs


def _resident() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def main() -> None:
    asyncio.run({"draw": draw, "seen": seen}[sys.argv[1]](int(sys.argv[2])))


if __name__ == "__main__":
    main()
