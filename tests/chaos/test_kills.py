"""`kill -9` at every commit and at any moment: nothing finished is lost, repeated or paid twice."""

import itertools
import random
import time
from pathlib import Path

import pytest

from tests.support.chaos import Nursery, ProviderProcess, Stage
from tests.support.effort import scaled, stride

pytestmark = pytest.mark.rounds

COMMITS = stride(9)
"""Of the commits of one run, every fifth is a place to die, and in the long run each one."""


@pytest.fixture(scope="module")
def small(
    tmp_path_factory: pytest.TempPathFactory, provider: ProviderProcess, nursery: Nursery
) -> tuple[Stage, Stage]:
    """A queued workspace of one job to copy, and the same one after a run that nobody killed."""
    folder = tmp_path_factory.mktemp("small")
    template = Stage.queued(folder / "template", provider, count=1, iterations=2)
    return template, unkilled(template, folder / "unkilled", nursery)


@pytest.fixture(scope="module")
def larger(
    tmp_path_factory: pytest.TempPathFactory, provider: ProviderProcess, nursery: Nursery
) -> tuple[Stage, Stage]:
    """The same with several jobs that run side by side."""
    folder = tmp_path_factory.mktemp("larger")
    template = Stage.queued(folder / "template", provider, count=6, iterations=3)
    return template, unkilled(template, folder / "unkilled", nursery)


def unkilled(template: Stage, root: Path, nursery: Nursery) -> Stage:
    stage = template.copy(root)
    stage.run_to_the_end(nursery)
    assert stage.unknown == 0
    reference = Reference(stage.root, stage.provider)
    reference.kept = stage.charged()
    return reference


class Reference(Stage):
    """A finished workspace with what was charged for it, and for nothing after it."""

    kept: list

    def charged(self) -> list:
        return self.kept


@pytest.mark.parametrize("moment", ["before", "after"])
def test_at_every_commit(
    moment: str, small: tuple[Stage, Stage], nursery: Nursery, tmp_path: Path
) -> None:
    template, reference = small
    first = 1 if moment == "before" else min(3, COMMITS)
    for number in itertools.count(first, COMMITS):
        stage = template.copy(tmp_path / str(number))
        if nursery.run(stage.root, stage.provider.port, f"{moment}:{number}"):
            assert number > 20  # it was not over before it began
            stage.check(reference)
            break
        stage.run_to_the_end(nursery)
        stage.check(reference)
        assert stage.unknown <= 3  # two submissions and one single call at most are in flight


@pytest.mark.parametrize("moment", ["before", "after"])
def test_each_life_a_commit_longer_than_the_last(
    moment: str, larger: tuple[Stage, Stage], nursery: Nursery, tmp_path: Path
) -> None:
    """The resumed run is killed too, again and again, until one gets through."""
    template, reference = larger
    stage = template.copy(tmp_path / "stage")
    for number in itertools.count(1, stride(7)):
        if nursery.run(stage.root, stage.provider.port, f"{moment}:{number}"):
            if stage.batch().is_over:
                break
            stage.answer()
    assert number > 5
    stage.check(reference)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(scaled(2, 12)))
def test_at_random_moments(
    seed: int, larger: tuple[Stage, Stage], nursery: Nursery, tmp_path: Path
) -> None:
    template, reference = larger
    chance = random.Random(seed)
    stage = template.copy(tmp_path / "stage")
    for _ in range(6):
        engine = nursery.begin(stage.root, stage.provider.port)
        time.sleep(chance.uniform(0.01, 0.25))
        stage.kill(engine, group=chance.random() < 0.5)
        if nursery.end() and not stage.batch().is_over:
            stage.answer()
    stage.run_to_the_end(nursery)
    stage.check(reference)
