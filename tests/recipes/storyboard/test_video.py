"""Clips of scenes and the films of a storyboard."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.client.workspace import Workspace
from engine.contract import Artifact
from engine.contract.video import FrameCounts, VideoInfo
from engine.queueing.overrides import QueueError
from engine.recipes.common.clips import cover_clips
from engine.recipes.storyboard import estimate
from engine.recipes.storyboard.clips import stretches_of
from engine.recipes.storyboard.input import StoryboardInput
from engine.recipes.storyboard.prompt_loop import ScenePrompt
from engine.recipes.storyboard.results import SceneResult, Storyboard
from engine.recipes.storyboard.settings import StoryboardSettings
from tests.support.clip_backend import Clips
from tests.support.clips import clip
from tests.support.films import Shooting
from tests.support.optional import needs
from tests.support.providers.fal import FalQueue
from tests.support.providers.server import ProviderServer

needs("av", "cv2", "numba", "llvmlite")
pytestmark = pytest.mark.usefixtures("one_process")

COMMON: dict[str, Any] = {"name": "x", "model": "x", "version": "1", "lane": "x"}
ENTRY = """
id: film
scenes:
  - {prompt: Mara opens the door, duration: 1, notes: Slow.}
  - {prompt: The cup steams, duration: 1}
  - {prompt: Mara lifts the cup, duration: 3}
