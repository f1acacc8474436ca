"""`kill -9` in the middle of a storyboard: the same film as without, and nothing paid for twice."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from engine.recipes.storyboard import RECIPE
from tests.support.chaos import Nursery, ProviderProcess, Stage
from tests.support.effort import cases, starts, stride
from tests.support.optional import needs

needs("av", "cv2", "numba", "llvmlite")
pytestmark = pytest.mark.rounds

FILM = {
    "image": "film",
    "text": "film",
    "score": "film",
    "video": "film",
    "fps": 8,
    "num_scenes": 2,
    "num_variations": 2,
    "max_enhancement_iterations": 1,
    "reference_strategy": "sheet",
    "width": 64,
    "height": 64,
}
STRIDE = 39
"""Distance of the commits at which a run is killed; in more rounds at those between them too.

A crash after a commit takes those half way between the crashes before one.
"""


@pytest.fixture(scope="module")
def film(
    tmp_path_factory: pytest.TempPathFactory, provider: ProviderProcess, nursery: Nursery
) -> tuple[Stage, Stage]:
    """A queued storyboard to copy, and the same one after a run that nobody killed."""
    nursery.load("av", "cv2", "fpdf", "numba")
    folder = tmp_path_factory.mktemp("film")
    template = Stage.queued(folder / "template", provider, 1, RECIPE, **FILM)
    reference = Finished(template.copy(folder / "unkilled").root, provider)
    reference.run_to_the_end(nursery)
    reference.kept = Stage.charged(reference)
    assert len(reference.kept) == 1 + 2 * 2 + 2 * 2 + 2
    return template, reference


class Finished(Stage):
    """A finished workspace with what was charged for it, and for nothing after it."""

    kept: list

    def charged(self) -> list:
        return self.kept if hasattr(self, "kept") else super().charged()


def told(stage: Stage) -> dict[str, Any]:
    """What the folder says, without times and without how often something was tried."""
    [folder] = (stage.root / "outputs" / "reference_image_traces").glob("*/")
    files = [path for path in folder.rglob("[!.]*") if path.is_file()]  # none half written
    found: dict[str, Any] = {}
    for path in files:
        data: Any = path.read_bytes()
        if path.name in {"storyboard.json", "prompt_trace_summary.json"}:
            data = _timeless(json.loads(data))
        found[path.relative_to(folder).as_posix()] = data
    return found


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        passing = {"started_at", "finished_at", "seconds", "calls"}
        return {name: _timeless(inner) for name, inner in value.items() if name not in passing}
    return [_timeless(inner) for inner in value] if isinstance(value, list) else value


@cases("moment", ["before", "after"], usual=1)
def test_the_same_film_after_a_crash_at_a_commit(
    moment: str, film: tuple[Stage, Stage], nursery: Nursery, tmp_path: Path
) -> None:
    template, reference = film
    shift = 0 if moment == "before" else STRIDE // 2
    for first in starts(STRIDE):
        for number in itertools.count(first + shift, STRIDE):
            stage = template.copy(tmp_path / f"{first}-{number}")
            if nursery.run(stage.root, stage.provider.port, f"{moment}:{number}"):
                assert number > 20  # it was not over before it began
                break
            stage.run_to_the_end(nursery)
            stage.check(reference)
            assert told(stage) == told(reference)


@pytest.mark.slow
def test_the_same_film_although_each_life_is_only_a_little_longer(
    film: tuple[Stage, Stage], nursery: Nursery, tmp_path: Path
) -> None:
    template, reference = film
    stage = template.copy(tmp_path / "stage")
    for number in itertools.count(2, stride(31)):
        if nursery.run(stage.root, stage.provider.port, f"after:{number}"):
            if stage.batch().is_over:
                break
            stage.answer()
    assert number > 5
    stage.check(reference)
    assert told(stage) == told(reference)
