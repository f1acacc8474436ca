import errno
import json
import shutil
import stat
from pathlib import Path

import pytest

from engine.client.workspace import Workspace
from engine.recipes.refine.import_tree import TreeJob, read_tree
from engine.runtime.artifacts import ArtifactStore
from tests.cli.conftest import HOSTILE

# What names the batch, the job and the moment, and so differs between two batches.
OWN = ("batch", "job")


def told(folder: Path) -> dict[str, object]:
    """Every file of a tree with its content, without what names the batch it is of."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name.startswith((".", "batch_summary")):
            continue
        content: object = path.read_bytes()
        if path.name == "summary.json":
            document = json.loads(path.read_text())
            content = {name: value for name, value in document.items() if name not in OWN}
            content["totals"]["seconds"] = pytest.approx(content["totals"]["seconds"], abs=0.005)
        found[str(path.relative_to(folder))] = content
    return found


def test_export_writes_what_the_workspace_has(run, images, tmp_path):
    ran = run("export", "b1", tmp_path / "out", "--workspace", images)
    assert (ran.code, ran.err) == (0, "")
    assert "2 jobs of b1" in ran.out
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"circles", "batch_summary.json", ".safelight-export.json"} < names
    mine, theirs = tmp_path / "out/circles", images / "outputs/results/circles"
    assert (mine / "iteration_1.png").read_bytes() == (theirs / "iteration_1.png").read_bytes()
    assert json.loads((mine / "summary.json").read_text())["folder"] == "circles"
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700


def test_export_can_be_made_again_and_mends_what_is_missing(run, images, tmp_path):
    out = tmp_path / "out"
    run("export", "b1", out, "--workspace", images)
    before = told(out)
    (out / "circles/iteration_1.png").unlink()
    (out / "circles/notes.txt").write_text("mine")
    assert run("export", "b1", out, "--workspace", images).code == 0
    assert (out / "circles/notes.txt").read_text() == "mine"
    (out / "circles/notes.txt").unlink()
    assert told(out) == before


def test_export_refuses_a_folder_that_holds_something_else(run, images, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/precious.txt").write_text("x")
    for folder in ("full", "link"):
        (tmp_path / "link").unlink(missing_ok=True)
        (tmp_path / "link").symlink_to(tmp_path / "full")
        ran = run("export", "b1", tmp_path / folder, "--workspace", images)
        assert ran.code == 2
        assert "Traceback" not in ran.err
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["precious.txt"]


def test_export_refuses_the_export_of_another_batch(run, images, tmp_path):
    out = tmp_path / "out"
    run("export", "b1", out, "--workspace", images)
    run("import", out, "--workspace", images)
    assert run("export", "b2", out, "--workspace", images).code == 2


def test_export_without_a_folder_writes_the_outputs_again(run, images):
    shutil.rmtree(images / "outputs")
    assert run("export", "b1", "--workspace", images).code == 0
    assert (images / "outputs/results/circles/iteration_1.png").is_file()
    assert (images / "outputs/results/batch_summary.json").is_file()


def test_export_goes_on_without_a_stored_image_that_is_gone(run, images, tmp_path):
    turn = run("show", "j1", "--json", "--workspace", images).json["job"]["iterations"][0]
    hash_ = turn["artifact"]
    (images / ".safelight/artifacts" / hash_[:2] / hash_[2:]).unlink()
    ran = run("export", "b1", tmp_path / "out", "--workspace", images)
    assert ran.code == 1
    assert "iteration_1.png: the stored image is gone" in ran.err
    assert len(list((tmp_path / "out").glob("*/summary.json"))) == 2


def test_export_of_an_unfinished_batch_has_no_summary_yet(run, images, tmp_path):
    source = tmp_path / "more.txt"
    source.write_text("a lamp\n")
    Workspace(images).append("b1", source)
    ran = run("export", "b1", tmp_path / "out", "--workspace", images)
    assert "once the batch has ended" in ran.out
    assert not (tmp_path / "out/batch_summary.json").exists()


def test_import_then_export_gives_the_same_images_and_values(run, images, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    run("export", "b1", first, "--workspace", images)
    run("init", "--workspace", tmp_path / "other")
    ran = run("import", first, "--name", "again", "--workspace", tmp_path / "other")
    assert (ran.code, ran.out.strip(), ran.err) == (0, "Imported 2 jobs as b1.", "")
    run("export", "again", second, "--workspace", tmp_path / "other")
    assert told(second) == told(first)


def test_imported_batch_is_like_ones_own(run, images, tmp_path):
    run("export", "b1", tmp_path / "out", "--workspace", images)
    run("import", tmp_path / "out", "--workspace", images)
    batch = run("status", "--json", "--workspace", images).json["batches"][0]
    own = run("status", "--json", "--workspace", images).json["batches"][1]
    assert (batch["name"], batch["recipe"], batch["status"]) == ("out", "refine", "done")
    assert (batch["jobs"], batch["best_score"]) == (own["jobs"], own["best_score"])
    jobs = run("jobs", "out", "--json", "--workspace", images).json["jobs"]
    assert [job["key"] for job in jobs] == ["circles", "../lemons"]
    assert all((images / path).is_file() for job in jobs for path in job["outputs"])
    mine = run("show", "out/circles", "--json", "--workspace", images).json["job"]
    theirs = run("show", "b1/circles", "--json", "--workspace", images).json["job"]
    for one, other in zip(mine["iterations"], theirs["iterations"], strict=True):
        for name in ("prompt", "score", "critique", "missing", "measurements", "artifact"):
            assert one[name] == other[name]
    assert run("doctor", "--deep", "--workspace", images).code == 0
    assert run("db", "check", "--workspace", images).code == 0


def test_import_leaves_out_what_is_bad_and_says_so(run, images, tmp_path):
    tree = tmp_path / "tree"
    run("export", "b1", tree, "--workspace", images)
    (tree / "circles/iteration_1.png").write_bytes(b"no image")
    (tree / "circles/iteration_1_evaluation.json").write_text("{")
    (tree / "passwd").symlink_to("/etc")
    ran = run("import", tree, "--workspace", images)
    assert ran.code == 1
    assert "Imported 2 jobs as b2." in ran.out
    assert "is a link, and links are not followed" in ran.err
    assert "3 things were left out." in ran.err


def test_import_of_a_tree_by_an_older_script(run, images, tmp_path):
    """Only images, a folder whose name is hostile, two folders with the same id, odd values."""
    image = images / "outputs/results/circles/iteration_1.png"
    for name in ("one", "two", "evil\x1b[31m"):
        (tmp_path / "old" / name).mkdir(parents=True)
        shutil.copy(image, tmp_path / "old" / name / "iteration_3.png")
    for name in ("one", "two"):
        summary = {
            "id": "same",
            "title": 5,
            "input": {"title": 7, "prompt": HOSTILE},
            "state": "running",
        }
        (tmp_path / "old" / name / "summary.json").write_text(json.dumps(summary))
        results = {
            "score": 50,
            "started_at": "9999-12-31T23:59:59",
            "timings": {"../x": 1, "generate": 1e12},
        }
        (tmp_path / "old" / name / "iteration_3_results.json").write_text(json.dumps(results))
    (tmp_path / "old/waiting").mkdir()
    (tmp_path / "old/waiting/summary.json").write_text('{"state": "parked", "input": {"a": 1}}')
    ran = run("import", tmp_path / "old", "--workspace", images)
    assert ran.code == 1
    for name in ("title", "input.title", "started_at", "timings.../x"):
        assert f"and 1 more file has an unknown field {name}\n" in ran.err
    assert ran.err.endswith("\n4 fields were left out.\n")
    jobs = run("jobs", "b2", "--json", "--workspace", images).json["jobs"]
    assert [job["key"] for job in jobs] == ["evil", "same", "two", "waiting"]
    assert [job["status"] for job in jobs] == ["done", "done", "done", "cancelled"]
    assert [job["best_score"] for job in jobs] == [None, 50, 50, None]
    for job in jobs:
        assert run("show", job["id"], "--workspace", images).code == 0
    assert run("export", "b2", tmp_path / "new", "--workspace", images).code == 0
    again = [item for item in read_tree(tmp_path / "new") if isinstance(item, TreeJob)]
    assert [item.report.state for item in again] == ["done", "done", "done", "cancelled"]
    assert [item.report.iterations[0].score for item in again[:3]] == [None, 50, 50]


def test_import_keeps_failures(run, images, tmp_path):
    tree = tmp_path / "tree"
    run("export", "b1", tree, "--workspace", images)
    summary = json.loads((tree / "circles/summary.json").read_text())
    summary |= {"state": "failed", "error": "It broke."}
    (tree / "circles/summary.json").write_text(json.dumps(summary))
    run("import", tree, "--workspace", images)
    batch = run("status", "--json", "--workspace", images).json["batches"][0]
    assert batch["status"] == "done_with_failures"
    job = run("jobs", "b2", "--json", "--workspace", images).json["jobs"][0]
    assert (job["status"], job["error"]) == ("failed", "It broke.")


@pytest.mark.parametrize("content", ["", "notes.txt"])
def test_folder_without_results_imports_nothing(run, images, tmp_path, content):
    folder = tmp_path / "nothing"
    folder.mkdir()
    if content:
        (folder / content).write_text("x")
    ran = run("import", folder, "--workspace", images)
    assert ran.code == 2
    assert "holds no results" in ran.err
    assert len(run("status", "--json", "--workspace", images).json["batches"]) == 1


def test_hidden_characters_in_a_name_are_refused(run, images):
    ran = run("import", images / "outputs", "--name", "a\x1b[31m", "--workspace", images)
    assert ran.code == 2
    assert len(run("status", "--json", "--workspace", images).json["batches"]) == 1


def test_import_that_is_cut_off_leaves_nothing(run, images, monkeypatch):
    monkeypatch.setattr("engine.queueing.import_results.seal_import", lambda *_: 1 / 0)
    assert run("import", images / "outputs", "--workspace", images).code == 70
    monkeypatch.undo()
    assert len(run("status", "--json", "--workspace", images).json["batches"]) == 1
    assert run("db", "check", "--workspace", images).code == 0


def test_imported_job_is_never_made_again_by_mistake(run, images):
    """A decision parks it with a sentence instead of painting over what was imported."""
    run("import", images / "outputs", "--name", "old", "--workspace", images)
    run("decide", "old/circles", "select", "1", "--workspace", images)
    Workspace(images).follow("old")
    job = run("show", "old/circles", "--json", "--workspace", images).json["job"]
    assert (job["status"], job["waits_for"]) == ("parked", "backend")
    assert "imported" in job["message"]
    assert all(turn["artifact"] for turn in job["iterations"])


def test_words_of_an_older_script_are_kept_without_a_score(run, images, tmp_path):
    """The critique of an image is shown, exported and imported again; nothing is left out."""
    folder = tmp_path / "old/results/fox"
    folder.mkdir(parents=True)
    (tmp_path / "old/images").mkdir()
    image = images / "outputs/results/circles/iteration_1.png"
    shutil.copy(image, tmp_path / "old/images/fox_iteration_1.png")
    told = {
        "timestamp": "2025-02-01T10:00:00",
        "prompt": "a fox",
        "image_path": "/elsewhere/outputs/images/fox_iteration_1.png",
        "evaluation": {"evaluation_text": "A fox, and snow."},
        "prompt_data": {"id": "fox", "title": "Fox", "scene": "snow", "mood": "still"},
    }
    (folder / "iteration_1_results.json").write_text(json.dumps(told))
    ran = run("import", tmp_path / "old", "--workspace", images)
    assert (ran.code, ran.err) == (0, "")
    job = run("show", "b2/fox", "--json", "--workspace", images).json["job"]
    (turn,) = job["iterations"]
    assert (turn["critique"], turn["score"], turn["prompt"]) == ("A fox, and snow.", None, "a fox")
    assert run("show", "b2/fox", "--workspace", images).code == 0
    assert run("export", "b2", tmp_path / "new", "--workspace", images).code == 0
    again = run("import", tmp_path / "new", "--workspace", images)
    assert (again.code, again.err) == (0, "")
    job = run("show", "b3/fox", "--json", "--workspace", images).json["job"]
    assert job["iterations"][0]["critique"] == "A fox, and snow."
    assert run("doctor", "--deep", "--workspace", images).code == 0


def test_files_of_text_that_are_not_read_are_counted(run, images, tmp_path):
    run("export", "b1", tmp_path / "out", "--workspace", images)
    (tmp_path / "out/notes.txt").write_text("mine")
    ran = run("import", tmp_path / "out", "--workspace", images)
    assert (ran.code, ran.err) == (0, "1 other file was not read.\n")


def test_an_import_onto_a_full_disk_ends_in_a_sentence(run, images, tmp_path, monkeypatch):
    def full(self, data: bytes) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ArtifactStore, "put", full)
    ran = run("import", images / "outputs", "--workspace", images)
    assert ran.code == 2
    assert ran.err == (
        "Error: A file cannot be written: No space left on device. See: safelight doctor\n"
    )
    assert [batch["id"] for batch in run("status", "--json", "-w", images).json["batches"]] == [
        "b1"
    ]
