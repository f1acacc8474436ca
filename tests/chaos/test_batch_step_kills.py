"""`kill -9` in the middle of a batch's own steps: the same results, and nothing paid for twice."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from db.writes import commands as command_writes
from tests.support.chaos import Nursery, ProviderProcess, Stage
from tests.support.chaos_corpus import CORPUS
from tests.support.chaos_engine import TOLD
from tests.support.effort import stride

pytestmark = pytest.mark.rounds


class CorpusStage(Stage):
    """A workspace whose batch has steps of its own."""

    kept: list  # type: ignore[type-arg]

    def charged(self) -> list:  # type: ignore[type-arg]
        return self.kept if hasattr(self, "kept") else super().charged()

    def copy(self, root: Path) -> "CorpusStage":
        return CorpusStage(super().copy(root).root, self.provider)

    def answer(self) -> None:
        """Says of every call with an unknown outcome, a job's or the batch's, to make it again."""
        assert self.batch().state == "parked"
        with self.store.intake() as write:
            write(lambda c: command_writes.add_command(c, "retry", [{"batch": 1}], {}, "tests"))

    def outcome(self) -> dict[str, Any]:
        sql = "SELECT state, start, finish, before_result, after_result, checkpoints FROM batches"
        own = "SELECT key, result, cost FROM steps WHERE job_id IS NULL"
        files = {path.name: path.read_bytes() for path in self.root.glob("outputs/**/*.json")}
        rows = {"own": self.rows(sql), "steps": sorted(self.rows(own)), "files": files}
        return super().outcome() | rows


@pytest.fixture(scope="module")
def corpus(
    tmp_path_factory: pytest.TempPathFactory, provider: ProviderProcess, nursery: Nursery
) -> tuple[CorpusStage, CorpusStage]:
    """A queued batch to copy, and the same one after a run that nobody killed."""
    folder = tmp_path_factory.mktemp("corpus")
    queued = Stage.queued(folder / "template", provider, 3, CORPUS)
    template = CorpusStage(queued.root, provider)
    (template.root / TOLD).touch()  # an engine that dies at once says of no call that it is durable
    reference = template.copy(folder / "unkilled")
    reference.run_to_the_end(nursery)
    reference.kept = Stage.charged(reference)
    assert len(reference.kept) == 2 + 3 + 1
    return template, reference


@pytest.mark.parametrize("moment", ["before", "after"])
def test_at_every_commit(
    moment: str, corpus: tuple[CorpusStage, CorpusStage], nursery: Nursery, tmp_path: Path
) -> None:
    template, reference = corpus
    for number in itertools.count(1 if moment == "before" else 3, stride(7)):
        stage = template.copy(tmp_path / str(number))
        if nursery.run(stage.root, stage.provider.port, f"{moment}:{number}"):
            assert number > 12  # it was not over before it began
            stage.check(reference)
            break
        stage.run_to_the_end(nursery)
        stage.check(reference)
        assert stage.unknown <= 3  # the single calls of three jobs at most are in flight


def test_each_life_a_commit_longer_than_the_last(
    corpus: tuple[CorpusStage, CorpusStage], nursery: Nursery, tmp_path: Path
) -> None:
    template, reference = corpus
    stage = template.copy(tmp_path / "stage")
    for number in itertools.count(2, stride(5)):
        if nursery.run(stage.root, stage.provider.port, f"after:{number}"):
            if stage.batch().is_over:
                break
            stage.answer()
    assert number > 5
    stage.check(reference)
