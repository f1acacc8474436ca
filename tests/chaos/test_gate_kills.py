"""`kill -9` around a gate: it is asked once, its answer is kept, and nothing is paid for twice."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from db.writes import commands as command_writes
from tests.support.chaos import Nursery, ProviderProcess, Stage
from tests.support.chaos_engine import TOLD
from tests.support.chaos_gate import GATED
from tests.support.effort import stride

pytestmark = pytest.mark.rounds


class GateStage(Stage):
    """A workspace whose jobs wait for an approval; the operator edits what they show."""

    kept: list  # type: ignore[type-arg]

    def charged(self) -> list:  # type: ignore[type-arg]
        return self.kept if hasattr(self, "kept") else super().charged()

    def copy(self, root: Path) -> "GateStage":
        return GateStage(super().copy(root).root, self.provider)

    def answer(self) -> None:
        """Approves what waits, edited, and has calls of unknown outcome sent again."""
        for job in self.jobs():
            if job.state == "parked":
                self._command(job.id, job.reason or "")

    def _command(self, job: int, reason: str) -> None:
        verb: str = {"approval": "approve", "unknown-outcome": "retry"}[reason]
        value: dict[str, Any] = {"key": "plan", "value": {"words": f"edited for {job}"}}
        given = value if verb == "approve" else {}
        with self.store.intake() as write:
            write(lambda c: command_writes.add_command(c, verb, [{"job": job}], given, "tests"))

    def outcome(self) -> dict[str, Any]:
        gates = "SELECT job_id, key, state, result FROM steps WHERE operation = 'approve'"
        answers = "SELECT DISTINCT job_id, key, value FROM decisions"
        own = {"gates": sorted(self.rows(gates)), "answers": sorted(self.rows(answers))}
        return super().outcome() | own


@pytest.fixture(scope="module")
def gated(
    tmp_path_factory: pytest.TempPathFactory, provider: ProviderProcess, nursery: Nursery
) -> tuple[GateStage, GateStage]:
    """A queued batch to copy, and the same one after a run that nobody killed."""
    folder = tmp_path_factory.mktemp("gated")
    template = GateStage(Stage.queued(folder / "template", provider, 2, GATED).root, provider)
    (template.root / TOLD).touch()  # no call of this recipe is ever said to be durable
    reference = template.copy(folder / "unkilled")
    reference.run_to_the_end(nursery)
    reference.kept = Stage.charged(reference)
    assert len(reference.kept) == 2 + 2
    return template, reference


@pytest.mark.parametrize("moment", ["before", "after"])
def test_at_every_commit_before_and_after_the_answer(
    moment: str, gated: tuple[GateStage, GateStage], nursery: Nursery, tmp_path: Path
) -> None:
    template, reference = gated
    for number in itertools.count(1 if moment == "before" else 2, stride(5)):
        stage = template.copy(tmp_path / str(number))
        first = nursery.run(stage.root, stage.provider.port, f"{moment}:{number}")
        stage.answer()
        second = nursery.run(stage.root, stage.provider.port, f"{moment}:{number}")
        stage.answer()
        stage.run_to_the_end(nursery)
        stage.check(reference)
        if first and second:
            break
    assert number > 8  # it was not over before it began
