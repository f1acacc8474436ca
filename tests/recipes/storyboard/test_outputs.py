"""The folders of a storyboard: their files, the content, and how they are written again."""

import hashlib
import io
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import BaseModel, ConfigDict

from db.queries import batches
from engine.cli.app import main
from engine.contract import Blocked, ImageRequest, ScoreRequest
from engine.imaging.lineage import read as read_lineage
from engine.imaging.sheet import contact_sheet
from engine.recipes.storyboard.film import CRITERIA
from engine.recipes.storyboard.read_report import job_report
from tests.support.films import SMALL, Crew, Shooting, png_of
from tests.support.signed import sign

ENTRY = (
    "id: coffee\nprompt: a cup\nscenes: [{id: a, prompt: first, duration: 4}, {prompt: second}]\n"
)
TRACES = {
    "00_original_prompt.txt", "01_agent1_iteration_1.txt", "02_agent2_iteration_1.txt",
    "03_agent1_iteration_2.txt", "04_agent2_iteration_2.txt", "final_enhanced_prompt.txt",
    "prompt_trace_summary.json", "image_1.png", "image_2.png", "quality_scores.json",
    "selected_best.txt",
}  # fmt: skip
SETTINGS = {"num_variations": 2, "max_enhancement_iterations": 2}
HOSTILE = "red \x1b]0;owned\x07\x1b[31m\u202eexe \x9b2J end"


class Strict(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class SceneDocument(Strict):
    scene_number: int
    prompt: str
    reference_image_url: str | None
    quality_score: float | None


class SettingsDocument(Strict):
    quality_threshold: float
    num_variations: int
    max_enhancement_iterations: int


class PlanDocument(Strict):
    advanced_image_generation_used: bool
    advanced_image_settings: SettingsDocument
    scenes: list[SceneDocument]


class StoryboardDocument(Strict):
    generation_id: str
    status: str
    state: str
    progress: int
    advanced_image_generation_used: bool
    storyboard_plan: PlanDocument
    started_at: str
    finished_at: str
    seconds: float
    cost_usd: float


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Shooting:
    """A storyboard that is done; what it wrote is read only."""
    shooting = Shooting(tmp_path_factory.mktemp("film"))
    assert shooting.run(ENTRY, **SETTINGS).state == "done"
    return shooting


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in files(folder)}


def load(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text())


def test_the_files_are_those_that_are_documented(made: Shooting):
    assert made.folder == made.workspace.paths.root / "outputs/reference_image_traces/coffee"
    top = {"storyboard.json", "contact_sheet.png", "scene_1.png", "scene_2.png"}
    top |= {"shot_list.csv", "shot_list.pdf", "board.pdf"}
    traces = {f"scene_{number}/{name}" for number in (1, 2) for name in TRACES}
    assert files(made.folder) == top | traces


def names_of(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(names_of, value.values()))
    return set().union(*map(names_of, value)) if isinstance(value, list) else set()


def test_every_field_is_in_the_manual(made: Shooting):
    page = (Path(__file__).parents[3] / "docs" / "storyboard.md").read_text()
    page = re.sub("```.*?```", "", page, flags=re.DOTALL)
    documented = {
        word for words in re.findall("`([^`]+)`", page) for word in re.findall("[a-z_]+", words)
    }
    own = {"crew", "pickscore", "clipscore", "vqascore", "aesthetic", "name", "colours", "use"}
    for path in ("storyboard.json", "scene_1/quality_scores.json"):
        assert names_of(load(made.folder, path)) <= documented | own
    summary = load(made.folder, "scene_1/prompt_trace_summary.json")
    assert names_of(summary) <= documented | set(CRITERIA)


def test_storyboard_json_is_what_readers_of_it_expect(made: Shooting):
    text = (made.folder / "storyboard.json").read_text()
    found = StoryboardDocument.model_validate_json(text)
    assert (found.generation_id, found.status, found.progress) == ("coffee", "completed", 100)
    assert found.advanced_image_generation_used
    settings = found.storyboard_plan.advanced_image_settings
    assert settings.num_variations == settings.max_enhancement_iterations == 2
    assert settings.quality_threshold == 40
    for number, scene in enumerate(found.storyboard_plan.scenes, 1):
        assert scene.scene_number == number
        assert scene.reference_image_url == f"scene_{number}.png"
        assert (made.folder / scene.reference_image_url).is_file()
        assert scene.quality_score is not None
        assert "shot 2" in scene.prompt


