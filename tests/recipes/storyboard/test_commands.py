"""Storyboards from the command line: entries without a file, estimates, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from engine.cli.app import app
from engine.client.workspace import Workspace
from engine.contract import Backend
from engine.contract.recipe import operations_of
from engine.intake.given import given_entry, name_of
from engine.plugins.catalog import EntryPointCatalog
from engine.queueing.overrides import QueueError
from engine.recipes.storyboard import RECIPE
from engine.recipes.storyboard.input import StoryboardInput
from engine.recipes.storyboard.settings import StoryboardSettings
from tests.support.films import CREW, Crew, CrewCatalog, Shooting

pytestmark = pytest.mark.usefixtures("one_process")

EXAMPLES = Path(__file__).parents[3] / "examples"
SMALL = ["--set", "width=64", "--set", "height=64", "--set", "preset=fast"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), standalone_mode=False)


def message(result: Result) -> str:
    return f"{result.output}{result.exception}"


def test_a_brief_on_the_command_line_is_the_entry(tmp_path: Path, monkeypatch: Any):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "prompts.json").write_text('[{"prompt": "not this"}]')
    brief = ["--set", "prompt=a red kite over the sea", "--set", "target_duration=7.5"]
    result = run("run", "storyboard", *brief, *SMALL, "--plain")
    assert result.return_value == 0, message(result)
    [path] = tmp_path.glob("outputs/reference_image_traces/*/storyboard.json")
    found = json.loads(path.read_text())
    assert (found["brief"], found["target_duration"]) == ("a red kite over the sea", 7.5)
    assert len(found["storyboard_plan"]["scenes"]) == 2
    assert "a-red-kite-over-the-sea" in run("status").output


def test_an_image_below_the_threshold_is_told_while_it_runs(tmp_path: Path):
    given = ["--set", "prompt=a kite", "--set", "num_scenes=1", "--set", "quality_threshold=100"]
    result = run("run", "storyboard", *given, *SMALL, "--plain", "-w", str(tmp_path))
    assert result.return_value == 0, message(result)
    [line] = [line for line in result.output.splitlines() if "job.warning" in line]
    assert "job.warning j1 scene-1: The quality score of variation" in line
    assert line.endswith("is below the threshold of 100.")


def test_a_brief_and_a_file_are_one_too_many(tmp_path: Path):
    source = tmp_path / "in.yaml"
    source.write_text("prompt: x\n")
    result = run("queue", "storyboard", str(source), "--set", "prompt=y", "-w", str(tmp_path / "w"))
    assert "Give INPUT or --set prompt, not both" in message(result)


def test_without_any_input_it_says_how_to_give_some(tmp_path: Path, monkeypatch: Any):
    monkeypatch.chdir(tmp_path)
    assert "or give --prompt ..." in message(run("queue", "storyboard"))
    assert "or give" not in message(run("queue", "evaluate"))


def test_what_a_brief_has_wrong_is_said_as_of_a_file(tmp_path: Path):
    given = ["--set", "prompt=x", "--set", "target_duration=soon"]
    result = run("queue", "storyboard", *given, "-w", str(tmp_path))
    assert "'target_duration': must be a number, and is 'soon'" in message(result)


def test_other_recipes_have_no_entry_of_their_own(tmp_path: Path):
    source = tmp_path / "in.yaml"
    source.write_text("prompt: x\n")
    result = run("queue", "evaluate", str(source), "--set", "prompt=y", "-w", str(tmp_path / "w"))
    assert "has no setting 'prompt'" in message(result)


def test_max_iterations_are_the_rounds_of_a_prompt(tmp_path: Path):
    source = tmp_path / "in.yaml"
    source.write_text("prompt: x\n")
    where = ["-w", str(tmp_path / "w")]
    assert (
        run("queue", "storyboard", str(source), "--max-iterations", "2", *where).return_value == 0
    )
    with Workspace(tmp_path / "w").reading() as connection:
        settings = connection.execute("SELECT settings FROM batches").fetchone()[0]
    assert json.loads(settings)["max_enhancement_iterations"] == 2


def test_an_estimate_counts_what_each_entry_asks_for(tmp_path: Path):
    source = tmp_path / "in.yaml"
    source.write_text("- {prompt: x, target_duration: 15}\n- {scenes: [{prompt: y}]}\n")
    result = run("run", "storyboard", str(source), "--dry-run", "--json", "-w", str(tmp_path / "w"))
    calls = {line["capability"]: line["calls"] for line in json.loads(result.output)["calls"]}
    assert calls == {
        "image": {"least": 20, "most": 20},
        "text": {"least": 1 + 8 + 2, "most": 1 + 32 + 8},
        "score": {"least": 6, "most": 6},
    }


def test_an_estimate_is_what_a_job_then_asks_for(tmp_path: Path):
    shooting = Shooting(tmp_path, Crew(reviews=[10]))
    shooting.run("prompt: x\ntarget_duration: 15\n", num_variations=3, max_enhancement_iterations=2)
    entry = StoryboardInput(prompt="x", target_duration=15)
    settings = StoryboardSettings(num_variations=3, max_enhancement_iterations=2)
    assert RECIPE.estimate is not None
    most = sum(calls[1] for calls in RECIPE.estimate(entry, settings).values())
    assert most == len(shooting.crew.asked)


def test_a_backend_that_runs_no_agents_is_refused(tmp_path: Path):
    class WithoutAgents(CrewCatalog):
        def backend(self, capability: Any, *rest: Any) -> Backend:
            made = super().backend(capability, *rest)
            if capability == "text":
                made.structured = None  # type: ignore[attr-defined]
            return made

    workspace = Workspace(tmp_path, create=True, catalog=WithoutAgents(Crew()))
    source = tmp_path / "in.yaml"
    source.write_text("prompt: x\n")
    with pytest.raises(QueueError) as caught:
        workspace.queue("storyboard", source, settings=CREW)
    assert str(caught.value) == (
        "The recipe storyboard asks its text backend to run agents, which crew does not do; "
        "name another one with --set text=NAME."
    )


def test_a_weight_of_a_scorer_that_is_not_there_is_refused(tmp_path: Path):
    workspace = Workspace(tmp_path, create=True, catalog=CrewCatalog(Crew()))
    source = tmp_path / "in.yaml"
    source.write_text("prompt: x\n")
    with pytest.raises(QueueError, match="names hps, which the backend crew does not score by"):
        workspace.queue("storyboard", source, settings={**CREW, "score_weights": "hps=1"})


def test_show_tells_what_was_chosen_and_why(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.run("id: film\nscenes: [{prompt: first}]\n", num_variations=2)
    shown = run("show", "j1", "-w", str(shooting.workspace.paths.root)).output
    assert "scene-1/iteration-1" in shown
    assert "has the highest overall score of 2" in " ".join(shown.split())


def test_every_family_of_chat_models_can_write_films():
    catalog = EntryPointCatalog()
    for name in ("builtin", "openai", "anthropic", "gemini", "ollama"):
        settings = catalog.backend_settings(name, {}).model_dump(mode="json")
        backend = catalog.backend("text", name, settings, {})
        missing = [op for op in operations_of(RECIPE.uses["text"]) if not hasattr(backend, op)]
        assert missing == [], name


def test_names_of_batches_without_a_file():
    assert name_of({"prompt": "A Red Kite!"}) == "a-red-kite"
    assert name_of({"target_duration": "15", "id": "kite"}) == "kite"
    assert name_of({"prompt": "日本"}) == "batch"
    assert given_entry({"prompt": "x", "width": 3}, ("prompt",)) == ({"prompt": "x"}, {"width": 3})


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_examples_can_be_queued(path: Path, tmp_path: Path):
    result = run("queue", "storyboard", str(path), "-w", str(tmp_path), "--dry-run")
    assert result.return_value == 0, message(result)
