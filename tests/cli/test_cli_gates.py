"""Gates from the command line: print, approve, edit, reject, and what an operator is shown."""

import json
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner, Result

from engine.cli import gates
from engine.cli.app import app
from engine.client.workspace import Workspace
from engine.recipes.refine.agents.refiner import Refinement
from tests.support.corpus_batch import GATED
from tests.support.engines import Toy
from tests.support.song import SONG

pytestmark = pytest.mark.usefixtures("module_in_one_process")

PLAN = {"title": "PROMPT 0", "verses": ["one", "two"]}


@pytest.fixture
def song(tmp_path: Path, monkeypatch: Any) -> Toy:
    toy = Toy(tmp_path)
    toy.catalog.known_recipes["toy"] = SONG
    monkeypatch.setattr(Workspace, "catalog", toy.catalog)
    monkeypatch.chdir(tmp_path)
    return toy


async def waits(song: Toy, count: int = 1) -> None:
    song.queue(count, {"approve": "*"})
    await song.run()


def run(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin, standalone_mode=False)


def message(result: Result) -> str:
    return f"{result.output}{result.exception or ''}"


async def test_what_waits_is_printed_edited_and_approved(song: Toy):
    await waits(song)
    printed = run("approve", "j1", "--print")
    assert json.loads(printed.output) == PLAN
    Path("plan.json").write_text(json.dumps({**PLAN, "verses": ["a"]}))
    result = run("approve", "j1", "--edit", "plan.json")
    assert result.return_value == 0
    assert "Approved the edited draft-1/plan of j1 (0001-prompt-0)." in result.output
    assert "engine --until-idle" in result.output
    await song.run()
    assert json.loads(run("approve", "j1", "words", "--print").output) == ["A"]
    assert run("approve", "j1", "--edit", "-", stdin=b'["A", "B"]').return_value == 0
    await song.run()
    assert json.loads(song.job().result or "")["verses"] == ["A", "B"]


async def test_what_is_printed_cannot_act_on_a_terminal(song: Toy):
    hostile = "caf\u00e9 \x9b31m\u202e"
    song.backend.reply = lambda _request, _context: Refinement(
        prompt=hostile, reason="", author="toy"
    )
    await waits(song)
    printed = run("approve", "j1", "--print").output
    assert json.loads(printed)["title"] == hostile
    assert printed.isascii()


async def test_a_rejection_has_a_reason(song: Toy):
    await waits(song)
    result = run("reject", "j1", "draft-1/plan", "--reason", "too short")
    assert "Rejected draft-1/plan of j1 (0001-prompt-0); the recipe decides" in result.output
    await song.run()
    assert "draft-1/plan was rejected: too short" in " ".join(run("show", "j1").output.split())


async def test_a_batch_is_approved_as_a_whole(song: Toy):
    await waits(song, 2)
    assert "Approved 2 gates of b1." in run("approve", "b1").output
    assert "b1 does not wait for approval of anything. To look at" in message(
        run("approve", "b1", "--print")
    )


async def test_status_show_and_doctor_say_what_waits(song: Toy):
    await waits(song)
    text = " ".join(run("status").output.split())
    assert "b1: 1 parked (approval). draft-1/plan waits for approval." in text
    assert "Then: safelight approve b1" in text
    shown = run("show", "j1").output
    assert "Waits for approval" in shown
    assert '"verses": [' in shown
    assert "safelight reject j1" in shown
    document = json.loads(run("show", "j1", "--json").output)["job"]
    assert [(gate["key"], gate["value"]) for gate in document["gates"]] == [("draft-1/plan", PLAN)]
    assert document["waits_for"] == "approval"
    run("approve", "j1")
    assert json.loads(run("show", "j1", "--json").output)["job"]["gates"] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "plan.json is not JSON: Expecting property name"),
        ("[NaN]", "plan.json is not JSON: NaN is not JSON"),
        ("[" * 100_000, "plan.json is not JSON"),
        ("[]", "The edited draft-1/plan does not fit: Input should be an object."),
        (" " * 50, "plan.json is larger than 0 MiB."),
    ],
)
async def test_a_file_that_does_not_fit_is_refused(
    song: Toy, monkeypatch: Any, text: str, said: str
):
    await waits(song)
    if text.isspace():
        monkeypatch.setattr(gates, "MAX_EDIT_BYTES", 49)
    Path("plan.json").write_text(text)
    result = run("approve", "j1", "--edit", "plan.json")
    assert said in message(result)
    assert song.job().reason == "approval"


async def test_without_a_gate_there_is_nothing_to_answer(song: Toy):
    song.queue()
    await song.run()
    assert "j1 does not wait for approval of anything." in message(run("approve", "j1", "--print"))
    assert run("approve", "j1").return_value == 2
    assert "gone.json cannot be read: No such file" in message(
        run("approve", "j1", "--edit", "gone.json")
    )


async def test_python_reads_and_answers_gates(song: Toy):
    await waits(song, 2)
    workspace = Workspace(Path(), catalog=cast("Any", song.catalog))
    first, second = workspace.waiting("b1")
    assert (first.job, first.key, first.value) == (1, "draft-1/plan", PLAN)
    workspace.approve("j1", value={**PLAN, "title": "Mine"})
    number = workspace.reject("j2", second.key, reason="no")
    answer = workspace.answer(number)
    assert answer is not None
    assert answer.state == "done"
    assert workspace.waiting("b1") == []
    with pytest.raises(TypeError, match=r"approve takes value=\.\.\. only"):
        workspace.approve("j1", edited={})


async def test_a_batchs_own_gates_are_printed_and_approved_by_its_id(song: Toy):
    song.catalog.known_recipes["toy"] = GATED
    await waits(song)
    assert json.loads(run("approve", "b1", "--print").output) == {"words": ["PART 0", "PART 1"]}
    assert "safelight approve j1" in run("show", "j1").output
    assert run("approve", "b1", "before/plan").return_value == 0
    await song.run()
    shown = run("status").output
    assert "its last steps wait" in shown
    assert "Then: safelight approve b1" in " ".join(shown.split())
    Path("report.json").write_text(json.dumps({"jobs": 1, "letters": 2, "verdict": "mine"}))
    answer = run("approve", "b1", "after/report", "--edit", "report.json").output
    assert "Approved the edited after/report of b1." in answer
    await song.run()
    assert json.loads(song.batch().after_result or "")["verdict"] == "mine"
