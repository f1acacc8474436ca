import hashlib
import io
import json
import os
import re
import sqlite3
import time
import tomllib
from collections import Counter
from functools import partial

import pytest

from db.store import Store
from engine.backends.local import packages
from engine.client import unreferenced
from engine.client.doctor import backends as checks_of_backends
from engine.client.workspace import Workspace
from engine.config.paths import WorkspacePaths
from engine.config.settings import read_settings
from engine.queueing import import_results as importing
from engine.queueing.import_results import import_tree
from engine.queueing.queue import QueueOptions
from engine.recipes.refine import RECIPE
from engine.runtime.artifacts import ArtifactStore
from engine.runtime.intake_lock import IntakeBusy, nothing_taken_in, taking_in
from engine.runtime.lock import EngineLock
from tui.screens.new_batch.readiness import read_readiness


def aged(path, seconds=7200):
    then = time.time() - seconds
    os.utime(path, (then, then))
    return path


def store_file(root, data, *, old=True):
    artifacts = ArtifactStore(root / ".safelight/artifacts")
    path = artifacts.path(artifacts.put(data))
    return aged(path) if old else path


def problems(ran):
    return {check["name"]: check for check in ran.json["checks"] if check["state"] == "problem"}


# -- doctor -------------------------------------------------------------------------------------


def test_doctor_finds_nothing_wrong_with_a_sound_workspace(run, images):
    ran = run("doctor", "--deep", "--workspace", images)
    assert ran.code == 0
    assert not any(line.startswith("✗ ") for line in ran.lines)
    document = run("doctor", "--json", "--workspace", images).json
    assert set(document) == {"version", "ok", "counts", "checks"}
    assert document["ok"] is True
    fields = {"name", "ok", "state", "found", "remedy"}
    assert all(set(check) == fields for check in document["checks"])
    states = Counter(check["state"] for check in document["checks"])
    assert document["counts"] == {"ok": states["ok"], "hint": states["hint"], "problem": 0}
    assert all(check["ok"] is (check["state"] == "ok") for check in document["checks"])
    hints = f"{states['hint']} hint{'' if states['hint'] == 1 else 's'}"
    assert ran.lines[-1] == f"No problems, {hints} (–), {states['ok']} in order."
    names = {check["name"] for check in document["checks"]}
    assert {"versions", "sqlite", "store", "privacy", "disk", "engine", "files"} <= names


def test_doctor_tells_parked_jobs_and_what_to_do(run, toys):
    ran = run("doctor", "--json", "--workspace", toys)
    assert ran.code == 1
    assert "TOY_KEY" in problems(ran)["parked"]["remedy"]
    assert "✗ parked: 1 of b2 parked (key)" in run("doctor", "--workspace", toys).out


def test_doctor_without_a_workspace_says_how_to_make_one(run, tmp_path):
    ran = run("doctor", "--json", "--workspace", tmp_path)
    assert ran.code == 1
    assert "safelight init" in problems(ran)["store"]["found"]
    assert findings_of(run, tmp_path, "builtin (")[0]["ok"]
    assert list(tmp_path.iterdir()) == []


def test_doctor_names_files_that_are_gone_or_damaged(run, images):
    job = run("show", "j1", "--json", "--workspace", images).json["job"]
    artifacts = ArtifactStore(images / ".safelight/artifacts")
    path = artifacts.path(job["iterations"][0]["artifact"])
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert run("doctor", "--workspace", images).code == 0
    ran = run("doctor", "--deep", "--json", "--workspace", images)
    assert "damaged" in problems(ran)["files"]["found"]
    path.unlink()
    ran = run("doctor", "--json", "--workspace", images)
    assert job["iterations"][0]["artifact"][:12] in problems(ran)["files"]["found"]


def test_doctor_sees_an_engine_that_was_lost_and_one_that_is_silent(run, toys):
    with sqlite3.connect(toys / ".safelight/safelight.db") as connection:
        connection.execute("UPDATE engines SET state = 'running', seen_at = '2020-01-01T00:00:00Z'")
    ran = run("doctor", "--json", "--workspace", toys)
    assert "ended without saying so" in problems(ran)["engine"]["found"]
    with EngineLock(toys / ".safelight/engine.lock"):
        ran = run("doctor", "--json", "--workspace", toys)
    assert "has not reported for" in problems(ran)["engine"]["found"]