subjects: [{name: Mara}, {name: the cup}]
"""
CLIPS: dict[str, Any] = {"video": "fake", "preset": "simple", "fps": 8}


def shooting_of(folder: Path, clips: Clips) -> Shooting:
    return Shooting(folder, clips=clips)


def result(shooting: Shooting) -> Storyboard:
    job = shooting.job()
    assert job.state == "done", job.message
    return Storyboard.model_validate_json(job.result or "")


def document_of(shooting: Shooting) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads((shooting.folder / "storyboard.json").read_text())
    return document


def colours(film: Path) -> list[tuple[float, float, float]]:
    """Mean colour of each frame of a film."""
    import av

    with av.open(str(film)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return [tuple(frame.reshape(-1, 3).mean(axis=0)) for frame in frames]


def test_each_scene_gets_a_clip_from_its_image_and_the_film_shows_them(tmp_path: Path):
    clips = Clips(takes=("last_image",))
    shooting = shooting_of(tmp_path, clips)
    shooting.run(ENTRY, **CLIPS)
    scenes = result(shooting).scenes
    by_prompt = {one.prompt: one for one in clips.asked}
    assert set(by_prompt) == {
        "Mara opens the door. Slow.",
        "The cup steams.",
        "Mara lifts the cup.",
    }
    first, second, third = (
        [one for one in clips.asked if one.prompt.startswith(scene.prompt)] for scene in scenes
    )
    assert [one.first_image for one in (*first, *second)] == [scenes[0].image, scenes[1].image]
    assert [one.seconds for one in (*first, *second, *third)] == [9 / 8, 9 / 8, 17 / 8, 9 / 8]
    # The next scene shows somebody else each time, so that no clip may lead into it.
    assert {one.last_image for one in clips.asked} == {None}
    frames = colours(shooting.folder / "film.mp4")
    assert len(frames) == 5 * 8
    assert all(green > 1.5 * max(red, blue) for red, green, blue in frames)
    document = document_of(shooting)
    assert (document["film"], document["animatic"]) == ("film.mp4", None)
    files = [one["file"] for s in document["storyboard_plan"]["scenes"] for one in s["clips"]]
    assert files == ["scene_1.mp4", "scene_2.mp4", "scene_3.mp4", "scene_3_2.mp4"]
    assert all((shooting.folder / name).is_file() for name in files)


@pytest.mark.parametrize("steer", [True, False])
def test_a_clip_leads_to_the_next_scene_of_the_same_subjects(tmp_path: Path, steer: bool):
    clips = Clips(takes=("last_image",))
    shooting = shooting_of(tmp_path, clips)
    shooting.run(
        "scenes: [{prompt: one, duration: 1}, {prompt: two, duration: 1}]\n",
        **CLIPS,
        steer_clips=steer,
    )
    scenes = result(shooting).scenes
    ends = {one.prompt: one.last_image for one in clips.asked}
    assert ends == {"one.": scenes[1].image if steer else None, "two.": None}


def test_a_scene_whose_clip_is_refused_shows_its_image(tmp_path: Path):
    shooting = shooting_of(tmp_path, Clips("steams"))
    shooting.run(ENTRY, **CLIPS)
    assert result(shooting).notes == ("Scene 2 shows its image: Not such words.",)
    frames = colours(shooting.folder / "film.mp4")
    greens = [green > 1.5 * max(red, blue) for red, green, blue in frames]
    assert greens[1] and greens[20]
    assert max(abs(a - b) for a, b in zip(frames[12], frames[1], strict=True)) > 30
    [failed] = document_of(shooting)["storyboard_plan"]["scenes"][1]["clips"]
    assert (failed["file"], failed["error"]) == (None, "Not such words.")


def test_another_image_makes_its_clip_again_and_no_other(tmp_path: Path):
    clips = Clips()
    shooting = shooting_of(tmp_path, clips)
    shooting.run("scenes: [{prompt: one}, {prompt: two}]\n", **{**CLIPS, "preset": "fast"})
    last = result(shooting).scenes[1]
    clips.asked.clear()
    shooting.decide("scene-2/select", 2 if last.variation == 1 else 1)
    after = result(shooting).scenes[1]
    assert {(one.prompt, one.first_image) for one in clips.asked if one.first_image} >= {
        ("two.", after.image)
    }
    assert {one.prompt for one in clips.asked} == {"two."}
    assert after.image != last.image


def test_clips_wait_for_approval_and_one_that_is_taken_off_is_not_paid_for(tmp_path: Path):
    clips = Clips()
    shooting = shooting_of(tmp_path, clips)
    job = shooting.run(ENTRY, **CLIPS, approve="clips", animatic=True)
    assert (job.state, clips.asked) == ("parked", [])
    assert (shooting.folder / "animatic.mp4").is_file()
    sheet = {"clips": [{"scene": 1, "prompt": "Mara waves", "seconds": 1}]}
    shooting.workspace.command("approve", ["j1"], {"key": "clips", "value": sheet})
    shooting.again()
    assert [one.prompt for one in clips.asked] == ["Mara waves"]
    assert len(result(shooting).clips) == 1
    assert len(colours(shooting.folder / "film.mp4")) == 40


def test_what_a_clip_needs_parks_the_job_and_a_resume_pays_for_no_image_again(tmp_path: Path):
    clips = Clips(blocked=True)
    shooting = shooting_of(tmp_path, clips)
    assert shooting.run(ENTRY, **CLIPS).state == "parked"
    shooting.crew.asked.clear()
    clips.blocked = False
    shooting.workspace.command("resume", ["j1"])
    shooting.again()
    assert len(result(shooting).clips) == 3
    assert shooting.crew.asked == []


def test_the_animatic_shows_each_image_for_its_time(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.run(ENTRY, preset="simple", animatic=True)
    frames = colours(shooting.folder / "animatic.mp4")
    assert len(frames) == 5 * 12
    images = [colours(shooting.folder / f"scene_{number}.png")[0] for number in (1, 2, 3)]
    for frame, image in ((2, 0), (11, 0), (13, 1), (25, 2), (59, 2)):
        assert frames[frame] == pytest.approx(images[image], abs=8)
    assert document_of(shooting)["animatic"] == "animatic.mp4"
    [step] = [one for one in shooting.steps() if one.name == "animatic"]
    assert json.loads(step.result or "")["video"]["kind"] == "video"


def test_clips_of_fal_are_paid_for_once_and_the_budget_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    pytest.importorskip("fal_client")
    monkeypatch.setenv("FAL_KEY", "0f0f0f0f-1111-2222-3333-444444444444:5555666677778888")
    source = tmp_path / "in.yaml"
    source.write_text("scenes: [{prompt: one, duration: 4}, {prompt: two, duration: 4}]\n")
    settings = {
        "video": "fal", "preset": "simple", "width": 64, "height": 64, "fps": 8,
        "animatic": False, "fal.poll_seconds": 0.002, "fal.price_per_video_second": 0.07,
        "approve_above": 0.5,
    }  # fmt: skip
    queue = FalQueue(clip=clip(5.0, rate=24))
    with ProviderServer(queue) as server:
        workspace = Workspace(tmp_path / "w", create=True)
        workspace.queue("storyboard", source, settings={**settings, "fal.base_url": server.url})
        workspace.follow("b1")
        with workspace.reading() as connection:
            assert connection.execute("SELECT state FROM jobs").fetchone()[0] == "parked"
        assert queue.generations == []
        workspace.command("approve", ["j1"], {"key": "clips"})
        workspace.follow("b1")
    sent = [made.arguments for made in queue.generations]
    assert sorted(one["prompt"] for one in sent) == ["one.", "two."]
    assert {one["duration"] for one in sent} == {"5"}
    assert all(one["image_url"].startswith("data:image/png;base64,") for one in sent)
    with workspace.reading() as connection:
        assert connection.execute("SELECT sum(cost) FROM api_calls").fetchone()[0] == 10 * 70_000


# -- lengths, estimates and what is refused ---------------------------------------------------


@pytest.mark.parametrize(
    ("lengths", "end", "expected"),
    [
        ((5.0, 10.0), 3.75, [(0, 3.75, 5)]),
        ((5.0, 10.0), 7, [(0, 7, 10)]),
        ((4.0,), 7, [(0, 4, 4), (4, 7, 4)]),
        ((4.0,), 4.3, [(0, 4, 4)]),
    ],
)
def test_clips_cover_a_scene(
    lengths: tuple[float, ...], end: float, expected: list[tuple[float, ...]]
):
    planned = cover_clips(0, end, VideoInfo(**COMMON, lengths=lengths))
    assert [(one.start, one.end, one.seconds) for one in planned] == expected


def test_a_stretch_of_no_legal_length_has_the_shortest_clip():
    info = VideoInfo(**COMMON, frame_rates=(8.0,), frames=FrameCounts(8, 1, 9, 17))
    assert [one.seconds for one in cover_clips(0, 0.2, info)] == [9 / 8]


def test_scenes_follow_each_other_without_gaps():
    image = Artifact(hash="ab" * 32, media_type="image/png", size=9)
    scenes = [
        SceneResult(
            number=number,
            id="",
            prompt="x",
            duration=seconds,
            notes="",
            wording=ScenePrompt(prompt="x", source="entry"),
            references=(),
            image=image,
            variation=1,
            quality=None,
            reason="",
        )
        for number, seconds in enumerate((3.3, None, 4.1), 1)
    ]
    stretches = stretches_of(scenes, 12)
    assert [(one.start, one.end) for one in stretches] == [(0, 3.3), (3.3, 7.9), (7.9, 12)]


def test_an_estimate_counts_clips_and_the_time_of_the_film():
    entry = StoryboardInput(prompt="x", target_duration=15)
    plain, moving = StoryboardSettings(), StoryboardSettings(video="fal")
    assert "video" not in estimate.calls_of(entry, plain)
    assert estimate.calls_of(entry, moving)["video"] == (4, 7)
    assert estimate.disk_of(entry, moving) > estimate.disk_of(entry, plain)
    assert estimate.cpu_seconds_of(entry, moving) > estimate.cpu_seconds_of(entry, plain) > 0


def test_a_film_of_more_than_an_hour_has_no_clips(tmp_path: Path):
    shooting = Shooting(tmp_path)
    with pytest.raises(Exception, match="is a film of more than an hour"):
        shooting.queue("prompt: x\ntarget_duration: 4000\n", **CLIPS)


def test_without_the_packages_of_films_a_video_backend_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("engine.recipes.storyboard.cut.lacks_packages", lambda: True)
    shooting = Shooting(tmp_path)
    with pytest.raises(QueueError, match="Setting video needs the packages of films"):
        shooting.queue(ENTRY, **CLIPS)
    shooting.run(ENTRY, preset="simple", animatic=True)
    [note] = result(shooting).notes
    assert note.startswith("There is no animatic: packages are missing. Run: ")
