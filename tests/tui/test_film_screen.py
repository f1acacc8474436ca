"""The screen of a job with sets of images and loops beside each other."""

from typing import Any

from engine.client.views.recipe_info import Headlines
from tests.support.effort import cases
from tests.tui.storyboards import film, preview, shoot, write
from tests.tui.support import Place, running, seen, shows, until
from tests.tui.test_job_screen import open_job
from tui.snapshots.job import JobSnapshot, JobView
from tui.widgets.filmstrip import Filmstrip, Frame
from tui.widgets.image import ImageView


def read(place: Place, job: int, scope: str = "", name: str = "") -> JobSnapshot:
    """What the screen is given when a scope, or a step in it, is selected."""
    view = JobView(job, Headlines())
    connection = place.store.reader()
    try:
        snapshot = view.read(connection, 1)
        if scope:
            view.selected = scope_id(snapshot, scope.partition("/")[0])
            snapshot = view.read(connection, 1)
            view.selected = scope_id(snapshot, scope, name)
            snapshot = view.read(connection, 1)
        return snapshot
    finally:
        connection.close()


def scope_id(snapshot: JobSnapshot, scope: str, name: str = "") -> int:
    return next(
        n.id for n in snapshot.nodes if n.scope == scope and (n.label == name if name else n.id < 0)
    )


def test_scopes_that_were_at_work_at_the_same_time_stay_together(place: Place) -> None:
    snapshot = read(place, film(place, scenes=2, variations=2), "scene-1")
    labels = [node.label for node in snapshot.nodes]
    first = labels.index("scene 1")
    assert labels[first : first + 7] == [
        "scene 1", "iteration 1", "write", "review", "iteration 2", "write", "review",
    ]  # fmt: skip
    ids = [node.id for node in snapshot.nodes]
    assert len(set(ids)) == len(ids)


def test_a_long_tree_unfolds_one_scene(place: Place) -> None:
    job = film(place, scenes=4)
    snapshot = read(place, job, "scene-2")
    assert [n.label for n in snapshot.nodes if n.depth == 1] == [
        "scene 1 …", "scene 2", "scene 3 …", "scene 4 …",
    ]  # fmt: skip
    assert {n.scope.partition("/")[0] for n in snapshot.nodes if n.depth > 1} == {"scene-2"}


def test_a_set_of_images_stands_side_by_side_with_its_scores(place: Place) -> None:
    job = film(place)
    for scope, name in (("scene-1", "score"), ("scene-1", "select"), ("scene-1/variation-2", "")):
        turns = read(place, job, scope, name).turns
        assert [turn.title for turn in turns] == [f"variation {n}" for n in range(1, 5)]
        assert [turn.score for turn in turns] == [40, 45, 50, 55]
        assert [turn.taken for turn in turns] == [False, False, False, True]
        assert turns[1].lines == (("pickscore", 35), ("clip", 42), ("vqa", 49), ("aesthetic", 56))


def test_scenes_stand_side_by_side_with_the_images_that_were_taken(place: Place) -> None:
    job = film(place)
    snapshot = read(place, job, "scene-1")
    assert [turn.title for turn in snapshot.turns] == ["scene 1", "scene 2"]
    taken = read(place, job, "scene-1", "select").turns[-1].image
    assert snapshot.turns[0].image == taken
    assert snapshot.detail.images[-1] == taken
    assert snapshot.turns[0].score == 55


def test_the_sheet_names_each_image_and_the_taken_one(place: Place) -> None:
    sheet = read(place, film(place), "scene-2").detail.sheet
    assert sheet.metrics == ("overall", "pickscore", "clip", "vqa", "aesthetic")
    assert [row.label for row in sheet.rows] == [f"variation {n}" for n in range(1, 5)]
    assert [row.taken for row in sheet.rows] == [False, False, False, True]
    assert sheet.rows[0].values == (40, 30, 37, 44, 51)


def test_prompts_are_compared_within_their_own_loop(place: Place) -> None:
    job = film(place)
    second = read(place, job, "scene-2/iteration-2", "write").detail
    assert second.before.startswith("Scene 2. Close-up of")
    assert second.prompt.startswith("Scene 2. Close-up, 85 mm")
    first = read(place, job, "scene-2/iteration-1", "write").detail
    assert (first.before, first.prompt[:8]) == ("a lamp", "Scene 2.")
    assert read(place, job, "scene-1").detail.prompt.startswith("Scene 1. Close-up, 85 mm")


async def test_a_review_is_drawn_as_bars(place: Place) -> None:
    film(place, scenes=1, variations=2)
    async with running(place.dashboard(), (120, 40)) as pilot:
        await open_job(pilot)
        await pilot.press("2")
        await pilot.press("j", "j", "j")
        await shows(pilot, "brand_alignment  72", "█████", "rubric 1", "The light is missing.")
        assert "measured" not in seen(pilot.app)


