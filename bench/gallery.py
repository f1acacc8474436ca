"""The gallery: a batch of 1 000 images in a browser."""

from bench.figures import Figure, at_most
from bench.machine import measured
from tests.support.chromium import find_chromium

JOBS = 1000
PAINTED_MS, LOADED_MB = 1000, 2.0


def gallery(*, long: bool) -> list[Figure]:
    """Time until the images in view are painted, and bytes before anything is scrolled."""
    if find_chromium() is None:
        return [Figure("gallery in a browser", "not measured: chromium is not installed")]
    page = measured("gallery", JOBS, 9 if long else 3)
    what = f"gallery, a batch of {JOBS} images in Chromium"
    first = f"{{:.0f}} ms (first paint {page['first']:.0f} ms)"
    return [
        at_most(f"{what}: all images in view painted", page["painted"], PAINTED_MS, first, " ms"),
        at_most(
            f"{what}: loaded before scrolling",
            page["bytes"] / 1e6,
            LOADED_MB,
            f"{{:.2f}} MB in {page['files']:.0f} files",
            " MB",
        ),
    ]