def test_doctor_sees_open_permissions_settings_and_half_queued_batches(run, toys):
    (toys / ".safelight").chmod(0o755)
    with sqlite3.connect(toys / ".safelight/safelight.db") as connection:
        connection.execute(
            """UPDATE batches SET preparing = 1, preparer = '1@elsewhere',
               created_at = '2020-01-01T00:00:00Z' WHERE id = 3"""
        )
    found = problems(run("doctor", "--json", "--workspace", toys))
    assert "chmod 700" in found["privacy"]["remedy"]
    assert "1@elsewhere" in found["queueing"]["found"]
    (toys / "safelight.toml").write_text("[engine]\nnonsense = 1\n")
    assert "nonsense" in problems(run("doctor", "--json", "--workspace", toys))["settings"]["found"]


def test_doctor_of_a_damaged_store_is_no_traceback(run, toys):
    path = toys / ".safelight/safelight.db"
    data = bytearray(path.read_bytes())
    data[4096:40960] = b"\xff" * 36864
    path.write_bytes(data)
    ran = run("doctor", "--workspace", toys)
    assert ran.code == 1
    assert "Traceback" not in ran.out + ran.err
    assert "✗ store" in ran.out


def test_backend_of_a_waiting_batch_that_is_not_ready_is_a_problem(run, toys, monkeypatch):
    lacks = {"missing": [{"what": "a key", "remedy": "Set TOY_KEY."}], "client": None}
    families = [
        {"name": name, "capabilities": [lacks | {"capability": one} for one in of]}
        for name, of in {"toy": ["text"], "other": ["text", "image"]}.items()
    ]
    monkeypatch.setattr(checks_of_backends, "read_backends", lambda _root, _catalog: families)
    monkeypatch.setattr(checks_of_backends, "read_backend", lambda *_named: lacks)
    document = run("doctor", "--json", "--workspace", toys).json
    used, unused = (check for check in document["checks"] if check["name"] == "backend")
    assert used == {
        "name": "backend",
        "ok": False,
        "state": "problem",
        "found": "toy (text) needs a key",
        "remedy": "Set TOY_KEY.",
    }
    assert (unused["state"], unused["ok"], unused["remedy"]) == ("hint", False, "Set TOY_KEY.")
    assert unused["found"] == "other (text, image) needs a key; nothing that is queued uses it"
    assert "– backend: other (text, image)" in run("doctor", "--workspace", toys).out


def test_backend_without_its_key_has_no_tick_and_the_form_says_the_same(run, tmp_path, monkeypatch):
    for name in ("OPENAI_API_KEY", "FAL_KEY", "FAL_AI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    checks = findings_of(run, tmp_path, "")
    ready = {
        (check["found"].split()[0], capability): check["ok"]
        for check in checks
        if check["name"] == "backend"
        for capability in re.search(r"\((.*?)\)", check["found"])[1].split(", ")
    }
    assert not ready["openai", "image"]
    assert not ready["fal", "video"]
    assert all(
        check["remedy"] for check in checks if not check["ok"] and check["name"] == "backend"
    )
    shown = read_readiness(tmp_path)
    assert ready == {
        (name, capability): not lacks
        for capability, backends in shown.items()
        for name, lacks in backends.items()
    }


def test_backend_that_cannot_be_loaded_is_listed(run, tmp_path, monkeypatch):
    broken = {"name": "odd", "summary": "cannot be loaded: ImportError: x", "capabilities": []}
    monkeypatch.setattr(checks_of_backends, "read_backends", lambda _root, _catalog: [broken])
    assert "– backend: odd cannot be loaded: ImportError: x" in run("doctor", "-w", tmp_path).out


def test_settings_of_open_batches_count_and_the_default_is_a_hint(run, toys, tmp_path, monkeypatch):
    monkeypatch.setattr(packages, "PACKAGES", {})
    there = tmp_path / "aesthetic.safetensors"
    there.touch()
    files = dict.fromkeys(("aesthetic", "aesthetic_tower", "similarity"), str(there))
    own = {"scorers": ["aesthetic"], **files}
    monkeypatch.setattr(
        checks_of_backends, "open_snapshots", lambda _connection: iter([_scored_by(own)] * 2)
    )
    (found,) = findings_of(run, toys, "local (score)")
    assert found["state"] == "hint"
    assert found["remedy"]
    assert "is ready for what is queued; a new batch with the settings here needs" in found["found"]

    gone = own | {"similarity": str(tmp_path / "gone")}
    monkeypatch.setattr(
        checks_of_backends,
        "open_snapshots",
        lambda _connection: iter([_scored_by(own), _scored_by(gone)]),
    )
    (found,) = findings_of(run, toys, "local (score)")
    assert found["state"] == "problem"
    assert str(tmp_path / "gone") in found["found"]
    assert "pickscore" not in found["found"]


def _scored_by(settings):
    made = {"name": "local", "model": "", "version": "1", "settings": settings}
    return json.dumps({"backends": {"score": made}})


def findings_of(run, root, beginning):
    checks = run("doctor", "--json", "--workspace", root).json["checks"]
    return [check for check in checks if check["found"].startswith(beginning)]


# -- init ---------------------------------------------------------------------------------------


def test_init_makes_a_workspace_whose_settings_are_the_defaults(run, tmp_path):
    root = tmp_path / "new"
    assert run("init", "--workspace", root).code == 0
    assert (root / ".safelight/.gitignore").read_text().endswith("*\n")
    assert (root / ".safelight").stat().st_mode & 0o077 == 0
    text = (root / "safelight.toml").read_text()
    bare = read_settings(tmp_path)
    assert read_settings(root).model_dump(exclude={"backends", "recipes"}) == bare.model_dump(
        exclude={"backends", "recipes"}
    )
    changed = re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE)
    assert tomllib.loads(changed)["recipes"]["refine"]["max_iterations"] == 3
    (root / "safelight.toml").write_text(changed)
    spelled = read_settings(root)
    for name in ("engine", "retry", "outputs", "store", "log"):
        assert getattr(spelled, name) == getattr(bare, name)
    assert run("doctor", "--workspace", root).code == 0