@cases("size", [(120, 40), (80, 24), (200, 60)], usual=1)
async def test_the_taken_image_is_marked_at_every_size(place: Place, size: tuple[int, int]) -> None:
    film(place)
    async with running(place.dashboard(), size) as pilot:
        await open_job(pilot)
        await pilot.press("2")
        await pilot.press("G")
        await shows(pilot, "✓ ★ 55.0", "★ variation 4")
        if size[1] > 24:
            await shows(pilot, "pickscore    45.0")


async def test_an_image_in_the_making_is_shown_as_it_looks_so_far(place: Place) -> None:
    job = place.job_ids(place.batch("coffee", ["coffee"]))[0]
    place.claim(1)
    write(place, job, 1, 1)
    place.step(job, "scene-1/variation-1", "generate")
    step = running_step(place, job, "scene-1/variation-2", "generate")
    show(place, job, step, 0.25, preview((250, 0, 0)))
    async with running(place.dashboard(), (120, 40)) as pilot:
        await open_job(pilot)
        await pilot.press("2")
        await pilot.press("G", "h", "l")
        await shows(pilot, "generate 25%")
        strip = pilot.app.screen.query_one(Filmstrip)
        await until(pilot, lambda: len(strip.query(Frame)) == 2)
        image = strip.query(Frame).last().query_one(ImageView)
        await until(pilot, lambda: colours(image))
        red = colours(image)
        show(place, job, step, 0.5, preview((0, 0, 250)))
        await shows(pilot, "generate 50%")
        await until(pilot, lambda: colours(image) not in {"", red})


def running_step(place: Place, job: int, scope: str, name: str) -> int:
    from db.writes import steps as step_writes

    return place.write(lambda c: step_writes.begin_step(c, place._intent(c, job, scope, name)))


def show(place: Place, job: int, step: int, fraction: float, image: bytes) -> None:
    from db.writes import steps as step_writes

    batch = place.read("SELECT batch_id FROM jobs WHERE id = ?", job)[0][0]
    place.write(
        lambda c: step_writes.show_progress(c, step, batch, job, fraction, "painting", image)
    )


def colours(image: Any) -> str:
    """How the middle of an image is painted, empty where it is not yet."""
    strip = image.render_line(image.size.height // 2)
    return " ".join(str(part.style) for part in strip if part.text.strip() not in {"", "…"})


def test_scores_of_images_leave_a_job_with_one_image_alone(place: Place) -> None:
    job = place.job_ids(place.batch("lamps", ["lamp"]))[0]
    place.claim(1)
    place.turn(job, 1, 40)
    place.turn(job, 2, 90)
    snapshot = read(place, job)
    assert [turn.score for turn in snapshot.turns] == [40, 90]
    assert not any(turn.taken or turn.lines for turn in snapshot.turns)
    assert snapshot.detail.sheet is None
    shoot(place, job, 1, 2)
    assert read(place, job, "scene-1").detail.sheet is not None


def test_a_finished_file_stands_for_its_parts(place: Place) -> None:
    job = place.job_ids(place.batch("song", ["song"]))[0]
    place.claim(1)
    shown: list[str] = []
    for scope, step, role in (
        ("film", "segment-1", "temporary"), ("film", "join", "film"),
        ("preview", "segment-1", "temporary"),
    ):  # fmt: skip
        shown.append(place.image((40, 50 * len(shown), 90)))
        file = {"role": role, "hash": shown[-1], "media_type": "image/png", "kind": "image"}
        place.step(job, scope, step, artifacts=[file | {"size": 100, "width": 16, "height": 12}])
    turns = {turn.scope: turn.image for turn in read(place, job).turns}
    assert turns == {"film": shown[1], "preview": shown[2]}


@cases("width", [60, 200], usual=2)
async def test_names_in_a_line_that_is_too_short_lose_what_they_share(
    place: Place, width: int
) -> None:
    film(place)
    async with running(place.dashboard(), (width, 24)) as pilot:
        await open_job(pilot)
        await pilot.press("2")
        await pilot.press("G")
        await shows(pilot, "★ 55.0")
        strip = pilot.app.screen.query_one("#turns", Filmstrip)
        names = [title.plain for title in map(_caption_of, strip.query(Frame))]
        assert names[0].endswith("variation 1")
        assert names[-1].endswith(" 4" if width == 60 else "variation 4")
        assert ("variation" in names[-1]) is (width == 200)


def _caption_of(frame: Frame) -> Any:
    return frame.query_one(".caption").render()
