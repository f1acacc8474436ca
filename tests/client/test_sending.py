"""A part of a job becomes the input of another recipe, and both ends know of each other."""

import json
import shutil
import sqlite3
from dataclasses import replace
from typing import Annotated

import pytest
from pydantic import BaseModel

from db.queries import lineage
from db.queries.jobs import all_jobs, artifacts, steps
from engine.client.ids import UnknownId, resolve
from engine.client.sending import part_of, split_source
from engine.client.workspace import Workspace
from engine.contract import Artifact
from engine.contract.files import ImageFile, SoundFile
from engine.plugins.catalog import EntryPointCatalog, UnknownName
from engine.queueing.overrides import QueueError
from engine.queueing.parts import UnknownPart
from engine.queueing.sending import file_fields, sent_entry
from tests.cli.conftest import run  # noqa: F401 - a fixture
from tests.support.one_process import compute_here

pytestmark = pytest.mark.usefixtures("one_process")


@pytest.fixture(scope="session")
def _finished(tmp_path_factory):
    """b1: one job with two iterations, and one with one."""
    root = tmp_path_factory.mktemp("sending") / "workspace"
    source = root.parent / "prompts.json"
    entries = [
        {"id": "circles", "prompt": "A lone lighthouse on a cliff at dusk, a storm, cold silver"},
        {"id": "../lemons", "prompt": "A bowl of lemons on a table"},
    ]
    source.write_text(json.dumps(entries))
    settings = {"seed": 11, "width": 96, "height": 96, "max_iterations": 2, "target_score": 100}
    with pytest.MonkeyPatch.context() as patch:
        compute_here(patch)
        workspace = Workspace(root, create=True)
        name = workspace.queue("refine", source, settings=settings)
        assert workspace.follow(name).state == "done"
    return root


@pytest.fixture
def images(_finished, tmp_path):
    """One's own copy of the finished workspace."""
    return shutil.copytree(_finished, tmp_path / "images")


@pytest.fixture
def workspace(images) -> Workspace:
    return Workspace(images)


def _job(workspace: Workspace, batch: str, number: int = 0):
    with workspace.reading() as connection:
        jobs = list(all_jobs(connection, int(batch.removeprefix("b"))))
        return jobs[number]


def _image_of(workspace: Workspace, step_key: str) -> str:
    with workspace.reading() as connection:
        (step,) = [one for one in steps(connection, 1) if one.key == step_key]
        (image,) = [
            one
            for one in artifacts(connection, 1)
            if one.step_id == step.id and one.kind == "image"
        ]
        return image.hash


def test_an_iteration_is_sent_with_the_prompt_that_it_was_generated_from(workspace) -> None:
    batch = workspace.send("j1:iteration-2", "storyboard", settings={"target_duration": 12})
    job = _job(workspace, batch)
    entry = json.loads(job.input)
    with workspace.reading() as connection:
        (generated,) = [s for s in steps(connection, 1) if s.key == "iteration-2/generate"]
    assert entry["reference_image"]["hash"] == _image_of(workspace, "iteration-2/generate")
    assert entry["prompt"] == json.loads(generated.request)["prompt"]
    assert entry["target_duration"] == 12
    assert job.key == "circles-iteration-2"


def test_both_ends_name_each_other(workspace, run) -> None:  # noqa: F811
    batch = workspace.send("b1/circles:iteration-1", "refine", settings={"max_iterations": 1})
    job = _job(workspace, batch)
    with workspace.reading() as connection:
        origin = lineage.origin_of(connection, job.id)
        assert origin is not None
        assert (origin.source_job_id, origin.step_key) == (1, "iteration-1/generate")
        assert origin.source == "b1/circles:iteration-1"
        assert [one.job_id for one in lineage.sent_from(connection, 1)] == [job.id]
    root = workspace.paths.root
    new = run("show", f"j{job.id}", "--json", "--workspace", root).json["job"]
    assert new["sent_from"] == {
        "job": "j1",
        "source": "b1/circles:iteration-1",
        "step": "iteration-1/generate",
        "artifact": _image_of(workspace, "iteration-1/generate"),
        "branch": None,
    }
    assert run("show", "j1", "--json", "--workspace", root).json["job"]["sent_to"] == [
        {"job": f"j{job.id}", "source": "b1/circles:iteration-1", "step": "iteration-1/generate"}
    ]
    assert "sent from  b1/circles:iteration-1 (j1)" in run("show", f"j{job.id}", "-w", root).out
    assert f"sent to  j{job.id} (b1/circles:iteration-1)" in run("show", "j1", "-w", root).out