def test_init_overwrites_nothing(run, toys, tmp_path):
    (toys / "safelight.toml").write_text("# mine\n")
    before = run("status", "--json", "--workspace", toys).json
    assert run("init", "--workspace", toys).code == 0
    assert (toys / "safelight.toml").read_text() == "# mine\n"
    assert run("status", "--json", "--workspace", toys).json == before
    elsewhere = tmp_path / "elsewhere.toml"
    (toys / "safelight.toml").unlink()
    (toys / "safelight.toml").symlink_to(elsewhere)
    run("init", "--workspace", toys)
    assert not elsewhere.exists()


# -- gc -----------------------------------------------------------------------------------------


def test_gc_shows_use_and_removes_what_nothing_names(run, images):
    orphan, fresh = store_file(images, b"orphan"), store_file(images, b"fresh", old=False)
    half = orphan.parent / ".new-abc"
    half.write_bytes(b"half")
    aged(half)
    named = [path for path in (images / ".safelight/artifacts").glob("*/*") if path != orphan]
    for path in named:
        if path != fresh:
            aged(path)

    ran = run("gc", "--dry-run", "--workspace", images)
    assert "2 files without a reference: 10 B." in ran.out
    assert "b1" in ran.out
    assert orphan.exists()
    assert "safelight gc --yes" in run("gc", "--workspace", images).out
    assert orphan.exists()
    ran = run("gc", "--yes", "--workspace", images)
    assert "Removed 2 files: 10 B." in ran.out
    assert not orphan.exists()
    assert not half.exists()
    assert fresh.exists()
    fresh.unlink()
    assert run("doctor", "--deep", "--workspace", images).code == 0


def test_gc_keeps_images_that_only_the_input_of_a_job_names(run, images, tmp_path):
    reference = next((images / "outputs/results/circles").glob("*.png")).read_bytes()
    shutil_copy = tmp_path / "reference.png"
    from PIL import Image

    Image.new("RGB", (80, 80), "red").save(shutil_copy)
    source = tmp_path / "more.json"
    source.write_text(json.dumps([{"prompt": "like this", "reference_image": "reference.png"}]))
    Workspace(images).queue("refine", source)
    hash_ = hashlib.sha256(shutil_copy.read_bytes()).hexdigest()
    stored = aged(ArtifactStore(images / ".safelight/artifacts").path(hash_))
    assert reference != shutil_copy.read_bytes()
    assert "nothing to remove" in run("gc", "--yes", "--workspace", images).out
    assert stored.exists()
    stored.unlink()
    ran = run("doctor", "--json", "--workspace", images)
    assert hash_[:12] in problems(ran)["files"]["found"]


def test_gc_removes_nothing_while_an_engine_runs(run, images):
    orphan = store_file(images, b"orphan")
    with EngineLock(Workspace(images).paths.lock):
        ran = run("gc", "--yes", "--workspace", images)
    assert "Nothing is removed while it runs" in ran.out
    assert orphan.exists()


def test_file_that_was_named_or_written_meanwhile_stays(images):
    workspace = Workspace(images)
    orphan = store_file(images, b"orphan")
    found = list(unreferenced.find_unnamed(workspace))
    os.utime(orphan)
    assert unreferenced.remove_unnamed(workspace, found) == []
    assert orphan.exists()


# -- db -----------------------------------------------------------------------------------------