def test_quality_scores_tell_every_number_of_every_image(made: Shooting):
    found = load(made.folder / "scene_1", "quality_scores.json")
    seeds = {request.seed for request in made.crew.of(ImageRequest)}
    assert {one["metric"]: one["nominal_weight"] for one in found["scorers"]} == {
        "pickscore": 0.5, "clipscore": 0.25, "vqascore": 0.15, "aesthetic": 0.1,
    }  # fmt: skip
    assert sum(one["effective_weight"] for one in found["scorers"]) == pytest.approx(1, abs=0.01)
    assert sorted(one["rank"] for one in found["variations"]) == [1, 2]
    for one in found["variations"]:
        assert one["seed"] in seeds
        png = made.folder / "scene_1" / one["file"]
        assert hashlib.sha256(made_from(made, one["artifact"])).hexdigest() == one["artifact"]
        assert png.is_file()
        weighed = sum(
            weight["nominal_weight"] * one["scores"][weight["metric"]]["value"]
            for weight in found["scorers"]
        )
        assert one["overall"] == pytest.approx(weighed, abs=1e-3)
        assert all(score["scorer"].startswith("crew") for score in one["scores"].values())
    best = next(one for one in found["variations"] if one["selected"])
    assert (best["rank"], best["variation"]) == (1, found["selected"])


def made_from(shooting: Shooting, hash_: str) -> bytes:
    folder = shooting.workspace.paths.artifacts
    return (folder / hash_[:2] / hash_[2:]).read_bytes()


def test_images_carry_their_lineage(made: Shooting):
    lineage = read_lineage((made.folder / "scene_2" / "image_1.png").read_bytes())
    assert lineage is not None
    first = load(made.folder, "storyboard.json")["storyboard_plan"]["scenes"][0]
    assert lineage.prompt == "second; shot 2, low angle"
    assert lineage.reference == first["artifact"]


def test_the_chosen_image_is_the_one_that_was_selected(made: Shooting):
    selected = load(made.folder / "scene_1", "quality_scores.json")["selected"]
    chosen = (made.folder / "scene_1.png").read_bytes()
    assert chosen == (made.folder / "scene_1" / f"image_{selected}.png").read_bytes()
    assert (
        (made.folder / "scene_1" / "selected_best.txt")
        .read_text()
        .startswith(f"image_{selected}.png\n")
    )


def test_the_trace_of_a_prompt_can_be_read(made: Shooting):
    scene = made.folder / "scene_1"
    assert (scene / "00_original_prompt.txt").read_text() == "first\n"
    assert "first; shot 1, low angle" in (scene / "01_agent1_iteration_1.txt").read_text()
    judged = (scene / "02_agent2_iteration_1.txt").read_text()
    assert "overall: 50 of 100" in judged
    assert "brand alignment: 50" in judged
    assert "- say more" in judged
    summary = load(scene, "prompt_trace_summary.json")
    assert [one["overall"] for one in summary["iterations"]] == [50, 70]
    assert summary["final_source"] == "iteration-2"
    assert (scene / "final_enhanced_prompt.txt").read_text() == summary["final_prompt"] + "\n"


def test_likeness_is_told_from_scene_to_scene(made: Shooting):
    [likeness] = load(made.folder, "storyboard.json")["likeness"]
    assert likeness["to_scene_before"] == likeness["to_first_scene"] == [None, 0.5]
    assert likeness["mean_of_neighbours"] == 0.5


def test_the_contact_sheet_shows_every_scene(made: Shooting):
    with Image.open(made.folder / "contact_sheet.png") as sheet:
        assert sheet.width == 12 + 2 * (64 + 12)
        colours = {sheet.convert("RGB").getpixel((12 + 32 + x, 12 + 32)) for x in (0, 76)}
    for number in (1, 2):
        with Image.open(made.folder / f"scene_{number}.png") as image:
            assert image.convert("RGB").getpixel((32, 32)) in colours


