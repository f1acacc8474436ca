"""Trees of older scripts: images two folders away, other names, and what is left out of them."""

import json
import shutil
from pathlib import Path

import pytest

from engine.contract.importing import TreeField, TreeProblem
from engine.recipes.refine.import_tree import TreeJob, read_tree
from tests.support.refine_results import image

WORDS = "A lighthouse stands to the left.\n\nThe light is cold."


def older_tree(root: Path, kind: str = "PNG") -> Path:
    """The folder of one run of the older script: results, images and evaluations side by side."""
    results, images = root / "results/last-light", root / "images"
    for folder in (results, images, root / "evaluations"):
        folder.mkdir(parents=True)
    turns = {}
    for number in (1, 2):
        name = f"last-light_iteration_{number}.{kind.lower()}"
        (images / name).write_bytes(image(kind, shade=number))
        told = {
            "timestamp": f"2025-02-0{number}T10:00:00.5",
            "iteration": number,
            "prompt": f"a lighthouse, take {number}",
            "image_path": f"/home/someone/data/outputs/images/{name}",
            "evaluation": {"evaluation_text": WORDS} if number == 1 else None,
            "prompt_data": {
                "id": "last-light",
                "title": "Last light",
                "scene": "A rocky coast",
                "mood": "calm",
                "prompt": "a lighthouse",
            },
        }
        (results / f"iteration_{number}_results.json").write_text(json.dumps(told))
        turns[str(number)] = {
            "timestamp": told["timestamp"],
            "image_path": told["image_path"],
            "has_evaluation": number == 1,
            "status": "completed",
        }
    (root / f"evaluations/last-light_iteration_2.{kind.lower()}.evaluation.txt").write_text("Dim.")
    summary = {
        "prompt_id": "last-light",
        "iterations": turns,
        "last_updated": "2025-02-02T10:00:01",
        "total_iterations": 2,
    }
    (results / "summary.json").write_text(json.dumps(summary))
    return root


def jobs(folder: Path) -> list[TreeJob]:
    return [item for item in read_tree(folder) if isinstance(item, TreeJob)]


def left_out(folder: Path) -> list[TreeProblem | TreeField]:
    return [item for item in read_tree(folder) if isinstance(item, TreeProblem | TreeField)]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_an_older_scripts_tree_is_read_whole(tmp_path, kind):
    tree = older_tree(tmp_path / "outputs", kind)
    (job,) = read_tree(tree)  # and nothing that was left out
    report = job.report
    assert (report.key, report.title) == ("last-light", "Last light")
    assert report.input == {
        "prompt": "a lighthouse",
        "title": "Last light",
        "scene": "A rocky coast",
        "mood": "calm",
    }
    one, two = report.iterations
    assert (one.prompt, two.prompt) == ("a lighthouse, take 1", "a lighthouse, take 2")
    assert one.finished_at == "2025-02-01T10:00:00.5"
    assert (one.evaluation.description, one.evaluation.score) == (WORDS, None)
    assert two.evaluation.description == "Dim."
    name = f"last-light_iteration_2.{kind.lower()}"
    assert job.images[2] == (tree / "images" / name).resolve()


def test_an_image_that_is_not_in_the_tree_is_named_and_not_opened(tmp_path):
    tree = older_tree(tmp_path / "outputs")
    said = left_out(tree / "results")
    assert [item.path.name for item in said] == [
        "iteration_1_results.json",
        "iteration_2_results.json",
    ]
    assert all("not in the imported folder" in item.message for item in said)
    assert jobs(tree / "results")[0].report.iterations == ()


@pytest.mark.parametrize(
    "told",
    [
        "/etc/hostname",
        "../../../secret.png",
        "..\\..\\..\\secret.png",
        "linked/secret.png",
        "\0",
        "x" * 5000 + ".png",
        "..",
        "",
    ],
)
def test_a_hostile_path_leads_nowhere(tmp_path, told):
    (tmp_path / "secret.png").write_bytes(image())
    tree = older_tree(tmp_path / "outputs")
    (tree / "results/last-light/linked").symlink_to(tmp_path)
    (tree / "images/secret.png").symlink_to(tmp_path / "secret.png")
    path = tree / "results/last-light/iteration_1_results.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"image_path": told}))
    (job,) = jobs(tree)
    assert [turn.number for turn in job.report.iterations] == [2]
    assert all(found.is_relative_to(tree) for found in job.images.values())


