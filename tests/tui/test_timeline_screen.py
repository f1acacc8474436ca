"""The timeline of a job: the play head, what is under it, and what is decided there."""

import json
from pathlib import Path
from typing import Any

import pytest
from textual.app import App

from engine.client.views import recipe_info
from engine.client.views.recipe_info import RecipeInfo
from engine.contract.tiers import Tier
from engine.contract.timeline import Timeline, TimelineSection, TimelineShot
from engine.kinds.registry import kinds
from engine.runtime.artifacts import ArtifactStore
from tests.kinds.test_timelines import film, jpeg
from tests.tui.support import Place, running, shows, until
from tests.tui.test_job_screen import open_job
from tui.screens.edit_prompt import EditPromptScreen
from tui.screens.menu import MenuScreen
from tui.screens.timeline import TimelineScreen
from tui.widgets.image import ImageView
from tui.widgets.timeline_facts import TimelineFacts
from tui.widgets.timeline_lanes import Stretch, around, clock, detail, overview, place

TEXTS = (("section-*/prompt", "words"), ("section-*/image-*/seed", "a number"))


def text_of(lines: Any) -> list[str]:
    return ["".join(span.text for span in line) for line in lines]


def timeline() -> Timeline:
    sections = (
        TimelineSection(0, 10, "verse", palette=("#112233",), lanes=(("motion", "pulse"),)),
        TimelineSection(10, 40, "日本語の歌", lanes=(("motion", "glitch"),)),
    )
    return Timeline(
        40.0,
        sections,
        (TimelineShot(0, 10, mark="│", transition="hard-cut"), TimelineShot(10, 40, mark="∿")),
        energy=(0.0, 1.0),
        beats=tuple(k / 2 for k in range(80)),
        downbeats=tuple(float(k) for k in range(0, 40, 2)),
        marks=((12.0, "climax"),),
    )


def test_beats_and_bars_are_where_they_sound() -> None:
    lines = text_of(detail(timeline(), Stretch(8.0, 12.0, 80), tall=True))
    beats = next(line for line in lines if line.startswith("beats"))[10:]
    assert {k for k, mark in enumerate(beats) if mark == "┃"} == {0, 40}
    assert {k for k, mark in enumerate(beats) if mark == "╷"} == {10, 20, 30, 50, 60, 70}
    cuts = next(line for line in lines if line.startswith("cuts"))[10:]
    assert cuts.index("∿") == 40


def test_bars_are_thinned_where_they_are_too_many() -> None:
    lines = text_of(detail(timeline(), Stretch(0.0, 40.0, 20), tall=False))
    beats = next(line for line in lines if line.startswith("beats"))[10:]
    assert beats.count("┃") == 10
    assert "╷" not in beats


@pytest.mark.parametrize("columns", [20, 37, 190])
def test_every_lane_fits_whatever_is_in_it(columns: int) -> None:
    from rich.cells import cell_len

    near = around(39.9, 40.0, 24.0, columns)
    assert (near.start, near.end) == (16.0, 40.0)
    lines = [*detail(timeline(), near, tall=True), *overview(timeline(), 39.9, near, columns)]
    assert all(cell_len(line) <= columns + 10 for line in text_of(lines))


def test_the_place_of_the_head_is_named_by_bar_and_beat() -> None:
    assert place(timeline(), 10.5) == "0:10.50  bar 6, beat 2"
    assert place(Timeline(5.0), 2.0) == "0:02.00"
    assert clock(61.999) == "1:02.00"


@pytest.fixture
def job(place: Place, monkeypatch: pytest.MonkeyPatch) -> int:
    """A job with the outline of a film, and a film whose frames are one image."""
    tiers = (Tier("keyframes", ("section-*/image-*/*/generate",)), Tier("film", ("join",)))
    info = RecipeInfo(decisions=tuple(key for key, _ in TEXTS), texts=TEXTS, tiers=tiers)
    monkeypatch.setattr(recipe_info, "_load", lambda _name: info)
    frame = jpeg()
    monkeypatch.setattr(type(kinds().of("video")), "frame", lambda _k, _i, _s, _side: frame)
    number = place.job_ids(place.batch("song", ["song"]))[0]
    place.claim(1)
    place.step(number, "section-1/image-1/candidate-1", "generate")
    keep(place, number, "outline", "film-plan", json.dumps(outline()).encode())
    facts = {"seconds": 8.0, "frame_rate": 10.0}
    keep(place, number, "join", "video", b"film", facts=facts)
    return number


def outline() -> dict[str, Any]:
    """Return the outline of a film whose first section and its image can be decided."""
    whole = film()
    whole["sections"][0]["prompt"] = "a fox in the snow"
    whole["shots"][0]["scope"] = "section-1/image-1"
    return whole


