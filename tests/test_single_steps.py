"""The parts of the loop alone, from Python and by the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from engine.cli.app import main
from engine.client.workspace import open_workspace
from engine.text.errors import UserError
from safelight import evaluate_image, generate_image, refine_prompt

pytestmark = pytest.mark.usefixtures("one_process")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run_(*arguments: object) -> tuple[int, str, str]:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        return code, *capfd.readouterr()

    return run_


def test_an_image_is_generated_evaluated_and_its_prompt_refined(folder: Path) -> None:
    image = generate_image("a lighthouse at dusk", seed=7, width=64, height=64)
    assert Image.open(image.path).size == (64, 64)
    assert (image.seed, image.prompt, image.model) == (
        7,
        "a lighthouse at dusk",
        "builtin painter-1",
    )
    assert Image.open(image.path).info["parameters"].startswith("a lighthouse at dusk")

    words = evaluate_image(image.path)
    assert words.score is None
    assert "picture of" in words.description

    judged = evaluate_image(image.path, "a bright red barn in snow")
    assert judged.score is not None
    assert 0 <= judged.score < 90
    assert judged.missing

    better = refine_prompt("a bright red barn in snow", judged)
    assert better.prompt.startswith("a bright red barn in snow")
    assert better.prompt != "a bright red barn in snow"
    assert better.author.startswith("builtin")
    with open_workspace(folder) as workspace, workspace.reading() as connection:
        recipes = [row[0] for row in connection.execute("SELECT recipe FROM batches ORDER BY id")]
    assert recipes == ["generate", "evaluate", "evaluate", "refine-prompt"]


def test_what_is_wrong_is_said_and_nothing_is_done(folder: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        evaluate_image("nope.png")
    with pytest.raises(UserError, match="'evaluation': is missing"):
        refine_prompt("a fox", "")
    with pytest.raises(UserError, match="must be at least 64"):
        generate_image("a fox", width=3)


def test_by_the_command_line(run: Any, folder: Path) -> None:
    small = ("--set", "width=64", "--set", "height=64", "--seed", "3")
    code, out, _ = run("generate", "a lighthouse", "a red fox", "--count", "2", *small)
    files = out.splitlines()
    assert code == 0
    assert len(files) == 4
    assert all(Path(file).is_file() for file in files)
    results = json.loads((Path(files[0]).parent / "results.json").read_text())
    assert [image["file"] for image in results["images"]] == ["image_1.png", "image_2.png"]
    assert len({image["seed"] for image in results["images"]}) == 2

    code, out, _ = run("evaluate", files[0], files[2], "--prompt", "a red fox in snow")
    assert code == 0
    assert len([line for line in out.splitlines() if " of 100. " in line]) == 2

    code, out, _ = run("evaluate", files[0], "--json")
    (result,) = json.loads(out)["results"]
    assert result["evaluation"]["score"] is None
    assert result["evaluation"]["description"]

    (document,) = folder.glob("outputs/evaluations/0002-image_1/evaluation.json")
    code, out, _ = run(
        "refine-prompt", "--prompt", "a red fox in snow", "--evaluation", f"@{document}"
    )
    assert code == 0
    assert out.startswith("a red fox in snow")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("generate", ""), "must not be empty"),
        (("evaluate", "nope.png"), "does not exist"),
        (("evaluate", "text.png"), "is not a PNG, JPEG or WebP image"),
        (("refine-prompt", "--prompt", "a", "--evaluation", "@nope"), "cannot be read"),
        (("generate", "a fox", "--backend", "nobody"), "There is no backend 'nobody'"),
    ],
)
def test_by_the_command_line_it_is_refused(
    run: Any, folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    (folder / "text.png").write_text("no image")
    code, _, err = run(*arguments)
    assert code == 2
    assert message in err
    assert not (folder / ".safelight").exists()


def test_the_cost_comes_first_and_a_dry_run_does_nothing(run: Any, folder: Path) -> None:
    code, out, _ = run("generate", "a fox", "--count", "5", "--dry-run", "--json")
    assert code == 0
    assert json.loads(out)["steps"] == {"least": 5, "most": 5}
    assert not (folder / ".safelight").exists()


def test_hostile_text_is_no_escape(run: Any, folder: Path) -> None:
    code, out, err = run(
        "refine-prompt", "--prompt", "a \x1b[31mred\x1b[0m fox", "--evaluation", "x"
    )
    assert code == 0
    assert "\x1b" not in out + err
