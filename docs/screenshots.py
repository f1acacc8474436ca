"""Renders the README's images from a real run: `make screenshots`.

The example prompts go through the refine loop on the embedded backends; the dashboard is then
driven as an operator would, and each screen is saved as SVG. A sheet shows first attempts and
what the loop made of them; another the scenes of a storyboard. The page of a sample of music needs
the extra `audio`, which `make install` brings.
"""

import asyncio
import os
import shutil
import tempfile
from pathlib import Path

from PIL import Image

from engine.recipes.refine.report import JobReport
from safelight import open_workspace
from tui.app import Dashboard

HERE = Path(__file__).parent
IMAGES = HERE / "images"
EXAMPLES = HERE.parent / "examples"
SIZE = (150, 46)
SHOWN = ("keeper-of-the-storm", "fox-at-the-edge", "long-way-home", "ninth-avenue")
SIDE = 300


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


async def photograph(folder: Path, *names: str) -> None:
    """Goes from the batches to one job and saves each screen that is named."""
    app = Dashboard(folder)
    async with app.run_test(size=SIZE) as pilot:
        for name in names:
            await pilot.pause(2.0)
            if name:
                app.save_screenshot(f"{name}.svg", path=str(IMAGES))
            await pilot.press("enter")


def main() -> None:
    """Makes every image anew, as a terminal of many colours shows it."""
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
    os.environ.pop("NO_COLOR", None)
    IMAGES.mkdir(exist_ok=True)
    scratch = Path(tempfile.mkdtemp())
    os.environ["XDG_STATE_HOME"] = os.environ["XDG_CONFIG_HOME"] = str(scratch)
    try:
        folder = scratch / "demo"
        reports = run(folder)
        sheet(folder, reports).save(IMAGES / "refine.jpg", quality=86)
        asyncio.run(photograph(folder, "batches", "batch", "job"))
        film(scratch / "film").save(IMAGES / "storyboard.jpg", quality=86)
        asyncio.run(photograph(scratch / "film", "", "", "storyboard"))
        music(scratch / "music")
        asyncio.run(photograph(scratch / "music", "", "", "sample"))
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
