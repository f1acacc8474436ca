"""Renders the README's images from a real run: `make screenshots`.

The example prompts go through the refine loop on the embedded backends; the dashboard is then
driven as an operator would, and each screen is saved as SVG. A sheet shows first attempts and
what the loop made of them; another the scenes of a storyboard, and a third the shots of a film. The
pages of music, sounds and films need the extras `audio` and `video`, which `make install` brings.
"""

import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image

from bench.recording import record
from engine.recipes.refine.report import JobReport
from safelight import open_workspace
from tui.app import Dashboard
from tui.widgets.image import ImageView

HERE = Path(__file__).parent
IMAGES = HERE / "images"
EXAMPLES = HERE.parent / "examples"
SIZE = (150, 46)
CAST_SIZE = (88, 26)
SHOWN = ("keeper-of-the-storm", "fox-at-the-edge", "long-way-home", "ninth-avenue")
SIDE = 300

OPEN_JOB = (("enter", ""), ("enter", ""))
"""Steps from the list of batches to the first job."""

TOUR = (
    ("batches",),
    ("enter", "batch"),
    ("2", "sheet"),
    ("1", ""),
    ("enter", "job"),
)
"""Steps through the images of the refine loop."""


def run(folder: Path) -> list[JobReport]:
    """Runs the example prompts; returns what became of them."""
    with open_workspace(folder) as workspace:
        batch = workspace.run("refine", EXAMPLES / "prompts.json", settings={"seed": 11})
        return list(workspace.results(batch))


def film(folder: Path) -> Image.Image:
    """Runs the example of a storyboard; returns its contact sheet."""
    with open_workspace(folder) as workspace:
        workspace.run("storyboard", EXAMPLES / "coffee.yaml", settings={"seed": 11})
    made = folder / "outputs" / "reference_image_traces" / "coffee" / "contact_sheet.png"
    with Image.open(made) as found:
        return found.convert("RGB")


def music(folder: Path) -> None:
    """Runs the example of visual prompts."""
    with open_workspace(folder) as workspace:
        workspace.run("visual-prompts", EXAMPLES / "greensleeves.ogg", settings={"seed": 11})


def sound(folder: Path) -> None:
    """Run the example of a sound effect."""
    with open_workspace(folder) as workspace:
        workspace.run("sound-effect", EXAMPLES / "sounds.json", settings={"seed": 11})


def song(folder: Path) -> Image.Image:
    """Run the example of a music video; return its contact sheet."""
    settings = {"seed": 11, "width": 1280, "height": 720}
    with open_workspace(folder) as workspace:
        workspace.run("music-video", EXAMPLES / "greensleeves.ogg", settings=settings)
    path = folder / "outputs" / "music_videos" / "greensleeves" / "contact_sheet.png"
    with Image.open(path) as image:
        return image.convert("RGB").resize((1200, 591), Image.Resampling.LANCZOS)


def sheet(folder: Path, reports: list[JobReport]) -> Image.Image:
    """First attempts above, the best below."""
    chosen = [report for report in reports if report.key in SHOWN]
    image = Image.new("RGB", (SIDE * len(chosen), SIDE * 2))
    for column, report in enumerate(chosen):
        for row, number in enumerate((1, report.best or 1)):
            path = folder / "outputs" / "results" / report.output / f"iteration_{number}.png"
            with Image.open(path) as found:
                small = found.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
            image.paste(small, (SIDE * column, SIDE * row))
    return image


def is_drawing(app: Dashboard) -> bool:
    """Return True while an ellipsis stands where an image is being decoded."""
    views = [view for view in app.screen.query(ImageView) if view.region and view.is_on_screen]
    return any("…" in view.render_line(view.size.height // 2).text for view in views)


async def photograph(folder: Path, *steps: tuple[str, ...]) -> None:
    """Press the keys of each step, the last of which names the image that is then saved.

    Args:
        folder: The workspace; its list of batches is shown first.
        steps: Keys, then the name of an image; an empty name saves none.
    """
    app = Dashboard(folder)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(2.0)
        for *keys, name in steps:
            await pilot.press(*keys)
            await pilot.pause(2.0)
            for _ in range(100):
                if not is_drawing(app):
                    break
                await pilot.pause(0.2)
            if name:
                app.save_screenshot(f"{name}.svg", path=str(IMAGES))


CAST = (
    ("", 2.5),
    ("\r", 2.5),
    ("s", 1.2), ("w", 1.5),
    ("2", 3.0),
    ("C", 2.5), (" ", 1.0), (" ", 1.0), ("d", 2.0), ("\x1b", 1.2), ("\x1b", 1.2),
    ("\r", 2.5),
    ("v", 1.8), ("\x1b", 1.2),
    ("\x1b", 1.2), ("3", 1.8), ("4", 1.8),
    ("q", 1.0),
)  # fmt: skip
"""Keys of the recording: the worst image of a batch, why, beside a better one; queue, activity."""


def cast(folder: Path) -> None:
    """Record the dashboard in a real terminal: `asciinema play docs/images/tour.cast`."""
    command = [sys.executable, "-m", "safelight", "--workspace", str(folder)]
    variables = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
    title = "Safelight: the worst image of a batch, why, and beside a better one"
    recording = record(
        command, CAST, size=CAST_SIZE, title=title, environment=variables, folder=HERE.parent
    )
    recording.write(IMAGES / "tour.cast")


def main() -> None:
    """Makes every image anew, as a terminal of many colours shows it."""
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
    os.environ.pop("NO_COLOR", None)
    IMAGES.mkdir(exist_ok=True)
    scratch = Path(tempfile.mkdtemp())
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        os.environ[name] = str(scratch)
    try:
        folder = scratch / "demo"
        reports = run(folder)
        sheet(folder, reports).save(IMAGES / "refine.jpg", quality=86)
        asyncio.run(photograph(folder, *TOUR))
        cast(folder)
        film(scratch / "film").save(IMAGES / "storyboard.jpg", quality=86)
        asyncio.run(photograph(scratch / "film", *OPEN_JOB, ("storyboard",)))
        music(scratch / "music")
        asyncio.run(photograph(scratch / "music", *OPEN_JOB, ("sample",)))
        sound(scratch / "sound")
        asyncio.run(photograph(scratch / "sound", *OPEN_JOB, ("effect",)))
        song(scratch / "song").save(IMAGES / "film.jpg", quality=84)
        asyncio.run(photograph(scratch / "song", *OPEN_JOB, ("film",)))
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