def test_db_path_check_and_backup(run, toys, tmp_path):
    path = run("db", "path", "--workspace", toys).out.strip()
    assert path == str(toys / ".safelight/safelight.db")
    assert run("db", "check", "--workspace", toys).code == 0
    copy = tmp_path / "copies" / "store.db"
    assert run("db", "backup", copy, "--workspace", toys).code == 0
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (6,)
    assert copy.stat().st_mode & 0o077 == 0
    again = run("db", "backup", copy, "--workspace", toys)
    assert (again.code, "already there" in again.err) == (2, True)


def test_db_prune_shows_and_removes_old_history_and_costs_show_what_faults_cost(
    run, toys, monkeypatch
):
    at = ("--workspace", toys)
    costs, retries = run("costs", "--json", *at).json, run("costs", "--retries", "--json", *at).json
    assert {one["fault"] for one in retries["faults"]} >= {"permanent", "bug"}
    shown = run("costs", "--retries", *at).out
    assert "will never work" in shown
    assert f"{retries['attempts']} attempts failed; they have cost $0.0025." in shown
    assert "All history is kept" in run("db", "prune", *at).out
    monkeypatch.setenv("SAFELIGHT_STORE__KEEP_ERRORS", "0")
    monkeypatch.setenv("SAFELIGHT_STORE__KEEP_CALLS", "0h")
    dry = run("db", "prune", "--dry-run", "--json", *at).json["removed"]
    assert dry["errors"]["bytes"] > 0
    assert run("db", "prune", "--json", *at).json["removed"] == dry
    assert run("db", "prune", "--json", *at).json["removed"]["errors"]["rows"] == 0
    assert run("costs", "--json", *at).json == costs
    assert run("costs", "--retries", "--json", *at).json == retries
    monkeypatch.setenv("SAFELIGHT_STORE__KEEP_CALLS", "soon")
    assert "must be a duration" in run("db", "prune", *at).err


def test_db_check_of_a_damaged_store(run, toys):
    with sqlite3.connect(toys / ".safelight/safelight.db") as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("UPDATE scores SET step_id = 999")
        connection.execute(
            "INSERT INTO scores (step_id, metric, value, scorer) VALUES (999, 'm', 1, 's')"
        )
    ran = run("db", "check", "--workspace", toys)
    assert ran.code == 1
    assert "rows name others that are not there" in ran.out


@pytest.mark.parametrize("command", [["db", "path"], ["db", "check"], ["gc"], ["jobs", "b1"]])
def test_file_that_is_no_store_is_a_sentence(run, tmp_path, command):
    (tmp_path / ".safelight").mkdir()
    (tmp_path / ".safelight/safelight.db").write_bytes(b"not a database at all" * 100)
    ran = run(*command, "--workspace", tmp_path)
    assert ran.code == 2
    assert "Traceback" not in ran.err


class Watched(io.BytesIO):
    """An input that does something before its end is seen."""

    def __init__(self, data, at_end):
        super().__init__(data)
        self._at_end = at_end

    def readinto(self, buffer):
        count = super().readinto(buffer)
        if not count:
            self._at_end()
        return count


def test_gc_leaves_a_file_that_an_input_is_about_to_name(run, images, tmp_path):
    from PIL import Image

    workspace, said, stored = Workspace(images), [], []
    gc, inputs = partial(run, "gc", "--yes", "--workspace", images), []
    for shade in (1, 2):
        path = tmp_path / f"{shade}.png"
        Image.new("RGB", (64, 64), (shade, 8, 7)).save(path)
        stored.append(store_file(images, path.read_bytes()))
        entry = {"id": str(shade), "prompt": "a fox", "reference_image": str(path)}
        inputs.append(Watched(json.dumps(entry).encode() + b"\n", lambda: said.append(gc().out)))
    options = QueueOptions(file_format="jsonl")
    batch = workspace.queue("refine", inputs[0], options=options)
    workspace.append(batch, inputs[1], options)
    assert len(said) == 2
    assert all("Something is being queued" in text for text in said)
    assert all(path.exists() for path in stored)


def test_gc_waits_for_no_import_and_removes_nothing_of_it(run, images, monkeypatch):
    stored = store_file(images, b"about to be named")
    with taking_in(WorkspacePaths(images).intake_lock):
        ran = run("gc", "--yes", "--workspace", images)
    assert (ran.code, stored.exists()) == (0, True)
    run("gc", "--yes", "--workspace", images)
    assert not stored.exists()
    seen = []
    monkeypatch.setattr(importing, "add_done_jobs", lambda *_: seen.append(_is_held(images)))
    folder = images / "outputs" / "results"
    paths = WorkspacePaths(images)
    import_tree(paths, Store(paths.store), RECIPE, folder, folder)
    assert seen == [True]


def _is_held(root) -> bool:
    try:
        with nothing_taken_in(WorkspacePaths(root).intake_lock):
            return False
    except IntakeBusy:
        return True