def test_what_was_sent_runs_from_the_file(workspace) -> None:
    settings = {"max_iterations": 1, "width": 96, "height": 96}
    batch = workspace.send("j1", "refine", settings=settings)
    assert workspace.follow(batch).state == "done"
    job = _job(workspace, batch)
    with workspace.reading() as connection:
        (generated,) = [s for s in steps(connection, job.id) if s.key == "iteration-1/generate"]
    sent = json.loads(job.input)["reference_image"]["hash"]
    assert sent in generated.request


def test_without_a_part_the_best_is_sent(workspace) -> None:
    from db.queries import inspect

    with workspace.reading() as connection:
        best = inspect.glance(connection, 1, "score")
        assert best is not None
        (image,) = [file for file in artifacts(connection, 1) if file.id == best.artifact]
    batch = workspace.send("j1", "storyboard")
    assert json.loads(_job(workspace, batch).input)["reference_image"]["hash"] == image.hash


def test_a_file_is_named_by_its_hash_and_a_step_by_its_key(workspace) -> None:
    wanted = _image_of(workspace, "iteration-1/generate")
    for part in (wanted[:12], "iteration-1/generate"):
        batch = workspace.send(f"j1:{part}", "storyboard")
        sent = json.loads(_job(workspace, batch).input)["reference_image"]["hash"]
        assert sent == wanted


def test_a_text_is_sent_as_the_prompt(workspace) -> None:
    with workspace.reading() as connection:
        (refined,) = [s for s in steps(connection, 1) if s.operation == "refine"]
    batch = workspace.send(f"j1:{refined.key}", "storyboard")
    entry = json.loads(_job(workspace, batch).input)
    assert entry["prompt"] == json.loads(refined.result or "")["prompt"]
    assert "reference_image" not in entry


def test_several_parts_are_one_batch(workspace) -> None:
    batch = workspace.send(["j1:iteration-1", "j1:iteration-2", "j2", "j2"], "storyboard")
    with workspace.reading() as connection:
        jobs = list(all_jobs(connection, int(batch.removeprefix("b"))))
        origins = [lineage.origin_of(connection, job.id) for job in jobs]
    assert [job.key for job in jobs][:2] == ["circles-iteration-1", "circles-iteration-2"]
    assert len({job.key for job in jobs}) == 4
    assert [origin.source_job_id for origin in origins if origin] == [1, 1, 2, 2]


def test_own_fields_win_over_what_is_sent(workspace) -> None:
    batch = workspace.send("j1", "storyboard", settings={"prompt": "My own brief.", "seed": 7})
    job = _job(workspace, batch)
    assert json.loads(job.input)["prompt"] == "My own brief."
    assert "reference_image" in json.loads(job.input)


@pytest.mark.parametrize(
    ("source", "recipe", "error", "words"),
    [
        ("j9", "storyboard", UnknownId, "j9"),
        ("b1", "storyboard", UnknownId, "is a batch"),
        ("j1:iteration-9", "storyboard", UnknownPart, "'iteration-1', 'iteration-2'"),
        ("j1:../../etc/passwd", "storyboard", UnknownPart, "has no"),
        ("j1:8401c1", "storyboard", UnknownPart, "eight or more digits of its hash"),
        ("j1", "dance", UnknownName, "dance"),
    ],
)
def test_what_cannot_be_sent_is_refused_in_a_sentence(
    workspace, source, recipe, error, words
) -> None:
    with pytest.raises(error, match=words):
        workspace.send(source, recipe)
    with workspace.reading() as connection:
        assert connection.execute("SELECT count(*) FROM batches").fetchone()[0] == 1


def test_a_recipe_without_such_a_field_refuses(images) -> None:
    catalog = EntryPointCatalog()
    catalog.recipes["toy"] = "tests.support.toys:TOY"
    workspace = Workspace(images, catalog=catalog)
    with pytest.raises(QueueError, match="Recipe toy takes no file"):
        workspace.send("j1", "toy")


def test_only_recipes_that_take_the_part_are_offered(workspace) -> None:
    recipes = [workspace.catalog.recipe(name) for name in workspace.catalog.names("recipe")]
    image = {recipe.name for recipe in workspace.takers("j1:iteration-1", recipes)}
    assert {"refine", "storyboard"} <= image
    assert image.isdisjoint({"music-video", "sound-effect", "visual-prompts"})
    with workspace.reading() as connection:
        (refined,) = [s for s in steps(connection, 1) if s.operation == "refine"]
    text = {recipe.name for recipe in workspace.takers(f"j1:{refined.key}", recipes)}
    assert {"refine", "storyboard", "sound-effect"} <= text
    assert "music-video" not in text


