"""Subjects compared crop by crop."""

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from engine.contract import CallContext, CompareRequest, Comparison, ScoreInfo, Similarity
from engine.recipes.storyboard.likeness import WINDOWS, best_pair, crops_of
from engine.recipes.storyboard.results import Storyboard
from tests.support import films
from tests.support.films import Shooting, png_of

pytestmark = pytest.mark.usefixtures("one_process")

ENTRY = """
id: film
scenes:
  - {prompt: Mara opens the door}
  - {prompt: A gull}
  - {prompt: Mara lifts a cup}
  - {prompt: Mara smiles at Tom}
subjects: [{name: Mara}, {name: Tom}]
"""


@pytest.fixture
def seeing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A jury whose comparison sees colours, and says that it sees subjects."""
    original = films.Jury.__init__

    def init(self: films.Jury, *args: Any, **facts: Any) -> None:
        original(self, *args, **facts)
        assert isinstance(self.info, ScoreInfo)
        self.info = replace(self.info, subject_measures=("sight",))

    async def compare(
        self: films.Jury, request: CompareRequest, context: CallContext
    ) -> Comparison:
        self.hear(request)
        means = [mean_of(await context.read(image)) for image in request.images]
        values = tuple(tuple(1 - abs(a - b) / 255 for b in means) for a in means)
        return Comparison(
            likenesses=tuple(
                Similarity(measure=name, method="toy", higher_is_more_similar=True, values=values)
                for name in ("sight", "colour")
            )
        )

    monkeypatch.setattr(films.Jury, "__init__", init)
    monkeypatch.setattr(films.Jury, "compare", compare)


def mean_of(data: bytes) -> float:
    return float(Image.open(io.BytesIO(data)).convert("L").resize((1, 1)).tobytes()[0])


def result(shooting: Shooting) -> Storyboard:
    job = shooting.job()
    assert job.state == "done", job.message
    return Storyboard.model_validate_json(job.result or "")


@pytest.mark.usefixtures("seeing")
def test_a_subject_is_compared_with_the_first_scene_that_shows_it(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.run(ENTRY, preset="simple")
    [mara] = result(shooting).subjects
    assert (mara.subject, mara.measure, mara.to, mara.scenes) == (
        "Mara",
        "sight",
        "scene 1",
        (3, 4),
    )
    images = [
        mean_of((shooting.folder / f"scene_{number}.png").read_bytes()) for number in (1, 2, 3, 4)
    ]
    assert mara.values == pytest.approx(
        [1 - abs(images[0] - images[at]) / 255 for at in (2, 3)], abs=0.02
    )
    assert mara.elsewhere == pytest.approx(1 - abs(images[0] - images[1]) / 255, abs=0.02)
    keys = {step.key for step in shooting.steps()}
    assert {"subject-1/crops", "subject-1/compare"} <= keys
    assert "subject-2/crops" not in keys
    document = json.loads((shooting.folder / "storyboard.json").read_text())
    assert [one["subject"] for one in document["subject_likeness"]] == ["Mara"]
    assert {one["measure"] for one in document["likeness"]} == {"sight", "colour"}


@pytest.mark.usefixtures("seeing")
def test_a_subject_with_images_is_compared_with_them_even_in_one_scene(tmp_path: Path):
    (tmp_path / "tom.png").write_bytes(png_of((200, 200, 200)))
    shooting = Shooting(tmp_path)
    shooting.run(f"{ENTRY}references: {{Tom: tom.png}}\n", preset="simple")
    tom = next(one for one in result(shooting).subjects if one.subject == "Tom")
    assert (tom.to, tom.scenes) == ("entry", (4,))
    asked = [len(one.images) for one in shooting.crew.of(CompareRequest)]
    assert asked == [4, (3 + 1) * len(WINDOWS), (1 + 1 + 2) * len(WINDOWS)]


def test_a_backend_that_sees_no_subjects_is_not_asked(tmp_path: Path):
    shooting = Shooting(tmp_path)
    shooting.run(ENTRY, preset="simple")
    assert result(shooting).subjects == ()
    assert [len(one.images) for one in shooting.crew.of(CompareRequest)] == [4]


@pytest.mark.usefixtures("seeing")
def test_many_scenes_are_no_more_than_a_comparison_takes(tmp_path: Path):
    names = [f"  - {{prompt: Mara in place {n}}}\n" for n in range(12)]
    others = [f"  - {{prompt: gull {n}}}\n" for n in range(5)]
    entry = f"scenes:\n{''.join(names + others)}subjects: [{{name: Mara}}]\n"
    shooting = Shooting(tmp_path)
    shooting.run(entry, preset="simple")
    [mara] = result(shooting).subjects
    assert mara.scenes == (3, 5, 7, 9, 11)
    assert max(len(one.images) for one in shooting.crew.of(CompareRequest)) <= 64


def test_crops_are_the_whole_the_middle_and_the_corners():
    image = Image.new("RGB", (100, 50), (0, 0, 0))
    image.paste((255, 0, 0), (80, 40, 100, 50))
    stream = io.BytesIO()
    image.save(stream, "PNG")
    crops = [Image.open(io.BytesIO(one)) for one in crops_of(stream.getvalue())]
    assert [one.size for one in crops] == [(100, 50), (60, 30), *[(60, 30)] * 4]
    red = [(255, 0, 0) in {colour for _, colour in one.getcolors()} for one in crops]
    assert red == [True, False, False, False, False, True]


@pytest.mark.parametrize(("higher", "expected"), [(True, 0.9), (False, 0.1)])
def test_the_most_similar_pair_counts(higher: bool, expected: float):
    count = 2 * len(WINDOWS)
    values = [[0.5] * count for _ in range(count)]
    values[2][len(WINDOWS) + 3] = 0.9
    values[4][len(WINDOWS) + 1] = 0.1
    rows: Sequence[tuple[float, ...]] = [tuple(row) for row in values]
    measured = Similarity(
        measure="x", method="x", higher_is_more_similar=higher, values=tuple(rows)
    )
    assert best_pair(measured, range(1), 1) == expected