def keep(place: Place, job: int, name: str, kind: str, data: bytes, **fields: Any) -> None:
    """Add a step that left a file of a kind."""
    hash_ = ArtifactStore(place.paths.artifacts).put(data)
    file = {"role": "timeline", "hash": hash_, "media_type": "application/json", "kind": kind}
    file |= {"width": None, "height": None}
    place.step(job, "", name, artifacts=[{**file, "size": len(data), **fields}])


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
@pytest.mark.usefixtures("job")
async def test_the_play_head_moves_by_beats_shots_sections_and_frames(
    place: Place, size: tuple[int, int]
) -> None:
    async with running(place.dashboard(), size) as pilot:
        screen = await open_timeline(pilot)
        await shows(pilot, "verse", "chorus", "a fox in the snow", "0:00.00")
        facts = str(screen.query_one(TimelineFacts).visual)
        assert "keyframes: free, 1 step" in facts
        assert "film: free, 1 step" in facts
        for key, head in (
            ("l", 1.0), ("l", 2.0), ("h", 1.0), ("full_stop", 1.1), ("comma", 1.0), ("j", 4.0),
            ("k", 0.0), ("L", 4.0), ("H", 0.0), ("G", 7.9), ("g", 0.0),
        ):  # fmt: skip
            await pilot.press(key)
            assert screen.head == pytest.approx(head), key
        await pilot.press("L")
        await shows(pilot, "0:04.00  bar 1", "grain 0.3", "section-2/image-1")
        frame = screen.query_one("#frame", ImageView)
        await until(pilot, lambda: frame.sentence == "")


async def open_timeline(pilot: Any) -> TimelineScreen:
    await open_job(pilot)
    await pilot.press("i")
    await until(pilot, lambda: isinstance(pilot.app.screen, TimelineScreen))
    screen = pilot.app.screen
    await until(pilot, lambda: screen.timeline is not None)
    return screen


@pytest.mark.usefixtures("job")
async def test_the_images_of_shots_fill_their_line_whatever_the_shape_of_a_cell(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[tuple[int, int]] = []
    monkeypatch.setattr(ImageView, "cell", (9, 17))
    monkeypatch.setattr(
        "tui.widgets.frame_reader.shots_image", lambda *given: sizes.append(given[-1]) or jpeg()
    )
    async with running(place.dashboard(), (200, 50)) as pilot:
        screen = await open_timeline(pilot)
        await until(pilot, lambda: sizes)
        columns, rows = screen.query_one("#shots", ImageView).content_size
        assert sizes[-1] == (9 * columns, 17 * rows)


async def test_a_long_fact_is_wrapped_below_itself() -> None:
    section = TimelineSection(0, 4, "verse", facts=(("prompt", "a lamp " * 12),))
    app = App[None]()
    async with app.run_test(size=(40, 10)) as pilot:
        facts = TimelineFacts()
        await app.mount(facts)
        facts.show(section, None, "done")
        await until(pilot, lambda: "\n           lamp a" in str(facts.visual))
        assert all(len(line) <= 40 for line in str(facts.visual).splitlines())


@pytest.mark.usefixtures("job")
async def test_what_is_under_the_head_is_decided_there(place: Place) -> None:
    async with running(place.dashboard(), (100, 30)) as pilot:
        await open_timeline(pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, MenuScreen))
        await shows(pilot, "prompt", "words", "seed", "a number")
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, EditPromptScreen))
        await pilot.press("7", "ctrl+s")
        await shows(pilot, "Decide section-1/image-1/seed?")
        await pilot.press("y")
        sql = "SELECT key, value FROM decisions"
        await until(pilot, lambda: place.read(sql) == [("section-1/image-1/seed", '"7"')])


@pytest.mark.slow
@pytest.mark.usefixtures("job")
async def test_nothing_is_decided_when_only_reading(place: Place) -> None:
    async with running(place.dashboard(read_only=True), (100, 30)) as pilot:
        screen = await open_timeline(pilot)
        await pilot.press("e")
        await pilot.pause()
        assert pilot.app.screen is screen


@pytest.mark.usefixtures("job")
async def test_playing_starts_at_the_head(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(place.dashboard(), (100, 30)) as pilot:
        played: list[float] = []
        monkeypatch.setattr(
            pilot.app, "open_file", lambda _job, _file, start=0.0, **_: played.append(start)
        )
        await open_timeline(pilot)
        await pilot.press("L", "space")
        await until(pilot, lambda: played == [4.0])


@pytest.mark.usefixtures("job")
async def test_enter_goes_to_the_image_in_the_job(place: Place) -> None:
    async with running(place.dashboard(), (100, 30)) as pilot:
        await open_timeline(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(pilot.app.screen, TimelineScreen))
        screen = pilot.app.screen
        await until(pilot, lambda: screen._snapshot.node.scope == "section-1/image-1")


async def test_a_job_without_a_timeline_says_so_and_stays(place: Place) -> None:
    number = place.job_ids(place.batch("lamps", ["lamp"]))[0]
    place.claim(1)
    place.turn(number, 1, 50)
    async with running(place.dashboard(), (80, 24)) as pilot:
        await open_job(pilot)
        await pilot.press("i")
        await shows(pilot, "This job has no timeline")
        assert pilot.app.screen.WHERE == "job"


def test_shots_without_images_or_with_damaged_ones_are_left_blank(tmp_path: Path) -> None:
    from tui.images.shots import shots_image

    shots = (TimelineShot(0, 1, b"no image"), TimelineShot(1, 2, jpeg()), TimelineShot(2, 3))
    data = shots_image(Timeline(3.0, shots=shots), 0.0, 3.0, (90, 20))
    (tmp_path / "strip.png").write_bytes(data)
    from PIL import Image

    with Image.open(tmp_path / "strip.png") as strip:
        colours = [strip.getpixel((x, 10)) for x in (10, 35, 80)]
    assert colours[0] == colours[2] != colours[1]
