"""Jobs and parts of a job side by side, of any kind, drawn on one scale."""

from typing import Any

import pytest

from db.queries import inspect
from engine.client.views.candidates import Candidate
from engine.client.views.comparison import PartsOfAJob, family_of
from engine.client.views.recipe_info import Headlines
from engine.client.views.tree import TreeLine
from engine.contract.kinds import Raster
from engine.text import figures
from tests.support import media_files as media
from tests.support.effort import cases
from tests.support.pieces import piece
from tests.tui.samples import result, sample
from tests.tui.support import Place, running, seen, shows, until
from tests.tui.test_kinds_on_screen import keep
from tests.tui.test_opening import programs
from tui.screens.compare import CompareScreen
from tui.screens.sides import Sides
from tui.widgets.candidate import CandidateView, caption

__all__ = ["programs"]

SIZES = [(80, 24), (200, 50)]
HOSTILE = "\x1b]0;owned\x07\x1b[31mred\x9b2J\u202eevil\r\n[bold]東京 " + "x" * 200


@pytest.fixture
def job(place: Place) -> int:
    (job,) = place.job_ids(place.batch("things", ["one"]))
    place.claim(1)
    return job


async def at_the_job(pilot: Any, *, node: bool = False) -> None:
    await shows(pilot, "b1")
    await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen.WHERE == "batch" and pilot.app.screen.rows.total)
    await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen.WHERE == "job" and pilot.app.screen._snapshot)


async def comparing(pilot: Any) -> None:
    await pilot.press("equals_sign")
    await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))
    await until(pilot, lambda: pilot.app.screen.sides.shown)


def captions(pilot: Any) -> list[str]:
    panes = [pane for pane in pilot.app.screen.query(CandidateView) if pane.display]
    return [str(pane.query_one(".caption").render()) for pane in panes]


@cases("size", SIZES, usual=1)
async def test_images_with_their_scores_and_the_changes_of_the_prompt(
    place: Place, job: int, size: tuple[int, int]
) -> None:
    for number in (1, 2, 3):
        place.turn(job, number, 40 + 10 * number, prompt=f"a lamp of {number} flames")
    async with running(place.dashboard(), size) as pilot:
        await at_the_job(pilot)
        await comparing(pilot)
        await shows(
            pilot, "60.0 iteration 2", "2/3", "70.0 iteration 3", "3/3", "score  60.0  70.0  +10.0",
            "prompt of iteration 3, against iteration 2", "flames", "▀▀▀",
        )  # fmt: skip
        await pilot.press("h")  # the active side is that of the selected one; 2 is shown already
        await until(pilot, lambda: [c.split()[-1] for c in captions(pilot)] == ["2/3", "1/3"])
        await shows(pilot, "prompt of iteration 1, against iteration 2")
        await pilot.press("tab", "h", "escape")
        await until(pilot, lambda: pilot.app.screen.WHERE == "job")


async def test_a_branch_begins_at_the_selected_part_and_at_the_active_side(
    place: Place, job: int
) -> None:
    for number in (1, 2, 3):
        place.turn(job, number, 40 + 10 * number, prompt=f"a lamp of {number} flames")
    async with running(place.dashboard(), (100, 30)) as pilot:
        await at_the_job(pilot)
        await pilot.press("b")
        await shows(pilot, f"Branch from j{job}:iteration-3", "a lamp of 2 flames")
        await pilot.press("escape")
        await comparing(pilot)
        await pilot.press("b")
        await shows(pilot, f"Branch from j{job}:iteration-3", "a lamp of 2 flames")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))
        await pilot.press("tab", "b")
        await shows(pilot, f"Branch from j{job}:iteration-2", "a lamp of 1 flames")


async def test_a_branch_is_seen_beside_its_origin(place: Place, job: int) -> None:
    place.turn(job, 1, 40, prompt="a lamp")
    (branch,) = place.job_ids(place.batch("another line", ["one"]))
    source = f"j{job}:iteration-1"
    place.write(
        lambda c: c.execute(
            "INSERT INTO lineage (job_id, source_job_id, source, branch) VALUES (?, ?, ?, ?)",
            (branch, job, source, "iteration-1"),
        )
    )
    place.claim(1)
    for number in (1, 2):
        place.turn(branch, number, 70, prompt="a moon")
    beside = [f"j{job} one", f"j{branch} one"]
    async with running(place.dashboard(), (120, 30)) as pilot:
        await shows(pilot, "another line")
        await pilot.press("g", "enter")
        await shows(pilot, "another line")
        await until(
            pilot, lambda: pilot.app.screen.WHERE == "batch" and pilot.app.screen.rows.total
        )
        await comparing(pilot)
        assert [one.title for one in pilot.app.screen._candidates] == beside
        await shows(pilot, f"j{job} beside j{branch}")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen.WHERE == "batch")
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen.WHERE == "job" and pilot.app.screen._snapshot)
        await comparing(pilot)  # iteration 2: with iteration 1, which has begun the branch
        assert [one.title for one in pilot.app.screen._candidates] == ["iteration 1", "iteration 2"]
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen.WHERE == "job")
        await pilot.press("h")
        await until(pilot, lambda: pilot.app.screen.scope == "iteration-1")
        await comparing(pilot)
        assert [one.title for one in pilot.app.screen._candidates] == beside


