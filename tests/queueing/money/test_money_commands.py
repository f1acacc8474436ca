"""Money on the command line: estimates, the question before a run, costs, budgets."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from db.writes.deletions import delete_jobs, delete_rest
from engine.cli import estimates
from engine.cli.app import main
from engine.client.workspace import Workspace
from engine.queueing.queue import QueueOptions
from tests.queueing.money.conftest import PaidToy
from tests.support.toys import ToyCatalog

PAID = ["--set", "image=stability", "--set", "vision=openai", "--set", "text=openai"]


class Said:
    """Output and exit code of a command."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def say(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Said]:
    """Runs `safelight` on a workspace in this process."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two.txt").write_text("a lamp\na lemon\n")

    def say_(*arguments: object) -> Said:
        capfd.readouterr()
        code = main([*(str(argument) for argument in arguments), "--workspace", "work"])
        return Said(code, *capfd.readouterr())

    return say_


def spent(tmp_path: Path, count: int = 3, budget: int | None = 2000) -> Workspace:
    """A workspace whose batch of toys has come to its budget."""
    workspace = Workspace(tmp_path / "work", create=True, catalog=ToyCatalog(PaidToy()))  # type: ignore[arg-type]
    source = tmp_path / "toys.txt"
    source.write_text("".join(f"toy {number}\n" for number in range(count)))
    options = QueueOptions(overrides={"steps": 1}, budget=budget)
    workspace.follow(workspace.queue("toy", source, options=options))
    return workspace


@pytest.mark.parametrize("command", ["run", "queue"])
def test_a_dry_run_tells_and_queues_nothing(
    say: Callable[..., Said], tmp_path: Path, command: str
) -> None:
    said = say(command, "refine", "two.txt", *PAID, "--dry-run")
    assert said.code == 0
    assert "2 jobs, 4 to 16 steps." in said.out
    assert "image: stability (core), 2 to 6 calls, $0.06 to $0.18" in said.out
    assert "Cost: $0.06" in said.out
    document = say(command, "refine", "two.txt", *PAID, "--dry-run", "--json").json
    assert (document["version"], document["jobs"]) == (1, 2)
    assert document["steps"] == {"least": 4, "most": 16}
    assert document["calls"][0]["cost_usd"] == {"least": 0.06, "most": 0.18}
    assert document["seconds"] is None
    assert not (tmp_path / "work").exists()


def test_a_dry_run_tells_what_fallbacks_may_cost(say: Callable[..., Said]) -> None:
    lists = ("--set", "image=builtin,stability", "--dry-run")
    said = say("run", "refine", "two.txt", *lists)
    assert "image: builtin (painter-1), 2 to 6 calls, free" in said.out
    assert "image: stability (core), 0 to 6 calls, $0.00 to $0.18" in said.out
    assert "Cost: $0.00 to $0.18." in said.out


MODEL = ("--set", "openai.image_model=nobody-knows")


def test_a_price_that_is_not_known_is_said(say: Callable[..., Said]) -> None:
    said = say("run", "refine", "two.txt", "--set", "image=openai", *MODEL, "--dry-run")
    assert "The prices of openai (nobody-knows) are not known" in said.out
    assert "--set openai.price_image=..." in said.out
    assert "Cost:" not in said.out
    free = say("run", "refine", "two.txt", "--dry-run")
    assert "Cost: nothing." in free.out


def test_a_wrong_budget_is_refused(say: Callable[..., Said]) -> None:
    assert say("queue", "refine", "two.txt", "--budget", "lots").code == 2
    assert say("queue", "refine", "two.txt", "--budget", "-1").code == 2


def test_a_budget_is_kept_with_the_batch_and_changed(say: Callable[..., Said]) -> None:
    assert say("queue", "refine", "two.txt", "--budget", "2.50").code == 0
    assert say("costs", "b1", "--json").json["batches"][0]["budget_usd"] == 2.5
    said = say("budget", "b1", "10")
    assert (said.code, "$10.00 now" in said.out) == (0, True)
    assert say("budget", "b1", "none").code == 0
    assert say("costs", "--json").json["batches"][0]["budget_usd"] is None
    assert say("budget", "b1", "much").code == 2


def test_costs_by_model_and_purpose(say: Callable[..., Said], tmp_path: Path) -> None:
    spent(tmp_path)
    document = say("costs", "b1", "--json").json
    [line] = document["spending"]
    assert (line["backend"], line["model"], line["purpose"]) == ("toy", "toy-1", "say-0")
    assert (line["calls"], line["cost_usd"], document["cost_usd"]) == (2, 0.002, 0.002)
    [batch] = document["batches"]
    assert (batch["projected_usd"], batch["budget_usd"]) == (0.003, 0.002)
    assert [day["cost_usd"] for day in document["days"]] == [0.002]
    told = say("costs").out
    assert "Spent: $0.0020." in told
    assert "b1 (toys): $0.0020 of $0.0020" in told
    status = say("status", "--json").json
    assert status["batches"][0]["cost_usd"] == 0.002


def test_what_was_deleted_stays_spent(say: Callable[..., Said], tmp_path: Path) -> None:
    workspace = spent(tmp_path)
    lines = say("costs", "--json").json["spending"]
    with workspace.store.alone() as write:
        write(lambda c: c.execute("UPDATE batches SET deleting = 1"))
        write(lambda c: delete_jobs(c, 1, [1]))
        assert say("costs", "--json").json["spending"] == lines
        write(lambda c: delete_jobs(c, 1, [2, 3]))
        assert write(lambda c: delete_rest(c, 1))
        assert write(lambda c: c.execute("SELECT 1 FROM purpose_totals").fetchone()) is None
    document = say("costs", "--json").json
    assert document["spending"] == lines
    assert document["cost_usd"] == document["days"][0]["cost_usd"] == 0.002


def terminal(monkeypatch: pytest.MonkeyPatch, is_one: bool) -> None:
    for name in ("stdin", "stdout"):
        stream = io.StringIO()
        setattr(stream, "isatty", lambda: is_one)  # noqa: B010 - a method
        monkeypatch.setattr(sys, name, stream)


@pytest.mark.parametrize(
    ("above", "worst", "is_one", "asks"),
    [
        (1.0, 900_000, True, True),
        (5.0, 900_000, True, False),
        (1.0, None, True, True),
        (1.0, 900_000, False, False),
    ],
)
def test_run_asks_only_on_a_terminal_and_above_a_limit(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    above: float,
    worst: int | None,
    is_one: bool,
    asks: bool,
) -> None:
    workspace = spent(tmp_path, 1, None)
    workspace.settings.budget.confirm_above = above
    backend = PaidToy(worst=worst)
    workspace.catalog = ToyCatalog(backend)  # type: ignore[assignment]
    recipe = workspace.catalog.recipe("toy")
    object.__setattr__(recipe, "estimate", lambda _entry, _settings: {"text": (1, 3)})
    try:
        terminal(monkeypatch, is_one)
        asked: list[str] = []
        monkeypatch.setattr(click, "confirm", lambda text, abort: asked.append(text))
        estimates.ask_about_cost(workspace, "toy", tmp_path / "toys.txt", QueueOptions())
    finally:
        object.__setattr__(recipe, "estimate", None)
    assert bool(asked) == asks
