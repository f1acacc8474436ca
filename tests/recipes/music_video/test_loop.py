"""A film from its song to its files, what an operator decides, and what fails."""

import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from db.clock import ago
from db.writes.reopening import forget_temporary
from engine.client.consequences import present_of
from engine.client.memory_catalog import MemoryCatalog
from engine.client.workspace import Workspace
from engine.contract import Blocked, CallContext, GeneratedImage, ImageRequest, Permanent
from engine.recipes.music_video import RECIPE
from engine.recipes.music_video.effects import EFFECTS, effects_of
from engine.recipes.music_video.report import FilmReport
from engine.recipes.music_video.vocabulary import MOTIONS
from engine.testing.fakes import FakeChatBackend, FakeImageBackend, FakeScoreBackend
from tests.recipes.music_video.song import SMALL, catalog, song
from tests.support.effort import cases
from tests.support.one_process import compute_here
from tests.support.optional import needs

needs("soundfile", "scipy", "av", "cv2", "numba", "opentimelineio")

PARTS = [{"label": "verse", "start": 0}, {"label": "chorus", "start": 3}]
LYRICS = "[00:00.50]One line\n[00:03.50]Another"


class Images(FakeImageBackend):
    """Refuses prompts with some words, and keeps what it is asked."""

    def __init__(self, *refused: str, blocks: str = "") -> None:
        super().__init__()
        self.refused, self.blocks = refused, blocks
        self.asked: list[ImageRequest] = []

    async def generate(self, request: ImageRequest, context: CallContext) -> GeneratedImage:
        self.asked.append(request)
        if any(word in request.prompt for word in self.refused):
            raise Permanent("Not such words.")
        if self.blocks and self.blocks in request.prompt:
            raise Blocked("There is no key.", reason="key", remedy="Set it.")
        return await super().generate(request, context)


def plan(**words: str) -> FakeChatBackend:
    """Return a director whose sections show `first` and `second`."""
    sections = [
        {"index": k, "prompts": [words.get(name, name)], "theme": name, "transition": "hard-cut"}
        for k, name in enumerate(("first", "second"))
    ]
    return FakeChatBackend({"direct_music_video": {"style": "ink", "sections": sections}})


def run(
    root: Path,
    images: FakeImageBackend,
    text: FakeChatBackend,
    *,
    follow: bool = False,
    fields: dict[str, Any] | None = None,
    **settings: Any,
) -> Workspace:
    """Run a batch of one song; with `follow`, it may also wait for something."""
    root.mkdir(exist_ok=True)
    (root / "song.wav").write_bytes(song())
    source = root / "entries.json"
    entry = {"id": "one", "song": "song.wav", "seed": 3, **(fields or {"sections": PARTS})}
    source.write_text(json.dumps([entry]))
    workspace = Workspace(
        root / "w", create=True, catalog=MemoryCatalog([RECIPE], [images, text, FakeScoreBackend()])
    )
    values = {**SMALL, "image": "fake", "text": "fake", "palette_strength": 0, **settings}
    if follow:
        workspace.queue("music-video", source, settings=values)
        workspace.follow("b1")
    else:
        workspace.run("music-video", source, settings=values)
    return workspace


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace with a film of two sections."""
    with pytest.MonkeyPatch.context() as patch:
        compute_here(patch)
        yield run(tmp_path_factory.mktemp("finished"), Images(), plan())


@pytest.fixture(scope="module")
def _rendered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a workspace with a film of two sections in segments of a second."""
    root = tmp_path_factory.mktemp("rendered")
    with pytest.MonkeyPatch.context() as patch:
        compute_here(patch)
        run(root, Images(), plan(), segment_seconds=1.0)
        yield root