@cases("size", SIZES, usual=1)
async def test_sounds_are_on_one_scale_of_time(
    place: Place, job: int, size: tuple[int, int]
) -> None:
    keep(place, job, "iteration-1", media.wav(1.0))
    keep(place, job, "iteration-2", media.wav(2.0))
    async with running(place.dashboard(), size) as pilot:
        await at_the_job(pilot)
        await comparing(pilot)
        await shows(pilot, "0:01.0", "0:02.0", "peak")


@pytest.mark.slow
async def test_texts_and_features_of_steps(place: Place, job: int) -> None:
    sample(place, job)
    async with running(place.dashboard(), (200, 50)) as pilot:
        await at_the_job(pilot)
        await comparing(pilot)  # from the root: the largest family, of prompts
        await shows(pilot, "✓ prompt-3", "4/5", "An octopus of brass", "A library grows")
        await pilot.press("plus", "plus", "plus")
        await until(pilot, lambda: len(captions(pilot)) == 4)
        await shows(pilot, "A copper dusk", "Long shadows")
        await pilot.press("minus", "minus", "minus")
        await until(pilot, lambda: len(captions(pilot)) == 2)


async def test_features_and_notation_are_drawn_by_their_kinds(place: Place, job: int) -> None:
    for number in (1, 2):
        step = place.step(job, f"take-{number}", "analyse")
        result(place, step, "features", {"features": piece(8.0 * number).model_dump(mode="json")})
    async with running(place.dashboard(), (120, 50)) as pilot:
        await at_the_job(pilot)
        await comparing(pilot)
        await until(pilot, lambda: seen(pilot.app).count("C# minor") == 2)


@pytest.mark.slow
async def test_notation_beside_notation(place: Place, job: int) -> None:
    for number in (1, 2):
        keep(place, job, f"take-{number}", media.ABC.replace("reel", f"reel {number}").encode())
    async with running(place.dashboard(), (120, 40)) as pilot:
        await at_the_job(pilot)
        await comparing(pilot)
        await until(pilot, lambda: seen(pilot.app).count("T:The Silver Spear") == 2)


async def test_one_alone_then_the_next_in_its_place(place: Place, job: int) -> None:
    for number in (1, 2):
        place.turn(job, number, 40 + number)
    async with running(place.dashboard(), (100, 30)) as pilot:
        await at_the_job(pilot)
        await comparing(pilot)
        await pilot.press("space")
        await until(pilot, lambda: len(captions(pilot)) == 1)
        first = captions(pilot)
        await pilot.press("space")
        await until(pilot, lambda: len(captions(pilot)) == 1 and captions(pilot) != first)
        await pilot.press("escape")
        await until(pilot, lambda: len(captions(pilot)) == 2)


async def test_marked_jobs_are_compared_and_one_is_gone_to(place: Place) -> None:
    ids = place.job_ids(place.batch("things", ["fox", "hare", "owl"]))
    place.claim(3)
    for number, job in enumerate(ids):
        place.turn(job, 1, 50 + number)
        place.end(job, 50 + number)
    async with running(place.dashboard(), (160, 40)) as pilot:
        await shows(pilot, "b1")
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen.rows.total == 3)
        await pilot.press("asterisk")
        await until(pilot, lambda: len(pilot.app.screen.rows.marks) == 3)
        await comparing(pilot)
        await shows(pilot, "50.0 fox", "1/3", "51.0 hare", "2/3", "52.0 owl", "3/3")
        await pilot.press("tab", "enter")
        await until(pilot, lambda: pilot.app.screen.WHERE == "job")
        assert pilot.app.screen.job_id in ids
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen.WHERE == "batch")