def test_an_image_is_not_taken_for_a_song(workspace) -> None:
    with pytest.raises(QueueError, match="Recipe music-video takes no image, and b1/circles:"):
        workspace.send("j1:iteration-1", "music-video")


def test_an_image_is_taken_beside_a_song(workspace, tmp_path) -> None:
    song = tmp_path / "song.wav"
    song.write_bytes(b"RIFF")
    with workspace.reading() as connection:
        part = part_of(connection, workspace.catalog, resolve(connection, "j1"), "iteration-1")
    recipe = workspace.catalog.recipe("music-video")
    job = _job(workspace, "b1")
    files = workspace.artifacts
    sent = sent_entry(recipe, job, part, "j1:iteration-1", files, {"song": str(song)})
    assert sent.fields["song"] == str(song)
    stored = files.path(part.artifact.hash)
    assert sent.fields["control_image"] == str(stored.absolute())


def test_fields_of_files_know_their_kinds() -> None:
    class Entry(BaseModel):
        any_file: Artifact | None = None
        sound: SoundFile
        image: ImageFile | None = None
        many: tuple[Annotated[ImageFile, "x"], ...] = ()
        words: str = ""

    assert file_fields(Entry) == {
        "any_file": frozenset(),
        "sound": {"audio"},
        "image": {"image"},
        "many": {"image"},
    }


def test_a_stored_file_that_is_gone_is_a_sentence(workspace) -> None:
    wanted = _image_of(workspace, "iteration-1/generate")
    (workspace.paths.artifacts / wanted[:2] / wanted[2:]).unlink()
    with pytest.raises(QueueError, match="is gone"):
        workspace.send("j1:iteration-1", "storyboard")


def test_a_hash_that_is_no_hash_leads_nowhere(workspace) -> None:
    with sqlite3.connect(workspace.paths.store) as connection:
        connection.execute("UPDATE artifacts SET hash = '../../../../etc/passwd'")
    with pytest.raises(Exception, match=r"hexadecimal|nothing"):
        workspace.send("j1:iteration-1", "storyboard")


def test_names_may_hold_colons(workspace) -> None:
    with sqlite3.connect(workspace.paths.store) as connection:
        connection.execute("UPDATE batches SET name = 'a:b' WHERE id = 1")
        connection.execute("UPDATE jobs SET key = 'c:d' WHERE id = 1")
    with workspace.reading() as connection:
        named, part = split_source(connection, "a:b/c:d:iteration-2")
    assert named.job is not None
    assert (named.job.id, part) == (1, "iteration-2")


def test_the_command_sends_and_says_so(run, images) -> None:  # noqa: F811
    ran = run("send", "b1/circles:iteration-2", "storyboard", "--dry-run", "--json", "-w", images)
    assert ran.json["jobs"] == 1
    ran = run("send", "b1/circles:iteration-2", "storyboard", "--set", "scenes=2", "-w", images)
    assert ran.code == 2  # scenes are a list
    ran = run("send", "b1/circles:iteration-2", "storyboard", "--name", "film", "-w", images)
    assert (ran.code, ran.lines[0]) == (0, "Queued b2.")
    assert "start one" in ran.out
    ran = run("send", "b1/circles:iteration-7", "storyboard", "-w", images)
    assert (ran.code, "It has: 'iteration-1', 'iteration-2'" in ran.err) == (2, True)
    assert run("jobs", "film", "--json", "-w", images).json["jobs"][0]["status"] == "queued"


def test_a_recipe_may_name_the_part_that_is_sent(workspace, images):
    class Named(EntryPointCatalog):
        def recipe(self, name):
            found = super().recipe(name)
            if name != "refine":
                return found
            return replace(found, best_part=lambda result: f"iteration-{3 - result['iteration']}")

    result = _job(workspace, "b1").decoded_result
    opened = Workspace(images, catalog=Named())
    batch = opened.send(["b1/circles"], "storyboard")
    sent = json.loads(_job(opened, batch).input)
    other = f"iteration-{3 - result['iteration']}/generate"
    assert sent["reference_image"]["hash"] == _image_of(workspace, other)
