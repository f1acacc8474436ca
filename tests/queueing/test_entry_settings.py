"""Inputs as users have them: models, styles and settings by file and by entry."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.client.workspace import Workspace
from engine.intake import InputError
from engine.queueing.queue import QueueOptions

SMALL = {"width": 64, "height": 64, "max_iterations": 1}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, create=True)


def queue(workspace: Workspace, document: Any, name: str = "in.json", **settings: Any) -> str:
    source = workspace.paths.root / name
    source.write_text(document if isinstance(document, str) else json.dumps(document))
    return workspace.queue("refine", source, settings={**SMALL, **settings})


def inputs(workspace: Workspace, batch: str) -> list[dict[str, Any]]:
    return [json.loads(job.input) for job in workspace.jobs(batch)]


def snapshots(workspace: Workspace) -> list[dict[str, Any]]:
    with workspace.reading() as connection:
        rows = connection.execute("SELECT snapshot FROM variants ORDER BY id").fetchall()
    return [json.loads(row[0]) for row in rows]


def test_a_model_of_file_and_entry_is_a_setting_of_the_backend(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAL_KEY", "k")
    document = {"model": "flux", "prompts": ["a fox", {"prompt": "a hare", "model": "SDXL"}]}
    batch = queue(workspace, document, image="fal")
    models = [one["backends"]["image"]["model"] for one in snapshots(workspace)]
    assert models == ["fal-ai/flux/dev", "fal-ai/fast-sdxl"]
    first, second = workspace.jobs(batch)
    assert first.variant != second.variant
    assert "model" not in json.loads(first.input)
    queue(workspace, "prompt,model\na fox,flux\n", "in.csv", image="fal")
    assert len(snapshots(workspace)) == 3


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (
            {"model": "flux", "prompts": ["a fox"]},
            "'flux' is no model of builtin: no input can name its models. Choose another backend",
        ),
        ([{"prompt": "a fox", "model": 3}], "field 'model': must be the name of a model"),
        ({"prompts": ["a"], "folder": "x"}, "has 'folder' beside `prompts`"),
        ([{"prompt": "a", "settings": {"builtin.strictness": 2}}], "is set by operators only"),
        ([{"prompt": "a", "settings": {"image": "fal"}}], "is set by operators only"),
        ([{"prompt": "a", "settings": {"approve": []}}], "is set by operators only"),
        ([{"prompt": "a", "settings": {"nope": 1}}], "has no setting 'nope'"),
        ([{"prompt": "a", "settings": []}], "must be an object of settings"),
        ([{"prompt": "a", "styles": [3]}], "must hold texts"),
        (
            {"styles": {"noir": "black"}, "prompts": [{"prompt": "a", "styles": ["noire"]}]},
            "names 'noire', which is no style of this file; did you mean 'noir'?",
        ),
    ],
)
def test_what_an_input_may_not_say_is_refused(
    workspace: Workspace, document: Any, message: str
) -> None:
    with pytest.raises(InputError) as refusal:
        queue(workspace, document)
    assert message in str(refusal.value)


def test_styles_follow_the_prompt_or_hold_it(workspace: Workspace) -> None:
    document = {
        "styles": {
            "noir": {"prompt": "film noir, {prompt}, hard light", "negative_prompt": "colour"},
            "ink": "ink drawing",
        },
        "prompts": [
            {"prompt": "a fox", "styles": ["noir"], "negative_prompt": "people"},
            {"prompt": "a hare", "styles": "ink, noir"},
            {"scene": "a pier", "styles": ["ink"]},
            "an owl",
        ],
    }
    fox, hare, pier, owl = inputs(workspace, queue(workspace, document))
    assert (fox["prompt"], fox["negative_prompt"]) == (
        "film noir, a fox, hard light",
        "people, colour",
    )
    assert hare["prompt"] == "film noir, a hare, ink drawing, hard light"
    assert pier == {"scene": "a pier, ink drawing"}
    assert owl["prompt"] == "an owl"
    both = {"styles": ["ink"], "prompts": ["a fox", {"prompt": "a hare", "styles": []}]}
    assert [one["prompt"] for one in inputs(workspace, queue(workspace, both))] == [
        "a fox, ink",
        "a hare",
    ]


def test_settings_of_an_entry_hold_for_its_job_alone(workspace: Workspace) -> None:
    document = [{"prompt": "a fox", "settings": {"target_score": 7}}, "a hare"]
    fox, hare = workspace.jobs(queue(workspace, document))
    assert (fox.variant is None, hare.variant is None) == (False, True)


def test_a_grid_is_queued_again_as_it_was(workspace: Workspace) -> None:
    source = workspace.paths.root / "in.json"
    source.write_text('["a {red|blue} fox"]')
    grid = workspace.grid(["target_score=1,2", "builtin.strictness=1,3"], dynamic=True)
    first = workspace.queue("refine", source, settings=SMALL, options=QueueOptions(grid=grid))
    second = workspace.again(first)
    assert workspace.grid_of(first).axes == workspace.grid_of(second).axes
    assert [cell.axes for cell in workspace.grid_of(first).cells] == [
        cell.axes for cell in workspace.grid_of(second).cells
    ]
    old, new = workspace.jobs(first), workspace.jobs(second)
    assert [job.seed for job in old] == [job.seed for job in new]
    with workspace.reading() as connection:
        rows = connection.execute("SELECT settings, snapshot FROM variants ORDER BY id").fetchall()
    kept = {tuple(row) for row in rows}
    assert len(rows) == 8
    assert len(kept) == 4


def test_a_branch_of_a_cell_has_the_cells_settings(workspace: Workspace) -> None:
    source = workspace.paths.root / "in.json"
    source.write_text('[{"id": "fox", "prompt": "a fox"}]')
    grid = workspace.grid(["target_score=7,9"])
    batch = workspace.run("refine", source, settings=SMALL, options=QueueOptions(grid=grid))
    branch = workspace.branch(f"{batch}/fox-2:iteration-1", prompt="a red fox")
    with workspace.reading() as connection:
        sql = "SELECT settings FROM batches WHERE id = ?"
        row = connection.execute(sql, (int(branch[1:]),)).fetchone()
    assert json.loads(row[0])["target_score"] == 9