async def test_going_to_a_part_selects_it(place: Place, job: int) -> None:
    for number in (1, 2, 3):
        place.turn(job, number, 40 + number)
    async with running(place.dashboard(), (120, 40)) as pilot:
        await at_the_job(pilot)
        await comparing(pilot)
        await pilot.press("h", "enter")
        await until(pilot, lambda: pilot.app.screen.WHERE == "job")
        await until(pilot, lambda: pilot.app.screen._snapshot.node.scope == "iteration-1")


@pytest.mark.slow
async def test_the_active_one_is_opened(place: Place, job: int, programs: Any) -> None:
    programs.add("mpv", seconds=30)
    for number in (1, 2):
        keep(place, job, f"iteration-{number}", media.wav(number))
    async with running(place.dashboard(), (120, 40)) as pilot:
        await at_the_job(pilot)
        await comparing(pilot)
        await pilot.press("tab", "o")
        await until(pilot, lambda: programs.calls)
        assert "iteration-1" in programs.calls[0]["arguments"][-1]


async def test_long_texts_are_scrolled_together(place: Place, job: int) -> None:
    sample(place, job, ["word " * 300 + f"end{number}" for number in range(2)])
    async with running(place.dashboard(), (80, 24)) as pilot:
        await at_the_job(pilot)
        await comparing(pilot)
        await shows(pilot, "301 words")
        assert "end0" not in seen(pilot.app)
        for _ in range(20):
            await pilot.press("j")
        await shows(pilot, "end0", "end1")
        for _ in range(20):
            await pilot.press("up")
        await shows(pilot, "301 words")


async def test_a_drawing_for_an_earlier_size_is_not_shown(place: Place, job: int) -> None:
    sample(place, job, ["word " * 300 + f"end{number}" for number in range(2)])
    async with running(place.dashboard(), (80, 24)) as pilot:
        await at_the_job(pilot)
        await comparing(pilot)
        await shows(pilot, "301 words")
        screen: Any = pilot.app.screen
        earlier = screen._drawing
        await pilot.resize_terminal(120, 30)
        await until(pilot, lambda: screen._drawing is not earlier)
        lines = [pane._lines for pane in screen.query(CandidateView)]
        screen._put(earlier, earlier.draw())  # its thread was slower
        assert [pane._lines for pane in screen.query(CandidateView)] == lines


async def test_hostile_texts_are_harmless(place: Place, job: int) -> None:
    sample(place, job, [HOSTILE] * 3)
    async with running(place.dashboard(), (80, 24)) as pilot:
        await at_the_job(pilot)
        await comparing(pilot)
        await until(pilot, lambda: seen(pilot.app).count("[bold]東京") == 2)
        assert "owned" not in seen(pilot.app)
        assert seen(pilot.app).replace("\n", "").isprintable()


async def test_with_nothing_to_compare_it_says_so(place: Place, job: int) -> None:
    place.step(job, "", "think")
    async with running(place.dashboard(), (100, 30)) as pilot:
        await at_the_job(pilot)
        await pilot.press("equals_sign")
        await shows(pilot, "There is nothing to compare with yet.")
        await pilot.press("escape", "equals_sign")
        await shows(pilot, "Mark two or more jobs to compare.")


@pytest.mark.parametrize(
    ("chosen", "family"),
    [
        ("scene-1/variation-2", ["scene-1/variation-1", "scene-1/variation-2"]),
        ("scene-1/variation-1/x", ["scene-1/variation-1/x", "scene-1/variation-2/x"]),
        ("scene-2", ["scene-1", "scene-2"]),
        ("", ["scene-1", "scene-2"]),
        ("plan", ["scene-1", "scene-2"]),
    ],
)
def test_a_family_differs_in_the_innermost_number(chosen: str, family: list[str]) -> None:
    paths = {
        0: "", 1: "plan", -10: "scene-1", -11: "scene-1/variation-1", 12: "scene-1/variation-1/x",
        -13: "scene-1/variation-2", 14: "scene-1/variation-2/x", -20: "scene-2",
        -21: "scene-2/variation-1", 30: "say-1", 31: "say-2", 32: "say-3",
    }  # fmt: skip
    nodes = [
        TreeLine(id_, path.count("/") + bool(path), path, path, "done", None, "", ())
        for id_, path in paths.items()
    ]
    (at,) = (id_ for id_, path in paths.items() if path == chosen)
    assert [node.scope for node in family_of(nodes, paths, at)] == family


def test_a_job_that_is_gone_has_nothing_to_compare(place: Place) -> None:
    connection = place.store.reader()
    try:
        view = PartsOfAJob(99, "gone", 0, Headlines())
        assert view.read(connection, 1).candidates == ()
        assert inspect.job_version(connection, 99) == ()
    finally:
        connection.close()


