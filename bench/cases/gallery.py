"""The gallery in a headless Chromium: a batch of many images, from the click to the painted page.

The images are 60 of their own under as many hashes as there are jobs, with the thumbnails that an
engine keeps. Those have 21 to 24 kB, which is between two photographs (14 and 36 kB) and more than
the painter's (9 kB). The browser has an empty cache in each round, as on a first visit.

Usage: python -m bench.cases.gallery JOBS ROUNDS
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from PIL import Image, ImageFilter

from bench.cases.sheet import image_of, workspace
from bench.machine import emit
from tests.support.chromium import Tab, chromium, gallery_server
from tests.tui.support import Place

_IN_VIEW = """[...document.querySelectorAll('.card img')]
  .filter(image => image.getBoundingClientRect().top < innerHeight)"""

PAINTED = f"{_IN_VIEW}.every(image => image.complete && image.naturalWidth) && performance.now()"
"""Milliseconds since the navigation at which every image in view is there, as the page has it."""


def photograph(seed: int) -> Image.Image:
    """Return an image as heavy as a photograph, of its own."""
    return image_of(seed).filter(ImageFilter.GaussianBlur(0.7))


def build(root: Path, jobs: int) -> None:
    """Write a batch of jobs that are done, each with an image and a score."""
    _, faces = workspace(root, jobs, photograph)
    place = Place(root)
    batch = place.batch("many", [f"shot-{n:04d}" for n in range(jobs)])
    for number, job in enumerate(place.job_ids(batch)):
        file = faces[number].file
        assert file is not None
        artifact: dict[str, Any] = {"role": "image", "hash": file.hash, "kind": "image"}
        artifact |= {"media_type": "image/png", "size": file.size}
        artifact |= {"width": file.width, "height": file.height}
        score = {"metric": "score", "value": number * 7919 % 1000 / 10, "raw": None, "scorer": "x"}
        place.step(job, "iteration-1", "generate", artifacts=[artifact], scores=[score])
        place.end(job, number * 7919 % 1000 / 10)


async def visit(tab: Tab, address: str) -> dict[str, Any]:
    """Open a page with an empty cache; return its times and what came over the wire."""
    await tab.send("Network.clearBrowserCache")
    tab.events.clear()
    await tab.send("Page.navigate", url=address)
    painted = await tab.until(f"document.readyState === 'complete' && {PAINTED}")
    await asyncio.sleep(1.5)  # what the browser fetches ahead counts too
    sizes = [
        event["params"]["encodedDataLength"]
        for event in tab.events
        if event["method"] == "Network.loadingFinished"
    ]
    first = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
    return {"painted": painted, "first": await tab.run(first), "bytes": sum(sizes),
            "files": len(sizes)}  # fmt: skip


async def measure(jobs: int, rounds: int) -> None:
    """Measure the first page of the contact sheet by score."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "workspace"
        build(root, jobs)
        with gallery_server(root) as link:
            base = link.partition("/login")[0]
            async with chromium() as tab:
                await tab.look(1400, 900)
                await tab.open(link)
                await visit(tab, f"{base}/b1?sort=best")  # imports of the server
                seen = [await visit(tab, f"{base}/b1?sort=best") for _ in range(rounds)]
    emit(**{name: median(one[name] for one in seen) for name in seen[0]})


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]), int(sys.argv[2])))
