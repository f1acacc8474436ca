import json
import os
from typing import Any

import pytest

from engine.contract.folder import ExportError
from engine.contract.importing import TreeProblem
from engine.recipes.refine.import_tree import TreeJob, read_image, read_tree
from engine.recipes.refine.outputs import write_job
from tests.support.refine_results import image, make_job, make_turn, stamped


def jobs(folder) -> list[TreeJob]:
    return [found for found in read_tree(folder) if isinstance(found, TreeJob)]


def problems(folder) -> list[TreeProblem]:
    return [found for found in read_tree(folder) if isinstance(found, TreeProblem)]


@pytest.mark.parametrize("formats", [{"json", "yaml"}, {"json"}, {"yaml"}])
def test_what_is_written_is_read_back(job, shelf, tmp_path, formats):
    results = tmp_path / "outputs" / "results"
    write_job(job, results / "lamp", shelf.path, frozenset(formats))
    (found,) = read_tree(results)
    assert found.report == job
    assert found.folder == results / "lamp"
    assert found.images == {
        1: results / "lamp/iteration_1.png",
        2: results / "lamp/iteration_2.png",
    }


def test_a_job_without_images_is_read_back(shelf, tmp_path):
    job = make_job(state="failed", error="no key", totals={"calls": 1})
    write_job(job, tmp_path / "lamp", shelf.path)
    (found,) = read_tree(tmp_path)
    assert found.report == job
    assert found.images == {}


def test_a_converted_image_comes_back_as_what_lies_there(shelf, tmp_path):
    job = make_job(make_turn(shelf.keep(image("JPEG"), "image/jpeg")))
    write_job(job, tmp_path / "lamp", shelf.path)
    (found,) = read_tree(tmp_path)
    (turn,) = found.report.iterations
    data = read_image(found.images[1])
    assert turn.artifact.media_type == "image/png"
    assert turn.artifact.size == len(data)
    assert turn.model_copy(update={"artifact": job.iterations[0].artifact}) == job.iterations[0]


@pytest.mark.parametrize("start", ["", "results", "results/evening", "results/evening/lamp"])
def test_a_tree_is_found_from_any_of_its_folders(job, shelf, tmp_path, start):
    write_job(job, tmp_path / "results/evening/lamp", shelf.path)
    (found,) = jobs(tmp_path / start)
    place = (tmp_path / "results/evening/lamp").relative_to(tmp_path / start).as_posix()
    assert found.report == job.model_copy(update={"output": place})


def test_an_older_scripts_tree_is_read(tmp_path):
    folder = tmp_path / "fox in snow"
    folder.mkdir()
    (folder / "iteration_1.png").write_bytes(image())
    (folder / "iteration_1_results.json").write_text(
        json.dumps({"prompt": "a fox", "score": "72", "seed": "5", "evaluation": {"score": 70}})
    )
    (folder / "iteration_2.png").write_bytes(image("JPEG"))
    (folder / "iteration_2_results.yaml").write_text("prompt: a red fox\nscore: 88.5\n")
    (found,) = read_tree(tmp_path)
    report = found.report
    assert (report.key, report.state, report.best) == ("fox in snow", "done", 2)
    assert report.input == {"prompt": "a fox"}
    assert [turn.prompt for turn in report.iterations] == ["a fox", "a red fox"]
    assert [turn.score for turn in report.iterations] == [72.0, 88.5]
    assert [turn.seed for turn in report.iterations] == [5, None]
    assert [turn.artifact.media_type for turn in report.iterations] == ["image/png", "image/jpeg"]
    assert (report.iterations[1].width, report.iterations[1].height) == (16, 8)
    assert report.iterations[0].evaluation.score == 70
    assert report.totals.iterations == 2


def test_images_alone_tell_their_own_lineage(tmp_path):
    (tmp_path / "iteration_1.png").write_bytes(stamped(prompt="a lamp, red"))
    (found,) = read_tree(tmp_path)
    (turn,) = found.report.iterations
    assert (turn.prompt, turn.seed, turn.model) == ("a lamp, red", 7, "painter")


def test_an_image_without_a_prompt_is_taken_and_said(tmp_path):
    (tmp_path / "iteration_1.png").write_bytes(image())
    assert [turn.prompt for turn in jobs(tmp_path)[0].report.iterations] == [""]
    assert [problem.message for problem in problems(tmp_path)] == ["is there without its prompt"]


def break_file(path, content: bytes):
    path.unlink()
    path.write_bytes(content)


BOMB = b"a: &a [x, x, x, x, x, x, x, x, x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (c, c, b", ".join([b"*%c" % (c - 1)] * 9)) for c in range(98, 110)
)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("iteration_1_results.json", b"{", "not JSON"),
        ("iteration_1_results.json", b"[" * 200_000, "32 deep"),
        ("iteration_1_results.json", b"\xff\xfe{}", "not UTF-8"),
        ("iteration_1_results.json", b"[1]", "holds no object"),
        ("iteration_1_results.yaml", BOMB, "aliases"),
        ("iteration_1_results.yaml", b"!!python/object/apply:os.system [id]", "tag"),
        ("iteration_1.png", b"not an image", "not an image"),
        ("iteration_1.png", b"", "not an image"),
        ("summary.json", b"nonsense", "not JSON"),
    ],
)
def test_one_bad_file_is_one_problem_and_the_rest_goes_on(
    job, shelf, tmp_path, name, content, message
):
    formats = frozenset({"yaml" if name.endswith("yaml") else "json"})
    for place in ("bad", "good"):
        write_job(job, tmp_path / place, shelf.path, formats)
    break_file(tmp_path / "bad" / name, content)
    (problem,) = problems(tmp_path)
    assert message in problem.message
    assert problem.path == tmp_path / "bad" / name
    bad, good = jobs(tmp_path)
    assert good.report == job.model_copy(update={"output": "good"})
    assert len(bad.report.iterations) == (1 if name.endswith("png") else 2)
    assert len(bad.images) == len(bad.report.iterations)