async def test_the_difference_of_two_images(place: Place, job: int) -> None:
    for number in (1, 2):
        place.turn(job, number, 40 + 10 * number, prompt=f"a lamp of {number} flames")
    async with running(place.dashboard(), (120, 40)) as pilot:
        await at_the_job(pilot)
        await comparing(pilot)
        await pilot.press("d")
        await shows(pilot, "iteration 2 and iteration 1: ", "difference")
        pair = pilot.app.screen._pair
        await pilot.press("space")
        await until(pilot, lambda: "difference" not in seen(pilot.app))
        pilot.app.screen._put_difference(pair, Raster(b""))  # of what was shown before
        assert pilot.app.screen._difference is None
        await pilot.press("escape")
        await until(pilot, lambda: len(captions(pilot)) == 2)
        assert pilot.app.screen.WHERE == "compare"


@pytest.mark.slow
async def test_sounds_have_no_difference(place: Place, job: int) -> None:
    keep(place, job, "iteration-1", media.wav(1.0))
    keep(place, job, "iteration-2", media.wav(2.0))
    async with running(place.dashboard(), (120, 40)) as pilot:
        await at_the_job(pilot)
        await comparing(pilot)
        await pilot.press("d")
        await shows(pilot, "Only two images have a difference")
        assert len(captions(pilot)) == 2


def sides(shown: list[int], active: int) -> Sides:
    several = Sides()
    several.shown, several.active = shown, active
    return several


def test_the_sides_never_show_the_same() -> None:
    two = sides([1, 2], 1)
    assert two.move(-1, 4)
    assert two.shown == [1, 0]
    assert two.move(-1, 4)
    assert two.shown == [1, 3]
    assert two.move(+1, 4)
    assert two.shown == [1, 0]
    assert two.add(4)
    assert two.shown == [1, 0, 2]
    assert not sides([0, 1], 0).move(+1, 2)
    assert not sides([0, 1], 0).add(2)


@pytest.mark.parametrize("active", range(4))
def test_one_side_fewer_keeps_the_active_one(active: int) -> None:
    four = sides([4, 3, 2, 1], active)
    shown = four.shown[active]
    while four.remove():
        assert four.shown[four.active] == shown
    assert len(four.shown) == 2


@pytest.mark.parametrize(
    ("count", "panes", "chosen", "shown", "active"),
    [
        (5, 2, 4, [3, 4], 1), (5, 2, 0, [0, 1], 0), (5, 3, 2, [0, 1, 2], 2),
        (3, 9, 1, [0, 1, 2], 1), (1, 2, 0, [0], 0), (0, 2, 0, [], 0),
    ],
)  # fmt: skip
def test_a_comparison_begins_with_the_chosen_one(
    count: int, panes: int, chosen: int, shown: list[int], active: int
) -> None:
    several = Sides()
    several.begin(count, panes, chosen)
    assert (several.shown, several.active) == (shown, active)
    several.put_beside(0)
    assert several.shown[several.active : several.active + 1] == shown[active : active + 1]


@pytest.mark.parametrize(
    ("width", "words"),
    [
        (43, "✓ 80.7 ★3 things-fox-at-the-edge        2/3"),
        (34, "✓ 80.7 ★3 things-fox-at-the-edge  "),
        (30, "✓ 80.7 ★3 fox-at-the-edge     "),
        (16, "✓ 80.7 ★3 fox-a…"),
        (6, "✓ 80.…"),
    ],
)
def test_captions_keep_the_score_in_little_room(width: int, words: str) -> None:
    thing = Candidate(1, 0, "things-fox-at-the-edge", "done", 80.7, rating="3")
    assert caption(thing, "2/3", len("things-"), width) == words.replace("★3 ", figures.rating("3"))


@cases("size", SIZES, usual=1)
async def test_captions_of_four_have_their_scores(place: Place, size: tuple[int, int]) -> None:
    ids = place.job_ids(place.batch("things", [f"catalogue-{n}-of-a-fox" for n in range(4)]))
    place.claim(4)
    for number, job in enumerate(ids):
        place.turn(job, 1, 50 + number)
        place.end(job, 50 + number)
    async with running(place.dashboard(), size) as pilot:
        await shows(pilot, "b1")
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen.rows.total == 4)
        await pilot.press("asterisk")
        await until(pilot, lambda: len(pilot.app.screen.rows.marks) == 4)
        await comparing(pilot)
        await until(pilot, lambda: len(captions(pilot)) == 4)
        for number, words in enumerate(captions(pilot)):
            assert words.startswith(f"✓ {50 + number}.0 ")
            assert f"{number}-of" in words