def test_other_suffixes_numbers_and_cases_are_taken(tmp_path):
    for name, kind in (
        ("iteration_01.png", "PNG"),
        ("iteration_2.PNG", "PNG"),
        ("iteration_003.jpg", "JPEG"),
        ("Iteration_4.webp", "WEBP"),
        ("iteration_5.jpeg", "JPEG"),
        ("iteration_6.tif", "TIFF"),
    ):
        (tmp_path / name).write_bytes(image(kind))
    (tmp_path / "iteration_01_results.json").write_text('{"prompt": "one"}')
    (tmp_path / "iteration_2_Results.YML").write_text("prompt: two\n")
    (job,) = jobs(tmp_path)
    assert [turn.number for turn in job.report.iterations] == [1, 2, 3, 4, 5, 6]
    assert [turn.prompt for turn in job.report.iterations[:2]] == ["one", "two"]


def test_every_image_that_is_left_out_is_named(tmp_path):
    (tmp_path / "iteration_1.png").write_bytes(image(shade=1))
    (tmp_path / "iteration_1_results.json").write_text('{"prompt": "one"}')
    broken = image(shade=9)
    for name, data in {
        "iteration_01.png": image(shade=2),
        "iteration_1.jpg": image("JPEG"),
        "iteration_0.png": image(shade=3),
        "final.PNG": image(shade=4),
        "iteration_7.png": broken[: len(broken) // 2],
    }.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "a/b/c/d/e").mkdir(parents=True)
    shutil.copy(tmp_path / "final.PNG", tmp_path / "a/stray.webp")
    (tmp_path / ".thumbnail.png").write_bytes(b"x")
    said = {item.path.name: item.message for item in left_out(tmp_path)}
    assert set(said) == {
        "iteration_01.png",
        "iteration_1.jpg",
        "iteration_0.png",
        "final.PNG",
        "iteration_7.png",
        "stray.webp",
        "e",
    }
    assert "iteration_1.png is read" in said["iteration_1.jpg"]
    assert said["iteration_7.png"].startswith("cannot be read: the PNG ")


def test_every_field_that_is_left_out_is_named(tmp_path):
    (tmp_path / "iteration_1.png").write_bytes(image())
    results = {
        "prompt": "one",
        "cfg_scale": 7,
        "seed": "many",
        "empty": "",
        "none": None,
        "evaluation": {"score": 70, "grade": "B"},
        "prompt_data": {"prompt": "one", "model": "flux"},
        "timings": {"generate": "soon"},
        "\x1b[31m": 1,
    }
    (tmp_path / "iteration_1_results.json").write_text(json.dumps(results))
    (tmp_path / "summary.json").write_text('{"id": "x", "best": {"iteration": 9}, "grade": 1}')
    fields = [(item.path.name, item.name) for item in left_out(tmp_path)]
    assert sorted(fields) == [
        ("iteration_1_results.json", ""),
        ("iteration_1_results.json", "cfg_scale"),
        ("iteration_1_results.json", "grade"),
        ("iteration_1_results.json", "prompt_data.model"),
        ("iteration_1_results.json", "seed"),
        ("iteration_1_results.json", "timings.generate"),
        ("summary.json", "best.iteration"),
        ("summary.json", "grade"),
    ]


def test_an_entry_is_what_the_first_iteration_repeats_of_it(tmp_path):
    tree = older_tree(tmp_path / "outputs")
    path = tree / "results/last-light/iteration_2_results.json"
    later = json.loads(path.read_text())
    later["prompt_data"] = {"id": "last-light", "prompt": "a lighthouse, refined"}
    path.write_text(json.dumps(later))
    (job,) = jobs(tree)
    assert (job.report.title, job.report.input["prompt"]) == ("Last light", "a lighthouse")


def test_what_only_the_summary_says_is_read(tmp_path):
    (tmp_path / "iteration_1.png").write_bytes(image())
    summary = {"iterations": [{"iteration": 1, "prompt": "from the summary", "score": 55}]}
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    (turn,) = jobs(tmp_path)[0].report.iterations
    assert (turn.prompt, turn.score) == ("from the summary", 55)
    assert left_out(tmp_path) == []