def test_an_iteration_without_its_image_is_left_out(job, shelf, tmp_path):
    write_job(job, tmp_path / "lamp", shelf.path)
    (tmp_path / "lamp/iteration_2.png").unlink()
    (problem,) = problems(tmp_path)
    assert "has no iteration_2.png" in problem.message
    assert [turn.number for turn in jobs(tmp_path)[0].report.iterations] == [1]
    assert jobs(tmp_path)[0].report.best == 1


def test_links_are_not_followed(job, shelf, tmp_path):
    write_job(job, tmp_path / "outside/lamp", shelf.path)
    tree = tmp_path / "tree"
    write_job(job, tree / "lamp", shelf.path)
    (tree / "linked").symlink_to(tmp_path / "outside/lamp")
    (tree / "loop").symlink_to(tree)
    (tree / "lamp/iteration_2.png").unlink()
    (tree / "lamp/iteration_2.png").symlink_to(tmp_path / "outside/lamp/iteration_2.png")
    messages = {problem.path.name: problem.message for problem in problems(tree)}
    assert set(messages) == {"linked", "loop", "iteration_2.png", "lamp"}
    assert "links are not followed" in messages["iteration_2.png"]
    assert [turn.number for turn in jobs(tree)[0].report.iterations] == [1]
    with pytest.raises(ExportError, match="link"):
        read_image(tree / "lamp/iteration_2.png")


def test_pipes_and_huge_files_are_refused_without_being_read(job, shelf, tmp_path):
    write_job(job, tmp_path / "lamp", shelf.path, frozenset({"json"}))
    (tmp_path / "lamp/summary.json").unlink()
    os.mkfifo(tmp_path / "lamp/summary.json")
    for name in ("iteration_1_results.json", "iteration_2.png"):
        (tmp_path / "lamp" / name).unlink()
        with (tmp_path / "lamp" / name).open("wb") as stream:
            stream.truncate(1 << 40)
    messages = {problem.path.name: problem.message for problem in problems(tmp_path)}
    assert messages["summary.json"] == "is not a regular file"
    assert "has more than" in messages["iteration_1_results.json"]
    assert "has more than" in messages["iteration_2.png"]
    assert len(jobs(tmp_path)) == 1


def test_hostile_values_count_as_missing(job, shelf, tmp_path):
    write_job(job, tmp_path / "lamp", shelf.path, frozenset({"json"}))
    deep: dict[str, Any] = {"a": None}
    for _ in range(200):
        deep = {"a": deep}
    results = {
        "id": "x\x1b[31m",
        "prompt": ["a"],
        "seed": -1,
        "score": 1e99,
        "timings": {"generate": "NaN", "evaluate": -1, "refine": 2},
        "cost_usd": float("inf"),
        "started_at": "\x1b[31m",
        "evaluation": "good",
        "size": "9999999x1",
    }
    summary = {
        "id": 7.5,
        "state": "winning",
        "best": {"iteration": 99},
        "input": deep,
        "job": "x",
        "folder": "../../etc",
    }
    break_file(tmp_path / "lamp/iteration_1_results.json", json.dumps(results).encode())
    break_file(tmp_path / "lamp/iteration_1_evaluation.json", b'{"score": true}')
    break_file(tmp_path / "lamp/summary.json", json.dumps(summary).encode())
    (found,) = jobs(tmp_path)
    turn, report = found.report.iterations[0], found.report
    assert (turn.prompt, turn.seed, turn.score, turn.evaluation) == ("a lamp", 7, None, None)
    assert (turn.timings, turn.cost_microdollars, turn.started_at) == ({"refine": 2.0}, 0, None)
    assert (turn.width, turn.height) == (16, 8)
    assert (report.key, report.state, report.best, report.id) == ("lamp", "done", 2, None)
    assert report.output == "lamp"
    assert report.model_dump_json()


def test_text_that_is_half_a_character_does_not_stop_the_rest(job, shelf, tmp_path):
    write_job(job, tmp_path / "bad", shelf.path, frozenset({"json"}))
    write_job(job, tmp_path / "good", shelf.path, frozenset({"json"}))
    break_file(tmp_path / "bad/iteration_1_results.json", b'{"prompt": "half \\ud800"}')
    break_file(
        tmp_path / "bad/summary.json", b'{"input": {"\\ud800": "\\udfff"}, "title": "\\ud800"}'
    )
    bad, good = jobs(tmp_path)
    assert bad.report.iterations[0].prompt == "half \ufffd"
    assert good.report.title == job.title
    assert bad.report.model_dump_json()


def test_a_tree_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError):
        list(read_tree(tmp_path / "nothing"))
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotADirectoryError):
        list(read_tree(tmp_path / "file"))
    assert list(read_tree(tmp_path)) == []


def test_an_old_summary_beside_folders_is_no_job(job, shelf, tmp_path):
    write_job(job, tmp_path / "lamp", shelf.path)
    (tmp_path / "summary.json").write_text('{"total": 1}')
    assert [found.report.key for found in read_tree(tmp_path)] == ["lamp"]
