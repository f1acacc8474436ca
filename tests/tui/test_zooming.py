"""An image full screen: fit, 1:1, zoom, pan, neighbours, from a batch, a job and a comparison."""

from typing import Any

import pytest
from PIL import Image

from tests.support import media_files as media
from tests.tui.samples import result
from tests.tui.support import Place, running, seen, shows, until
from tests.tui.test_comparing import at_the_job, comparing, job
from tests.tui.test_kinds_on_screen import keep
from tui.images.decode import thumbnail
from tui.images.zoom import WHOLE, Zoom, moved, region_of, scaled
from tui.screens.zoom import ZoomScreen
from tui.widgets.image import ImageView

__all__ = ["job"]

BOX, IMAGE = (100, 80), (400, 200)


def test_a_zoom_stays_within_the_image() -> None:
    corner = moved(Zoom(1.0), IMAGE, BOX, (9.0, 9.0))
    assert region_of(corner, IMAGE, BOX) == (300, 120, 400, 200)
    back = moved(corner, IMAGE, BOX, (-99.0, -99.0))
    assert region_of(back, IMAGE, BOX) == (0, 0, 100, 80)
    assert region_of(moved(back, IMAGE, BOX, (0.5, 0)), IMAGE, BOX) == (50, 0, 150, 80)


def test_larger_and_smaller_again_is_the_whole_image() -> None:
    larger = scaled(WHOLE, IMAGE, BOX, 1.5)
    assert larger.scale == pytest.approx(0.375)
    assert scaled(larger, IMAGE, BOX, 1 / 1.5) == WHOLE
    assert scaled(WHOLE, IMAGE, BOX, 1 / 1.5) == WHOLE
    most = WHOLE
    for _ in range(40):
        most = scaled(most, IMAGE, BOX, 1.5)
    left, top, right, bottom = region_of(most, IMAGE, BOX)
    assert 0 <= left < right <= 400
    assert 0 <= top < bottom <= 200


@pytest.mark.parametrize("size", [(1, 1), (1, 20_000), (20_000, 1)])
def test_odd_images_have_parts(size: tuple[int, int]) -> None:
    for zoom in (Zoom(1.0), Zoom(16.0, 1.0, 1.0), Zoom(0.01)):
        left, top, right, bottom = region_of(zoom, size, BOX)
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]


def test_a_part_at_one_to_one_is_the_image_itself(tmp_path: Any) -> None:
    path = tmp_path / "image"
    whole = Image.linear_gradient("L").resize(IMAGE).convert("RGB")
    whole.save(path, "PNG")
    part = thumbnail(path, BOX, Zoom(1.0, 0.5, 0.5))
    assert part.tobytes() == whole.crop((150, 60, 250, 140)).tobytes()
    assert thumbnail(path, BOX, Zoom(4.0)).size == (100, 80)


async def zoomed(pilot: Any) -> ZoomScreen:
    await pilot.press("z")
    await until(pilot, lambda: isinstance(pilot.app.screen, ZoomScreen))
    await until(pilot, lambda: pilot.app.screen._candidate)
    screen: ZoomScreen = pilot.app.screen
    return screen


async def test_the_selected_part_of_a_job_and_its_neighbours(place: Place, job: int) -> None:
    for number in (1, 2, 3):
        place.turn(job, number, 40 + 10 * number, prompt=f"a lamp of {number} flames")
    async with running(place.dashboard(), (80, 24)) as pilot:
        await at_the_job(pilot)
        screen = await zoomed(pilot)
        await shows(pilot, "iteration 3", "3/3 · 70.0 · ", "fit", "▀▀▀")
        view = screen.query_one(ImageView)
        assert view.size == (80, 21)
        await pilot.press("1")
        await shows(pilot, "100 %")
        await pilot.press("plus", "plus", "l", "j")
        await shows(pilot, "225 %")
        await pilot.press("p")
        await shows(pilot, "iteration 2", "2/3 · 60.0 · ", "225 %")
        await pilot.press("0")
        await shows(pilot, "fit")
        await pilot.press("K", "K")
        await shows(pilot, "no more in that direction", "1/3")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen.WHERE == "job")


async def test_the_best_of_a_batch(place: Place) -> None:
    jobs = place.job_ids(place.batch("things", ["one", "two", "three"]))
    place.claim(3)
    for at, job_id in enumerate(jobs):
        place.turn(job_id, 1, 50 + at, prompt="a lamp")
    async with running(place.dashboard(), (120, 40)) as pilot:
        await shows(pilot, "b1")
        await pilot.press("enter")
        await until(
            pilot, lambda: pilot.app.screen.WHERE == "batch" and pilot.app.screen.rows.total
        )
        await pilot.press("j")
        await zoomed(pilot)
        await shows(pilot, "two", "2/3 · 51.0 · 16×12")
        await pilot.press("n")
        await shows(pilot, "three", "3/3")


async def test_the_active_side_of_a_comparison(place: Place, job: int) -> None:
    for number in (1, 2, 3):
        place.turn(job, number, 40 + 10 * number, prompt="a lamp")
    async with running(place.dashboard(), (80, 24)) as pilot:
        await at_the_job(pilot)
        await comparing(pilot)
        await pilot.press("tab")
        await zoomed(pilot)
        await shows(pilot, "iteration 2", "2/3")


async def test_a_sound_and_a_prompt_fill_the_screen(place: Place, job: int) -> None:
    keep(place, job, "iteration-1", media.wav(1.0))
    async with running(place.dashboard(), (80, 24)) as pilot:
        await at_the_job(pilot)
        await zoomed(pilot)
        await shows(pilot, "0:01.0", "peak")
        await pilot.press("plus", "1", "j")
        await shows(pilot, "Only images can be enlarged")


async def test_a_result_without_a_file_is_text(place: Place, job: int) -> None:
    step = place.step(job, "prompt-1", "write")
    result(place, step, "prompt", {"prompt": "An octopus of brass"})
    async with running(place.dashboard(), (80, 24)) as pilot:
        await at_the_job(pilot)
        await zoomed(pilot)
        await until(pilot, lambda: "1/1" in seen(pilot.app))
