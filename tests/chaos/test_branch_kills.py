"""`kill -9` while a branch runs: what it keeps is kept, and nothing of it is paid for twice."""

import itertools
from pathlib import Path
from typing import cast

import pytest

from db.queries import batches
from db.rows import BatchRow
from db.writes import commands as command_writes
from engine.client.workspace import Workspace
from engine.plugins.catalog import EntryPointCatalog
from tests.support.chaos import Nursery, ProviderProcess, Stage
from tests.support.chaos_engine import TOLD
from tests.support.chaos_recipe import ChaosCatalog
from tests.support.effort import stride
from tests.support.ledger import Charge

pytestmark = pytest.mark.slow


class BranchStage(Stage):
    """A workspace whose first batch is done, and whose second is a branch of it.

    Attributes:
        due: Charges of a run that nobody killed.
    """

    due: list[Charge]

    def batch(self) -> BatchRow:
        return cast("BatchRow", self.read(lambda c: batches.batch(c, 2)))

    def copy(self, root: Path) -> "BranchStage":
        return BranchStage(super().copy(root).root, self.provider)

    def answer(self) -> None:
        with self.store.intake() as write:
            write(lambda c: command_writes.add_command(c, "retry", [{"batch": 2}], {}, "tests"))

    def _check_steps(self) -> None:
        assert self.rows("SELECT DISTINCT state FROM steps") == [("done",)]
        twice = "SELECT job_id, key FROM steps GROUP BY job_id, key HAVING count(*) > 1"
        assert self.rows(twice) == []
        again = """SELECT step_id FROM events WHERE type = 'step.done'
                   GROUP BY step_id HAVING count(*) > 1"""
        assert self.rows(again) == []

    def kept(self) -> list[tuple[object, ...]]:
        """Steps of the branch that are those of its origin."""
        sql = "SELECT key, reused_from FROM steps WHERE job_id = 2 AND reused_from IS NOT NULL"
        return sorted(self.rows(sql))


@pytest.fixture(scope="module")
def branched(
    tmp_path_factory: pytest.TempPathFactory, provider: ProviderProcess, nursery: Nursery
) -> tuple[BranchStage, BranchStage]:
    """A workspace with a queued branch to copy, and the same after a run that nobody killed."""
    folder = tmp_path_factory.mktemp("branched")
    origin = Stage.queued(folder / "template", provider, 1)
    origin.run_to_the_end(nursery)
    catalog = cast("EntryPointCatalog", ChaosCatalog(provider.port, origin.root / TOLD))
    with Workspace(origin.root, catalog=catalog, check_settings=False) as workspace:
        assert workspace.branch("j1:iteration-2", settings={"iterations": 3}) == "b2"
    (origin.root / TOLD).write_text("")
    with origin.store.alone():
        pass  # merges the log, so that the workspace can be copied
    template = BranchStage(origin.root, provider)
    reference = template.copy(folder / "unkilled")
    reference.run_to_the_end(nursery)
    assert reference.kept()
    reference.due = reference.charged()
    assert reference.due
    return template, reference


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_branch_ends_as_if_nobody_had_killed_it(
    moment: str, branched: tuple[BranchStage, BranchStage], nursery: Nursery, tmp_path: Path
) -> None:
    template, reference = branched
    due = [(charge.way, charge.prompt) for charge in reference.due]
    for number in itertools.count(1, stride(6)):
        stage = template.copy(tmp_path / str(number))
        ended = nursery.run(stage.root, stage.provider.port, f"{moment}:{number}")
        stage.run_to_the_end(nursery)
        assert stage.outcome() == reference.outcome()
        assert stage.store.check() == []
        stage._check_steps()
        stage._check_files()
        assert stage.kept() == reference.kept()
        paid = [(charge.way, charge.prompt) for charge in stage.charged()]
        assert set(paid) == set(due)
        assert len(paid) - len(due) <= stage.unknown
        if ended:
            break
    assert number > 8, "it was not over before it began"
