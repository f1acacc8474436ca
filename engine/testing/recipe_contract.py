"""Contract suite of recipes: kill it anywhere, and it resumes the same.

class TestMyRecipe(RecipeContract):
    catalog = "my_package.testing:catalog"   # a function that returns a MemoryCatalog
    recipe = "my-recipe"
    entries = ({"id": "one", "prompt": "a red boat"},)
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from engine.client.workspace import Workspace
from engine.contract.recipe import AnyRecipe
from engine.testing.crash import Moment, load_catalog, recorded_calls, run_until_killed

Outcome = list[tuple[str, str, str | None]]
"""Key, state and result of each job of a batch, in order."""


def spread(count: int, most: int) -> list[int]:
    """Return at most so many of the numbers from 1 to a count, evenly from first to last."""
    if count <= most or most < 2:
        return list(range(1, min(count, most) + 1))
    return [1 + round(at * (count - 1) / (most - 1)) for at in range(most)]


class RecipeContract:
    """Contract of recipes.

    Attributes:
        catalog: Function that returns a `MemoryCatalog` with the recipe and deterministic
            backends, as `module:function`; it is imported by other processes too.
        recipe: Name of the recipe.
        entries: Entries of an input, at least one.
        settings: Settings of the recipe.
        files: Files that the entries name, by name: they are in the folder of the input.
        max_kills: Maximum number of calls to kill the run at, evenly spread from first to last.
    """

    catalog: ClassVar[str]
    recipe: ClassVar[str]
    entries: ClassVar[Sequence[Mapping[str, Any]]]
    settings: ClassVar[Mapping[str, Any]] = {}
    files: ClassVar[Mapping[str, bytes]] = {}
    max_kills: ClassVar[int] = 8

    def queue(self, root: Path) -> tuple[Workspace, str]:
        """Return a new workspace in a folder with the batch in it, and the batch's id."""
        root.mkdir()
        for name, data in self.files.items():
            (root / name).write_bytes(data)
        source = root / "entries.json"
        source.write_text(json.dumps(list(self.entries)))
        workspace = Workspace(root, create=True, catalog=load_catalog(self.catalog))
        settings = {"seed": 7, **self.settings}
        return workspace, workspace.queue(self.recipe, source, settings=settings)

    def outcome(self, workspace: Workspace, batch: str) -> Outcome:
        """Return what became of each job."""
        return [(row.key, row.state, row.result) for row in workspace.jobs(batch)]

    def finish(self, root: Path) -> tuple[Outcome, list[str]]:
        """Run the batch undisturbed in a new workspace; return its outcome and its calls."""
        workspace, batch = self.queue(root)
        assert not run_until_killed(self.catalog, root, batch)
        return self.outcome(workspace, batch), recorded_calls(root)

    def of_recipe(self) -> AnyRecipe:
        """Return the recipe."""
        return load_catalog(self.catalog).recipe(self.recipe)

    def test_it_finishes(self, tmp_path: Path) -> None:
        """Every job is done and has a result."""
        outcome, _ = self.finish(tmp_path / "whole")
        assert {state for _, state, _ in outcome} == {"done"}, outcome
        assert all(result for _, _, result in outcome)

    def test_the_same_seed_gives_the_same(self, tmp_path: Path) -> None:
        """Two runs with one seed have the same results and ask the same."""
        one, other = self.finish(tmp_path / "one"), self.finish(tmp_path / "other")
        assert one[0] == other[0]
        assert Counter(one[1]) == Counter(other[1])

    @pytest.mark.parametrize("moment", ["asked", "answered"])
    def test_killed_anywhere_it_resumes_the_same(self, tmp_path: Path, moment: Moment) -> None:
        """A killed run ends like an undisturbed one and repeats only the call it was killed in."""
        outcome, calls = self.finish(tmp_path / "whole")
        for number in spread(len(calls), self.max_kills):
            root = tmp_path / f"killed-{number}"
            workspace, batch = self.queue(root)
            assert run_until_killed(self.catalog, root, batch, kill_at=number, moment=moment)
            assert not run_until_killed(self.catalog, root, batch)
            assert self.outcome(workspace, batch) == outcome
            repeated = Counter(recorded_calls(root)) - Counter(calls)
            assert repeated.total() <= self._in_flight(workspace), repeated

    def _in_flight(self, workspace: Workspace) -> int:
        """Return how many calls a kill can come between, at most."""
        pool = workspace.settings.engine.cpu_workers
        lanes = {
            backend.info.lane: backend.info.limits.concurrency or pool
            for family in workspace.catalog.all_families()
            for backend in (make(family.settings(), {}) for make in family.factories.values())
        }
        return sum(lanes.values())

    def test_a_finished_batch_asks_nothing_more(self, tmp_path: Path) -> None:
        """To run a finished batch again makes no call."""
        root = tmp_path / "whole"
        _, batch = self.queue(root)
        run_until_killed(self.catalog, root, batch)
        calls = recorded_calls(root)
        run_until_killed(self.catalog, root, batch)
        assert recorded_calls(root) == calls

    def test_its_calls_are_within_its_estimate(self, tmp_path: Path) -> None:
        """The estimate's minimum and maximum hold for each capability."""
        recipe = self.of_recipe()
        if recipe.estimate is None:
            pytest.skip("it has no estimate")
        settings = recipe.settings.model_validate(dict(self.settings))
        low: Counter[str] = Counter()
        high: Counter[str] = Counter()
        workspace, batch = self.queue(tmp_path / "whole")
        for row in workspace.jobs(batch):
            calls = recipe.estimate(recipe.input.model_validate_json(row.input), settings)
            for capability, (least, most) in calls.items():
                low[capability] += least
                high[capability] += most
        run_until_killed(self.catalog, tmp_path / "whole", batch)
        recorded = recorded_calls(tmp_path / "whole")
        counted = Counter(json.loads(line)[0] for line in recorded)
        assert all(counted[name] >= low[name] for name in low), (counted, low)
        assert all(counted[name] <= high[name] for name in counted), (counted, high)

    def test_its_settings_are_described(self) -> None:
        """Every setting and every field of an entry has a description, for help and forms."""
        recipe = self.of_recipe()
        for model in (recipe.settings, recipe.input):
            bare = [name for name, field in model.model_fields.items() if not field.description]
            assert not bare, f"{model.__name__} has fields without a description: {bare}"

    def test_its_result_has_its_headline(self, tmp_path: Path) -> None:
        """Every job has the number that it is compared by, or the recipe has none."""
        workspace, batch = self.queue(tmp_path / "whole")
        run_until_killed(self.catalog, tmp_path / "whole", batch)
        headline = self.of_recipe().headline
        known = [row.score for row in workspace.jobs(batch) if row.score is not None]
        assert all(headline.low <= score <= headline.high for score in known)