@pytest.fixture
def rendered(_rendered: Path, tmp_path: Path) -> tuple[Workspace, Images]:
    """A copy of that film's workspace, and its backend of images."""
    shutil.copytree(_rendered, tmp_path, dirs_exist_ok=True)
    images = Images()
    known = MemoryCatalog([RECIPE], [images, plan(), FakeScoreBackend()])
    return Workspace(tmp_path / "w", catalog=known), images


def decide(workspace: Workspace, key: str, value: Any) -> None:
    """Decide something about the job, and run it to its end."""
    workspace.command("decide", ["j1"], {"key": key, "value": value})
    workspace.follow("b1")


def report_of(workspace: Workspace) -> FilmReport:
    [report] = workspace.results("b1")
    assert isinstance(report, FilmReport)
    return report


def folder_of(root: Path) -> Path:
    """Return the folder of the job's results."""
    return root / "w" / "outputs" / "music_videos" / "one"


def steps(workspace: Workspace) -> Counter[str]:
    """Return how often each step has been done, by its key."""
    with workspace.reading() as connection:
        rows = connection.execute("select key from steps where state = 'done'").fetchall()
    return Counter(row[0] for row in rows)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a film of a song of 6 s, by the embedded backends."""
    with pytest.MonkeyPatch.context() as patch:
        compute_here(patch)
        root = tmp_path_factory.mktemp("film")
        (root / "My song.wav").write_bytes(song())
        (root / "My song.lrc").write_text(LYRICS)
        workspace = Workspace(root / "w", create=True, catalog=catalog())
        settings = {**SMALL, "preview": True, "seed": 4}
        workspace.run("music-video", root / "My song.wav", settings=settings)
        yield root / "w" / "outputs" / "music_videos"


def test_a_song_file_alone_gives_a_film_with_all_its_files(film: Path) -> None:
    folder = film / "My_song"
    assert {path.name for path in folder.iterdir()} == {
        "film.mp4", "preview.mp4", "song.wav", "keyframes", "music_video.json",
        "render_spec.json", "analysis.json", "film_plan.json", "deforum_settings.json",
        "edit_list.otio", "edit_list.edl", "lyrics.srt", "lyrics.vtt", "contact_sheet.png",
    }  # fmt: skip
    assert len(list((folder / "keyframes").iterdir())) >= 1
    assert "Another" in (folder / "lyrics.srt").read_text()
    document = json.loads((folder / "music_video.json").read_text())
    assert document["state"] in {"running", "done"}
    assert document["fallbacks"] == []
    tiers = {one["tier"]: one for one in document["tiers"]}
    assert tiers["plan"]["steps"] == 1 and tiers["keyframes"]["steps"] >= 1
    assert all(one["cost_usd"] == 0 and one["seconds"] >= 0 for one in tiers.values())
    frame = document["keyframes"][0]
    assert frame["palette_distance_after"] <= frame["palette_distance_before"]
    assert "color palette: #" in frame["prompt"]
    [job] = json.loads((film / "batch_summary.json").read_text())["jobs"]
    assert (job["state"], job["error"]) == ("done", None)
    assert (film.parents[1] / job["film"]).is_file()


def test_the_film_has_the_length_of_the_song_and_its_sound(film: Path) -> None:
    import av

    with av.open(str(film / "My_song" / "film.mp4")) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        assert (video.frames, video.average_rate, video.width) == (144, 24, 128)
        frames = [frame.to_ndarray(format="gray").mean() for frame in container.decode(video)]
        container.seek(0)
        loud = [np.abs(frame.to_ndarray()).mean() for frame in container.decode(sound)]
    assert frames[0] < 5 < max(frames)
    half = len(loud) // 2
    assert np.mean(loud[half:]) > 2 * np.mean(loud[:half])


def test_documents_have_the_names_that_readers_know(film: Path) -> None:
    folder = film / "My_song"
    analysis = json.loads((folder / "analysis.json").read_text())
    spectral = analysis["spectral"]
    count = len(spectral["times"])
    assert len(spectral["rms"]) == len(spectral["energy_bands"]["bass"]) == count
    assert analysis["rhythm"]["bpm"] == pytest.approx(120, abs=1)
    spec = json.loads((folder / "render_spec.json").read_text())
    assert spec["exportSettings"]["resolution"] == [128, 72]
    assert spec["sections"][0]["startTime"] == 0
    deforum = json.loads((folder / "deforum_settings.json").read_text())
    assert deforum["max_frames"] == 144
    assert deforum["soundtrack_path"] == "song.wav"


@pytest.mark.usefixtures("one_process")
def test_a_section_whose_image_is_refused_is_procedural_and_says_so(tmp_path: Path) -> None:
    """It is asked for with a simpler prompt first; the others are as planned."""
    images = Images("second")
    workspace = run(tmp_path, images, plan())
    prompts = [one.prompt for one in images.asked if "second" in one.prompt]
    assert any(one.startswith("second, ink") for one in prompts)
    assert "second, cinematic" in prompts
    report = report_of(workspace)
    assert report.state == "done"
    [fallback] = report.fallbacks
    assert (fallback.section, fallback.kind) == (1, "procedural visuals")
    assert "Not such words." in fallback.message
    assert "section-2/prompt" in fallback.message
    plan_ = json.loads((folder_of(tmp_path) / "film_plan.json").read_text())
    assert {shot["source"] for shot in plan_["shots"] if shot["section"] == 1} == {"procedural"}
    with workspace.reading() as connection:
        score = connection.execute("select score from jobs").fetchone()[0]
        events = connection.execute("select message from events").fetchall()
    assert score == pytest.approx(50, abs=1)
    assert any("Section 2 (chorus)" in (row[0] or "") for row in events)


@pytest.mark.usefixtures("one_process")
def test_a_retried_film_asks_again_for_the_section_that_was_refused_alone(tmp_path: Path) -> None:
    images = Images("second")
    workspace = run(tmp_path, images, plan(), segment_seconds=1.0)
    before, images.refused = steps(workspace), ()
    images.asked.clear()
    workspace.command("retry", ["j1"])
    workspace.follow("b1")
    after = steps(workspace)
    assert report_of(workspace).fallbacks == ()
    assert images.asked
    assert all("second" in one.prompt for one in images.asked)
    again = {key for key in after if after[key] > before[key] and "/segment-" in key}
    assert again == {f"film/segment-{number}" for number in (4, 5, 6)}


@pytest.mark.usefixtures("one_process")
def test_other_words_for_a_section_render_only_what_shows_it(
    rendered: tuple[Workspace, Images],
) -> None:
    workspace, images = rendered
    before = steps(workspace)
    decide(workspace, "section-2/prompt", "a third thing")
    after = steps(workspace)
    again = {key for key in after if after[key] > before[key]}
    assert "section-2/image-1/candidate-1/generate" in again
    assert {key for key in again if key.startswith("film/segment")} == {
        f"film/segment-{number}" for number in (4, 5, 6)
    }
    assert "section-1/image-1/candidate-1/generate" not in again
    assert "third thing" in images.asked[0].prompt


@pytest.mark.usefixtures("one_process")
def test_other_effects_of_a_section_generate_nothing_and_render_only_its_segments(
    rendered: tuple[Workspace, Images], tmp_path: Path
) -> None:
    workspace, images = rendered
    before = steps(workspace)
    film = (folder_of(tmp_path) / "film.mp4").read_bytes()
    decide(workspace, "section-2/effects", "grain 1, zoom off")
    after = steps(workspace)
    assert images.asked == []
    assert {key for key in after if after[key] > before[key] and "film/segment" in key} == {
        f"film/segment-{number}" for number in (4, 5, 6)
    }
    shots = json.loads((folder_of(tmp_path) / "film_plan.json").read_text())["shots"]
    effects = {shot["section"]: shot["effects"] for shot in shots}
    assert (effects[1]["grain"], effects[1]["zoom_per_second"]) == (1, 0)
    assert effects[0]["grain"] < 1
    decide(workspace, "section-2/effects", "")
    assert (folder_of(tmp_path) / "film.mp4").read_bytes() == film


@pytest.mark.slow
@pytest.mark.usefixtures("one_process")
def test_another_seed_generates_an_image_again_and_what_follows_it(tmp_path: Path) -> None:
    images = Images()
    workspace = run(tmp_path, images, plan(), reference="none")
    images.asked.clear()
    decide(workspace, "section-2/image-1/seed", "77")
    assert [one.seed for one in images.asked] == [77]
    assert "second" in images.asked[0].prompt


@pytest.mark.usefixtures("one_process")
def test_a_missing_key_parks_the_film_and_names_the_sections(tmp_path: Path) -> None:
    """With `fallback_when_blocked` they are procedural."""
    workspace = run(tmp_path / "one", Images(blocks="second"), plan(), follow=True)
    with workspace.reading() as connection:
        state, message = connection.execute("select state, message from jobs").fetchone()
    assert state == "parked"
    assert "section 2 (chorus)" in message
    assert "section 1" not in message
    images = Images(blocks="second")
    workspace = run(tmp_path / "other", images, plan(), fallback_when_blocked=True)
    assert [one.section for one in report_of(workspace).fallbacks] == [1]
    images.blocks = ""
    workspace.command("retry", ["j1"])
    workspace.follow("b1")
    assert report_of(workspace).fallbacks == ()


@pytest.mark.usefixtures("one_process")
def test_the_plan_and_the_keyframes_are_approved_before_anything_is_rendered(
    tmp_path: Path,
) -> None:
    """An edited plan is followed; an image that is taken off the sheet is not shown."""
    images = Images()
    workspace = run(tmp_path, images, plan(), follow=True, approve="plan,keyframes")
    [gate] = workspace.waiting("b1")
    assert (gate.key, images.asked) == ("plan", [])
    workspace.approve("j1", "plan", value={**gate.value, "sections": []})
    workspace.follow("b1")
    assert [one.key for one in workspace.waiting("b1")] == ["plan"]  # nothing would be shown
    edited = gate.value
    edited["sections"][0]["aiPrompt"] = "edited words"
    edited["sections"][1]["motionStyle"] = "wobbly"
    workspace.approve("j1", "plan", value=edited)
    workspace.follow("b1")
    [gate] = workspace.waiting("b1")
    assert gate.key == "plan"  # wobbly is no motion
    edited["sections"][1]["motionStyle"] = "staccato"
    workspace.approve("j1", "plan", value=edited)
    workspace.follow("b1")
    [gate] = workspace.waiting("b1")
    assert gate.key == "keyframes"
    assert any(one.prompt.startswith("edited words") for one in images.asked)
    assert not any("segment" in key for key in steps(workspace))
    kept = [one for one in gate.value["keyframes"] if one["key"].startswith("section-1/")]
    changed = [{**one, "prompt": "other words"} for one in kept]
    workspace.approve("j1", "keyframes", value={"keyframes": changed})
    workspace.follow("b1")
    assert [one.key for one in workspace.waiting("b1")] == ["keyframes"]  # it would be ignored
    workspace.approve("j1", "keyframes", value={"keyframes": kept})
    workspace.follow("b1")
    report = report_of(workspace)
    assert report.state == "done"
    assert report.spec["sections"][1]["motionStyle"] == "staccato"
    assert [one.reason for one in report.fallbacks] == ["An operator has left it out."]


@pytest.mark.usefixtures("one_process")
def test_candidates_are_scored_and_an_operator_may_take_another(tmp_path: Path) -> None:
    workspace = run(tmp_path, Images(), plan(), candidates=2, score="fake")
    before = _hashes(workspace)
    keys = steps(workspace)
    assert keys["section-1/image-1/candidate-2/generate"] == 1
    assert keys["section-1/image-1/score"] == 1
    for number in (1, 2):
        decide(workspace, "section-1/image-1/select", number)
        if _hashes(workspace) != before:
            break
    assert _hashes(workspace) != before
    assert steps(workspace)["section-1/image-1/candidate-1/generate"] == 1


def _hashes(workspace: Workspace) -> list[str]:
    return [one.image.hash for one in report_of(workspace).images if one.section == 1]


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("section-3/prompt", "x", "the film has 2 sections"),
        ("section-1/motion", "wobbly", "'wobbly' is unknown"),
        ("section-1/palette", "red", "is not a colour"),
        ("section-1/effects", "grain lots", "section-1/effects: 'lots' is not an amount"),
        ("section-1/image-1/seed", "-1", "'-1' is not a whole number from 0."),
        ("section-1/image-9/seed", "1", "The film has no section-1/image-9."),
        ("section-1/source", "dance", "It is one of: keyframes, procedural, video"),
        ("section-1/image-9/select", 1, "The film has no section-1/image-9."),
        ("section-1/image-1/select", 2, "section-1/image-1 has no candidate 2; 0 takes the best."),
    ],
)
@pytest.mark.usefixtures("one_process")
def test_a_decision_that_does_not_fit_is_refused(
    finished: Workspace, key: str, value: str | int, sentence: str
) -> None:
    [number] = finished.command("decide", ["j1"], {"key": key, "value": value})
    finished.follow("b1")
    with finished.reading() as connection:
        row = connection.execute("select answer from commands where id = ?", (number,)).fetchone()
    assert sentence in row[0]


@pytest.mark.usefixtures("one_process")
def test_segments_are_forgotten_some_days_later_and_rendered_again_if_needed(
    rendered: tuple[Workspace, Images], tmp_path: Path
) -> None:
    """The film, its images and all else stay."""
    workspace, _ = rendered
    film = (folder_of(tmp_path) / "film.mp4").read_bytes()
    with workspace.reading() as connection:
        before = connection.execute("select count(*) from artifacts").fetchone()[0]
    store = sqlite3.connect(workspace.paths.store)
    with store:
        assert forget_temporary(store, ago(86_400)) == 0
        assert forget_temporary(store, ago(-60)) == 1
        assert forget_temporary(store, ago(-60)) == 0
        assert store.execute("select count(*) from artifacts").fetchone()[0] == before - 6
    store.close()
    decide(workspace, "section-2/motion", "glitch")
    report = report_of(workspace)
    assert report.state == "done"
    assert (folder_of(tmp_path) / "film.mp4").read_bytes() != film
    decide(workspace, "section-2/motion", "")
    assert (folder_of(tmp_path) / "film.mp4").read_bytes() == film


@pytest.mark.usefixtures("one_process")
@cases("codec, suffix", [("prores", ".mov"), ("ffv1", ".mkv")], usual=1)
def test_films_for_editing_have_their_containers(tmp_path: Path, codec: str, suffix: str) -> None:
    run(tmp_path, Images(), plan(), codec=codec)
    names = {path.name for path in folder_of(tmp_path).iterdir()}
    assert f"film{suffix}" in names
    assert f"film{suffix}" in (folder_of(tmp_path) / "edit_list.otio").read_text()


def test_the_estimate_names_the_disk_that_a_film_takes(tmp_path: Path) -> None:
    (tmp_path / "song.wav").write_bytes(song())
    workspace = Workspace(tmp_path / "w", create=True, catalog=catalog())
    small, large = (
        workspace.estimate("music-video", tmp_path / "song.wav", settings=values).disk or 0
        for values in ({"width": 640}, {"width": 1920})
    )
    assert 10 << 20 < small < large


def test_the_estimate_counts_the_time_of_rendering(tmp_path: Path) -> None:
    """Six seconds at 30 frames per second: 45 ms a frame of 1080p, and a preview."""
    (tmp_path / "song.wav").write_bytes(song())
    workspace = Workspace(tmp_path / "w", create=True, catalog=catalog())

    def cpu_seconds(**settings: Any) -> float:
        estimate = workspace.estimate("music-video", tmp_path / "song.wav", settings=settings)
        assert estimate.cpu_seconds is not None
        assert estimate.seconds is None or estimate.seconds[0] >= estimate.cpu_seconds / 64
        return estimate.cpu_seconds

    usual = cpu_seconds()
    assert usual == pytest.approx(6 * 30 * 0.045, rel=0.05)
    assert cpu_seconds(preview=False) < usual
    assert cpu_seconds(width=640, height=360) < usual / 5
    assert cpu_seconds(codec="prores") > 4 * usual
    assert cpu_seconds(tier="procedural") > 1.4 * usual


@pytest.mark.usefixtures("one_process")
def test_a_spec_to_start_from_is_followed_and_only_its_gaps_are_planned(tmp_path: Path) -> None:
    """Two sections of one label differ by their place."""
    sections = [
        {"label": "part", "startTime": 0.5, "endTime": 2, "aiPrompt": "a fox",
         "colorPalette": ["#010203"]},
        {"label": "part", "startTime": 2, "endTime": 9, "motionStyle": "glitch"},
    ]  # fmt: skip
    spec = {"sections": sections, "globalStyle": {"shaderDescription": "charcoal"}}
    images = Images()
    workspace = run(tmp_path, images, plan(), fields={"spec": spec})
    written = report_of(workspace).spec
    first, second = written["sections"]
    assert (first["startTime"], first["endTime"], second["endTime"]) == (0, 2, 6)
    assert (first["aiPrompt"], first["colorPalette"]) == ("a fox", ["#010203"])
    assert (second["aiPrompt"], second["motionStyle"]) == ("second", "glitch")
    assert all(", charcoal, " in one.prompt for one in images.asked)
    whole = {**spec, "sections": [{**one, "aiPrompt": "x"} for one in sections]}
    other = run(tmp_path / "other", Images(), plan(), fields={"spec": whole})
    assert "direct" not in steps(other)


def test_a_section_that_repeats_another_shows_its_images_in_its_own_colours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lent images are graded again, and generated once."""
    compute_here(monkeypatch)
    sections = [
        {"index": k, "prompts": ["first"], "theme": "a lake", "palette": palette}
        for k, palette in enumerate((["#102030", "#E0D0B0"], ["#5A1010", "#F0C090"]))
    ]
    text = FakeChatBackend({"direct_music_video": {"style": "ink", "sections": sections}})
    verses = [{"label": "verse", "start": 0}, {"label": "verse", "start": 3}]
    workspace = run(tmp_path, Images(), text, fields={"sections": verses}, palette_strength=0.9)
    done = steps(workspace)
    assert done["section-1/image-1/grade"] == done["section-2/borrowed-1/grade"] == 1
    assert "section-2/borrowed-1/candidate-1/generate" not in done
    film = json.loads((folder_of(tmp_path) / "film_plan.json").read_text())
    shown = [{shot["image"] for shot in film["shots"] if shot["section"] == k} for k in (0, 1)]
    assert shown[0].isdisjoint(shown[1])


@pytest.mark.usefixtures("one_process")
def test_the_editor_of_a_text_starts_from_the_one_of_the_section(finished: Workspace) -> None:
    """The words for style and colours, which a prompt has as well, are not among them."""
    with finished.reading() as connection:
        prompt, motion, effects, palette = (
            present_of(connection, 1, f"section-2/{kind}")
            for kind in ("prompt", "motion", "effects", "palette")
        )
        assert present_of(connection, 1, "section-9/prompt") == ""
    assert prompt == "second"
    assert motion in MOTIONS
    assert set(effects_of(effects)) == set(EFFECTS)
    assert palette.startswith("#")