def test_the_contact_sheet_is_of_stored_thumbnails(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.run("prompt: a cup\nscenes: [{prompt: first}]\n", width=640, height=320)
    [thumbnail] = shooting.workspace.paths.thumbnails.glob("*/*-480.webp")
    Image.new("RGB", (480, 240), "red").save(thumbnail, "WEBP")
    (shooting.folder / "contact_sheet.png").unlink()
    assert main(["export", "b1", "-w", str(shooting.workspace.paths.root)]) == 0
    with Image.open(shooting.folder / "contact_sheet.png") as sheet:
        assert sheet.width == 12 + 480 + 12
        red, green, blue = sheet.convert("RGB").getpixel((252, 132))
        assert (red > 250, green < 5, blue < 5) == (True, True, True)


def test_everything_can_be_written_again_from_the_store(made: Shooting, tmp_path: Path):
    before = contents(made.folder)
    shutil.rmtree(made.workspace.paths.root / "outputs")
    assert main(["export", "b1", "-w", str(made.workspace.paths.root)]) == 0
    assert contents(made.folder) == before
    assert main(["export", "b1", str(tmp_path / "out"), "-w", str(made.workspace.paths.root)]) == 0
    assert contents(tmp_path / "out" / "coffee") == before


def test_writing_again_touches_nothing_that_is_right(made: Shooting):
    before = {path: path.stat().st_mtime_ns for path in made.folder.rglob("*")}
    assert main(["export", "b1", "-w", str(made.workspace.paths.root)]) == 0
    assert {path: path.stat().st_mtime_ns for path in made.folder.rglob("*.png")} == {
        path: time for path, time in before.items() if path.suffix == ".png"
    }


def test_other_files_are_left_alone_and_stale_ones_go(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.run(ENTRY, **SETTINGS)
    (shooting.folder / "mine.txt").write_text("mine")
    (shooting.folder / "scene_2" / "mine.txt").write_text("mine")
    (shooting.folder / "scene_9").mkdir()
    (shooting.folder / "scene_9" / "image_1.png").write_text("old")
    (shooting.folder / "scene_1" / "image_7.png").write_text("old")
    assert main(["export", "b1", "-w", str(shooting.workspace.paths.root)]) == 0
    there = files(shooting.folder)
    assert {"mine.txt", "scene_2/mine.txt"} <= there
    assert not {"scene_9/image_1.png", "scene_1/image_7.png"} & there
    assert not (shooting.folder / "scene_9").exists()


def test_a_link_in_the_place_of_a_folder_is_not_followed(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.run(ENTRY, **SETTINGS)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.rmtree(shooting.folder / "scene_1")
    (shooting.folder / "scene_1").symlink_to(elsewhere)
    (shooting.folder / "scene_2.png").unlink()
    (shooting.folder / "scene_7").symlink_to(elsewhere)
    assert main(["export", "b1", "-w", str(shooting.workspace.paths.root)]) == 1
    assert list(elsewhere.iterdir()) == []
    assert (shooting.folder / "scene_2.png").is_file()


def test_cleaned_traces_leave_the_result_and_the_store(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.run(ENTRY, trace_cleanup=True, **SETTINGS)
    assert files(shooting.folder) == {
        "storyboard.json", "contact_sheet.png", "scene_1.png", "scene_2.png", "shot_list.csv",
        "shot_list.pdf", "board.pdf",
    }  # fmt: skip
    assert sum(step.name == "generate" for step in shooting.steps()) == 4
    assert (
        load(shooting.folder, "storyboard.json")["storyboard_plan"]["scenes"][0]["traces"] is None
    )


def test_a_storyboard_that_failed_shows_what_there_is(tmp_path: Path):
    def fails(request: Any) -> bool:
        return isinstance(request, ImageRequest) and request.reference is not None

    shooting = Shooting(tmp_path, Crew(fails=fails))
    assert shooting.run(ENTRY, **SETTINGS).state == "failed"
    document = load(shooting.folder, "storyboard.json")
    assert (document["status"], document["progress"]) == ("failed", 50)
    assert document["error"] == "It was refused."
    first, second = document["storyboard_plan"]["scenes"]
    assert (first["reference_image_url"], second["reference_image_url"]) == ("scene_1.png", None)
    assert (shooting.folder / "scene_1" / "quality_scores.json").is_file()
    assert not (shooting.folder / "scene_2" / "quality_scores.json").exists()


def test_a_storyboard_that_waits_says_so(tmp_path: Path):
    def needs_a_key(request: Any) -> bool:
        if isinstance(request, ImageRequest) and request.reference is not None:
            raise Blocked("No key.", reason="key", remedy="Set it.")
        return False

    shooting = Shooting(tmp_path, Crew(fails=needs_a_key))
    assert shooting.run(ENTRY, **SETTINGS).state == "parked"
    document = load(shooting.folder, "storyboard.json")
    assert (document["state"], document["progress"]) == ("parked", 50)
    assert document["status"] == "processing"
    shooting.workspace.command("cancel", ["b1"])
    shooting.again()
    assert load(shooting.folder, "storyboard.json")["state"] == "cancelled"


def test_a_decided_prompt_is_told_of_a_scene_without_rounds_that_failed(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.run(ENTRY, num_variations=2, max_enhancement_iterations=0)
    shooting.crew.fails = lambda request: isinstance(request, ScoreRequest)
    assert shooting.decide("scene-2/prompt", "mine").state == "failed"
    first, second = load(shooting.folder, "storyboard.json")["storyboard_plan"]["scenes"]
    assert (first["prompt"], first["prompt_source"]) == ("first.", "entry")
    assert (second["prompt"], second["prompt_source"]) == ("mine", "operator")


def test_what_a_decision_has_overtaken_is_not_told(tmp_path: Path):
    shooting = Shooting(tmp_path)
    entry = "id: coffee\nscenes: [{prompt: first}, {prompt: second}, {prompt: third}]\n"
    shooting.run(entry, **SETTINGS)
    shooting.crew.fails = lambda request: isinstance(request, ImageRequest)
    selected = load(shooting.folder / "scene_1", "quality_scores.json")["selected"]
    assert shooting.decide("scene-1/select", 3 - selected).state == "failed"
    document = load(shooting.folder, "storyboard.json")
    scenes = document["storyboard_plan"]["scenes"]
    assert [scene["reference_image_url"] for scene in scenes] == ["scene_1.png", None, None]
    assert document["likeness"] == []
    there = files(shooting.folder)
    assert "scene_1/image_1.png" in there
    assert not {"scene_2.png", "scene_2/image_1.png", "scene_3/quality_scores.json"} & there
    assert "scene_3/02_agent2_iteration_1.txt" in there


def test_what_is_told_of_a_job_does_not_hang_on_its_end(made: Shooting):
    with made.workspace.reading() as connection:
        batch = batches.batch(connection, 1)
        assert batch is not None
        ended = job_report(connection, batch, made.job())
        before = job_report(connection, batch, replace(made.job(), result=None, state="running"))
    assert before.scenes == ended.scenes
    assert before.progress == 99


def test_the_operator_s_image_is_shown_as_scene_1(tmp_path: Path):
    (tmp_path / "own.png").write_bytes(png_of((9, 99, 9)))
    shooting = Shooting(tmp_path)
    shooting.run(f"{ENTRY}reference_image: own.png\n", **SETTINGS)
    assert {name for name in files(shooting.folder) if name.startswith("scene_1/")} == {
        f"scene_1/{name}"
        for name in (
            "00_original_prompt.txt", "final_enhanced_prompt.txt", "image_1.png",
            "prompt_trace_summary.json", "selected_best.txt",
        )
    }  # fmt: skip
    with Image.open(shooting.folder / "scene_1.png") as image:
        assert image.convert("RGB").getpixel((5, 5)) == (9, 99, 9)


def test_hostile_text_becomes_neither_a_path_nor_an_escape(tmp_path: Path):
    shooting = Shooting(tmp_path)
    entry = {
        "id": "../../etc/x",
        "scenes": [{"id": "../y", "prompt": HOSTILE}, {"prompt": HOSTILE, "notes": HOSTILE}],
    }
    assert shooting.run(json.dumps([entry]), **SETTINGS).state == "done"
    assert shooting.folder.parent == (
        shooting.workspace.paths.root / "outputs/reference_image_traces"
    )
    for name, data in contents(shooting.folder).items():
        if not name.endswith((".png", ".pdf")):
            assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", data.decode())


def test_two_storyboards_of_one_id_have_folders_of_their_own(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.run(ENTRY, **SETTINGS)
    again = {**SMALL, "preset": "fast"}
    shooting.workspace.run("storyboard", tmp_path / "in.yaml", settings=again)
    second = shooting.folder.parent / "coffee-2"
    assert load(second, "storyboard.json")["generation_id"] == "coffee-2"
    assert load(shooting.folder, "storyboard.json")["generation_id"] == "coffee"


def test_the_batch_has_a_summary(made: Shooting):
    summary = load(made.folder.parent, "batch_summary.json")
    [entry] = summary["jobs"]
    assert (entry["generation_id"], entry["state"], entry["scenes"]) == ("coffee", "done", 2)
    assert summary["totals"] == {"jobs": {"done": 1}, "cost_usd": 0.0}


def test_results_from_python(made: Shooting):
    [report] = made.workspace.results("b1")
    assert (report.key, report.state, len(report.scenes)) == ("coffee", "done", 2)
    assert report.quality == made.job().score


def test_a_damaged_image_is_said_and_the_rest_is_written(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.run(ENTRY, **SETTINGS)
    hash_ = load(shooting.folder / "scene_1", "quality_scores.json")["variations"][0]["artifact"]
    artifacts = shooting.workspace.paths.artifacts
    shutil.rmtree(shooting.folder)
    (artifacts / hash_[:2] / hash_[2:]).unlink()
    assert main(["export", "b1", "-w", str(shooting.workspace.paths.root)]) == 1
    assert "storyboard.json" in files(shooting.folder)
    assert "scene_1/image_1.png" not in files(shooting.folder)


def test_a_sheet_of_images_of_several_sizes():
    wide, tall = png_of((200, 0, 0), (1600, 800)), png_of((0, 0, 200), (300, 600))
    with Image.open(io.BytesIO(contact_sheet([wide, tall, tall], columns=2))) as sheet:
        assert sheet.size == (12 + 2 * 524, 12 + 2 * 524)
    with pytest.raises(ValueError, match="cannot be read"):
        contact_sheet([b"no image"])
    with pytest.raises(ValueError, match="no images"):
        contact_sheet([])


def test_captions_are_cut_to_their_image():
    long = contact_sheet([png_of((0, 0, 0), (100, 50))], [["word " * 100, "x"]])
    with Image.open(io.BytesIO(long)) as sheet:
        assert sheet.size == (124, 12 + 50 + 2 * 24 + 6 + 12)
        edge = sheet.convert("RGB").crop((114, 0, 124, sheet.height))
    assert edge.getcolors() == [(10 * sheet.height, (18, 18, 20))]


def test_a_signed_image_keeps_its_bytes_and_has_its_lineage_beside_it(tmp_path: Path):
    """The operator's own image is scene 1: a signed JPEG, which stays one."""
    out = io.BytesIO()
    Image.new("RGB", (640, 360), (9, 90, 9)).save(out, "JPEG")
    data = sign(out.getvalue())
    (tmp_path / "own.jpg").write_bytes(data)
    shooting = Shooting(tmp_path)
    shooting.run(ENTRY + "reference_image: own.jpg\n", **SETTINGS)
    assert (shooting.folder / "scene_1.jpg").read_bytes() == data
    assert (shooting.folder / "scene_1/image_1.jpg").read_bytes() == data
    assert not (shooting.folder / "scene_1.png").exists()
    scene = load(shooting.folder, "storyboard.json")["storyboard_plan"]["scenes"][0]
    assert scene["reference_image_url"] == "scene_1.jpg"
    before = contents(shooting.folder)
    assert main(["export", "b1", "-w", str(shooting.workspace.paths.root)]) == 0
    assert contents(shooting.folder) == before
