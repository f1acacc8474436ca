"""Images in cells: a contact sheet of cached thumbnails, and one image beside chafa's symbols."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from bench.figures import Figure, at_least, at_most
from bench.machine import measured

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
DRAWN_MS, MEMORY_MB, FITTED_MS = 150, 140, 40


def sheet(*, long: bool) -> list[Figure]:
    """Processor time of a page of images, new and held, and memory after many."""
    times = measured("sheet", "draw", 9 if long else 3, environment=ONE_THREAD)
    seen = measured("sheet", "seen", 5040 if long else 600, environment=ONE_THREAD)
    page = f"sheet of 60 cached thumbnails, {times['size']}"
    figures = [
        at_most(f"{page}, {name}: processor time", times[name], DRAWN_MS, "{:.0f} ms", " ms")
        for name in ("half", "quadrants", "octants")
    ]
    return [
        *figures,
        Figure("the same in octants, all of it drawn again", f"{times['octants held']:.0f} ms"),
        at_most(
            f"memory after {seen['images']} images seen",
            seen["last_mb"],
            MEMORY_MB,
            f"{{:.0f}} MB ({seen['first_mb']:.0f} MB after 60)",
            " MB",
        ),
    ]


def cells(*, long: bool) -> list[Figure]:
    """Likeness of an image in 80 x 40 cells, beside chafa's, and the time that it takes."""
    if shutil.which("chafa") is None:
        return [Figure("images in cells beside chafa", "not measured: chafa is not installed")]
    from bench.cases.sheet import image_of

    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{seed}.png" for seed in range(8 if long else 3)]
        for seed, path in enumerate(paths):
            image_of(seed).save(path)
        styles = measured("cells", *paths, environment=ONE_THREAD)
    return [figure for name, style in styles.items() for figure in _beside(name, style)]


def _beside(name: str, style: dict[str, Any]) -> list[Figure]:
    (psnr, ssim), (their_psnr, their_ssim) = style["ours"], style["chafa"]
    what = f"image in 80 x 40 cells, {name}"
    return [
        at_least(f"{what}: SSIM", ssim, their_ssim, f"{{:.3f}}, chafa {their_ssim:.3f}"),
        at_least(f"{what}: PSNR", psnr, their_psnr, f"{{:.1f}} dB, chafa {their_psnr:.1f} dB"),
        at_most(f"{what}: processor time", style["ms"], FITTED_MS, "{:.0f} ms", " ms"),
    ]
