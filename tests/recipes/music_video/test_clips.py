"""Sections of generated clips: legal lengths, cuts on bars, what replaces them."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.backends.fal import FAMILY as FAL
from engine.client.memory_catalog import MemoryCatalog
from engine.client.workspace import Workspace
from engine.contract import Artifact
from engine.contract.video import FrameCounts, VideoInfo
from engine.recipes.common.clips import plan_clips
from engine.recipes.music_video import RECIPE
from engine.recipes.music_video.clips import Anchors
from engine.testing.fakes import FakeChatBackend
from tests.recipes.music_video.song import SMALL, song
from tests.recipes.music_video.test_loop import PARTS, Images, folder_of, plan, report_of
from tests.support.clip_backend import Clips
from tests.support.clips import clip
from tests.support.deforum import series
from tests.support.effort import cases
from tests.support.optional import needs
from tests.support.providers.fal import FalQueue
from tests.support.providers.server import ProviderServer

needs("soundfile", "scipy", "av", "cv2", "numba", "opentimelineio")

COMMON: dict[str, Any] = {"name": "x", "model": "x", "version": "1", "lane": "x"}


@pytest.mark.parametrize(
    ("lengths", "section", "expected"),
    [
        ((4.0, 8.0), (0, 20), [(0, 8, 8), (8, 16, 8), (16, 20, 4)]),
        ((4.0, 8.0), (0, 18), [(0, 8, 8), (8, 16, 8)]),
        ((5.0,), (10, 13), [(10, 13, 5)]),
        ((5.0,), (0, 12), [(0, 4, 5), (4, 8, 5)]),
    ],
)
def test_clips_have_legal_lengths_and_are_cut_on_bars(
    lengths: tuple[float, ...], section: tuple[float, float], expected: list[tuple[float, ...]]
) -> None:
    """No clip is shown beyond its section, and a rest that is too short has none."""
    info = VideoInfo(**COMMON, lengths=lengths)
    bars = [2.0 * k for k in range(20)]
    planned = plan_clips(*section, bars, info)
    assert [(one.start, one.end, one.seconds) for one in planned] == expected


def test_clips_of_frames_and_without_bars() -> None:
    info = VideoInfo(**COMMON, frame_rates=(8.0,), frames=FrameCounts(8, 1, 9, 17))
    planned = plan_clips(0, 5, [], info)
    assert [one.seconds for one in planned] == [17 / 8, 17 / 8]
    assert planned[-1].end == 34 / 8


def run(
    root: Path, clips: Clips, *, text: FakeChatBackend | None = None, **settings: Any
) -> Workspace:
    (root / "song.wav").write_bytes(song())
    source = root / "entries.json"
    source.write_text(json.dumps([{"id": "one", "song": "song.wav", "sections": PARTS}]))
    catalog = MemoryCatalog([RECIPE], [Images(), text or plan(), clips])
    workspace = Workspace(root / "w", create=True, catalog=catalog)
    names = {"image": "fake", "text": "fake", "video": "fake", "palette_strength": 0}
    workspace.queue("music-video", source, settings={**SMALL, **names, **settings})
    workspace.follow("b1")
    return workspace


def sources(root: Path) -> list[tuple[int, str]]:
    """Return the section and source of each shot of the film."""
    document = json.loads((folder_of(root) / "film_plan.json").read_text())
    return [(shot["section"], shot["source"]) for shot in document["shots"]]


@pytest.mark.usefixtures("one_process")
def test_sections_show_clips_that_begin_with_their_images(tmp_path: Path) -> None:
    clips = Clips()
    workspace = run(tmp_path, clips)
    report = report_of(workspace)
    assert (report.state, report.fallbacks) == ("done", ())
    assert {source for _, source in sources(tmp_path)} <= {"clip", "image"}
    assert {section for section, source in sources(tmp_path) if source == "clip"} == {0, 1}
    assert all(one.first_image is not None for one in clips.asked)
    assert {one.seconds for one in clips.asked} <= {9 / 8, 17 / 8}
    assert {(one.width, one.height) for one in clips.asked} == {(128, 72)}

    import av

    with av.open(str(folder_of(tmp_path) / "film.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    red, green, blue = frames[30].reshape(-1, 3).mean(axis=0)
    assert green > 1.5 * max(red, blue)


def _blended() -> FakeChatBackend:
    sections = [
        {"index": k, "prompts": [name], "theme": name, "transition": "morph"}
        for k, name in enumerate(("first", "second"))
    ]
    return FakeChatBackend({"direct_music_video": {"style": "ink", "sections": sections}})


@pytest.mark.usefixtures("one_process")
@cases("steer", [True, False], usual=1)
def test_the_last_clip_before_a_blend_ends_with_the_image_that_follows(
    tmp_path: Path, steer: bool
) -> None:
    """Others end with the next image of their section, if there is one."""
    clips = Clips(takes=("last_image",))
    workspace = run(tmp_path, clips, text=_blended(), steer_clips=steer)
    assert report_of(workspace).state == "done"
    by_section = {
        name: [one for one in clips.asked if name in one.prompt] for name in ("first", "second")
    }
    starts = {name: asked[0].first_image for name, asked in by_section.items()}
    ends = [one.last_image for one in by_section["first"]]
    assert starts["first"] != starts["second"]
    assert ends[-1] == (starts["second"] if steer else None)
    assert all(one.last_image != one.first_image for one in clips.asked)
    if not steer:
        assert {one.last_image for one in clips.asked} == {None}


def test_a_clip_ends_with_the_next_keyframe_of_its_section() -> None:
    one, two, beyond = (Artifact(hash=c * 64, media_type="image/png", size=1) for c in "123")
    anchors = Anchors((one, two), None)
    assert [anchors.first(n) for n in (1, 2, 3)] == [one, two, one]
    assert [anchors.last(n, is_final=n == 3) for n in (1, 2, 3)] == [two, one, two]
    assert Anchors((one, two), beyond).last(3, is_final=True) == beyond
    assert Anchors((one,), None).last(1, is_final=True) is None
    assert Anchors((), beyond).last(1, is_final=False) is None


@pytest.mark.usefixtures("one_process")
def test_models_that_animate_frame_by_frame_are_sent_schedules_of_the_beats(tmp_path: Path) -> None:
    clips = Clips(takes=("schedules", "motion"))
    assert report_of(run(tmp_path, clips)).state == "done"
    frames = [round(one.seconds * 8) for one in clips.asked]
    zooms = [
        series(one.schedules["zoom"], count) for one, count in zip(clips.asked, frames, strict=True)
    ]
    assert all(zoom[0] == 1 and zoom.max() > 1.0 for zoom in zooms)
    assert all(zoom.prod() <= 1.3 for zoom in zooms)
    strengths = [series(one.schedules["strength_schedule"], 9).mean() for one in clips.asked]
    by_prompt = {one.prompt: value for one, value in zip(clips.asked, strengths, strict=True)}
    quiet = [value for prompt, value in by_prompt.items() if "first" in prompt]
    loud = [value for prompt, value in by_prompt.items() if "second" in prompt]
    assert max(loud) < min(quiet)
    assert {one.motion for one in clips.asked} == {None}


@pytest.mark.usefixtures("one_process")
def test_a_section_whose_clips_are_refused_shows_its_images(tmp_path: Path) -> None:
    clips = Clips("second")
    report = report_of(run(tmp_path, clips))
    [fallback] = report.fallbacks
    assert (fallback.section, fallback.kind) == (1, "its images")
    assert {source for section, source in sources(tmp_path) if section == 1} == {"image"}
    assert [one.prompt for one in clips.asked if "second" in one.prompt][-1] == "second, cinematic"


@pytest.mark.usefixtures("one_process")
def test_a_quota_parks_the_film_and_names_the_sections_unless_told(tmp_path: Path) -> None:
    first, other = tmp_path / "first", tmp_path / "other"
    first.mkdir()
    other.mkdir()
    workspace = run(first, Clips(blocked=True))
    with workspace.reading() as connection:
        state, message = connection.execute("select state, message from jobs").fetchone()
    assert state == "parked"
    assert "section 1 (verse)" in message
    assert "section 2 (chorus)" in message
    report = report_of(run(other, Clips(blocked=True), fallback_when_blocked=True))
    assert report.state == "done"
    assert {one.kind for one in report.fallbacks} == {"its images"}


@pytest.mark.slow
@pytest.mark.usefixtures("one_process")
def test_a_film_with_clips_of_fal_pays_for_each_once_and_continues_from_the_last_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clips have legal lengths; the next one starts where the one before it ended."""
    pytest.importorskip("fal_client")
    monkeypatch.setenv("FAL_KEY", "0f0f0f0f-1111-2222-3333-444444444444:5555666677778888")
    (tmp_path / "song.wav").write_bytes(song(20.0))
    source = tmp_path / "entries.json"
    parts = [{"label": "verse", "start": 0}, {"label": "chorus", "start": 15}]
    source.write_text(json.dumps([{"id": "one", "song": "song.wav", "sections": parts}]))
    queue = FalQueue(clip=clip(10.0, rate=24))
    with ProviderServer(queue) as server:
        catalog = MemoryCatalog([RECIPE], [Images(), plan()], families=[FAL])
        workspace = Workspace(tmp_path / "w", create=True, catalog=catalog)
        settings = {
            "image": "fake", "text": "fake", "video": "fal", "palette_strength": 0,
            "fal.base_url": server.url, "fal.poll_seconds": 0.002,
            "fal.price_per_video_second": 0.07,
        }  # fmt: skip
        workspace.queue("music-video", source, settings={**SMALL, **settings})
        workspace.follow("b1")
    report = report_of(workspace)
    assert (report.state, report.fallbacks) == ("done", ())
    sent = [made.arguments for made in queue.generations]
    assert sorted(one["duration"] for one in sent) == ["10", "5", "5"]
    assert all(one["image_url"].startswith("data:image/png;base64,") for one in sent)
    assert len({one["image_url"] for one in sent}) == 3
    assert {section for section, source in sources(tmp_path) if source == "clip"} == {0, 1}
    with workspace.reading() as connection:
        [(cost,)] = connection.execute("select sum(cost) from api_calls").fetchall()
    assert cost == 20 * 70_000
