"""The page of a job: what its recipe declares, drawn by kinds, with no recipe known here."""

from typing import Any

import pytest

from engine.client.views import recipe_info
from engine.client.views.recipe_info import RecipeInfo
from engine.contract.page import PagePart
from engine.recipes.visual_prompts import PAGE
from tests.support.effort import cases
from tests.support.pieces import PROMPTS
from tests.tui.samples import sample
from tests.tui.support import Place, running, seen, shows, until
from tests.tui.test_opening import programs
from tui.screens.menu import MenuScreen
from tui.widgets.page import ExhibitView, PageView, SectionView

__all__ = ["programs"]

HOSTILE = "\x1b]0;owned\x07\x1b[31mred\x9b2J\u202eevil\r\n[bold]東京タワー " + "x" * 300


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recipe with a page."""
    info = RecipeInfo("creativity", page=PAGE)
    monkeypatch.setattr(recipe_info, "_load", lambda recipe: info)


@pytest.fixture
def job(place: Place) -> int:
    (job,) = place.job_ids(place.batch("songs", ["sample_000"]))
    place.claim(1)
    return job


async def opened(pilot: Any) -> None:
    await shows(pilot, "b1")
    await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen.WHERE == "batch" and pilot.app.screen.rows.total)
    await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen.WHERE == "job" and pilot.app.screen._snapshot)


def sections(pilot: Any) -> list[str]:
    detail = pilot.app.screen._snapshot.detail
    return [section.title for section in detail.page]


async def test_a_job_opens_with_its_page(place: Place, job: int) -> None:
    sample(place, job)
    place.end(job, 61.2)
    async with running(place.dashboard(), (200, 120)) as pilot:
        await opened(pilot)
        await shows(
            pilot, "peak", "C# minor", "0.80 or A minor 0.40", "sections  ▏A", "12 samples are",
            "T:A piece", "convergent, 0.4", "divergent, 0.4", "originality",
        )  # fmt: skip
        assert sections(pilot) == [
            "sound", "features", "notation", "mel spectrogram", "prompts", "creativity"
        ]  # fmt: skip


@cases("size, across", [((80, 24), 2), ((200, 50), 5)], usual=1)
async def test_prompts_are_side_by_side_where_there_is_room(
    place: Place, job: int, size: tuple[int, int], across: int
) -> None:
    sample(place, job)
    place.end(job)
    async with running(place.dashboard(), size) as pilot:
        await opened(pilot)

        def laid_out() -> bool:
            shown = [list(view.query(ExhibitView)) for view in pilot.app.screen.query(SectionView)]
            views = [view for group in shown if len(group) == len(PROMPTS) for view in group]
            rows = {view.region.y for view in views}
            widths = {view.region.width for view in views}
            # None are shown while the page is laid out anew for its width.
            return len(rows) == -(-len(PROMPTS) // across) and min(widths, default=0) >= 30

        await until(pilot, laid_out, f"{across} side by side")


async def test_parts_appear_as_a_job_runs(place: Place, job: int) -> None:
    async with running(place.dashboard(), (120, 100)) as pilot:
        await opened(pilot)
        assert not pilot.app.screen.query_one(PageView).display
        sample(place, job, PROMPTS[:1])
        await until(pilot, lambda: "prompts" in sections(pilot))
        await shows(pilot, "C# minor", "A copper dusk")


async def test_hostile_prompts_are_harmless(place: Place, job: int) -> None:
    sample(place, job, [HOSTILE] * 5)
    place.end(job)
    async with running(place.dashboard(), (100, 160)) as pilot:
        await opened(pilot)
        await shows(pilot, "[bold]東京タワー", "xxxxx")
        assert "owned" not in seen(pilot.app)
        assert seen(pilot.app).replace("\n", "").isprintable()


@pytest.mark.slow
async def test_its_files_are_opened_the_sound_first(place: Place, job: int, programs: Any) -> None:
    programs.add("mpv", seconds=30)
    sample(place, job)
    place.end(job)
    async with running(place.dashboard(), (120, 40)) as pilot:
        await opened(pilot)
        await until(pilot, lambda: sections(pilot))
        await pilot.press("o")
        await until(pilot, lambda: isinstance(pilot.app.screen, MenuScreen))
        await shows(pilot, "sound", "notation", "mel")
        await pilot.press("enter")
        await until(pilot, lambda: programs.calls)
        assert "j1-sound-" in programs.calls[0]["arguments"][-1]


@pytest.mark.slow
async def test_a_step_of_the_job_is_shown_as_ever(place: Place, job: int) -> None:
    sample(place, job)
    place.end(job)
    async with running(place.dashboard(), (120, 60)) as pilot:
        await opened(pilot)
        await pilot.press("2")
        await until(pilot, lambda: sections(pilot))
        await pilot.press("j")
        await until(pilot, lambda: not sections(pilot))
        await until(pilot, lambda: not pilot.app.screen.query_one(PageView).display)
        await shows(pilot, "features", "C# minor")


@pytest.mark.parametrize(
    "wrong", [{}, {"field": "a", "steps": ("b",)}, {"field": "a", "role": "b"}]
)
def test_a_part_has_either_a_field_or_steps(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="the part 'x' of a page"):
        PagePart("x", **wrong)
