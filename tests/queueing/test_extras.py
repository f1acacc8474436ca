"""Recipes that need an extra of Safelight, which is not installed here."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.client.inputs import read_input
from engine.contract import install
from engine.contract.reader import Reader
from engine.queueing.extras import missing_extra
from engine.queueing.overrides import QueueError
from engine.queueing.queue import QueueOptions
from tests.support.corpus import CORPUS
from tests.support.engines import Toy
from tests.support.song import SONG


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation with an extra `music` of which one package of two is there."""
    lines = ["click>=8", "pytest>=1; extra == 'music'", 'no-such.thing>=2 ; extra == "music"']
    monkeypatch.setattr(install, "requires", lambda _name: lines)


def never(_path: Path, _settings: Any, _offset: int) -> Any:
    raise AssertionError("the input was read")


@pytest.mark.usefixtures("without")
def test_a_batch_is_refused_before_anything_is_read(tmp_path: Path):
    toy = Toy(tmp_path / "w")
    recipe = replace(SONG, extra="music", reader=Reader(Path.is_dir, never))
    number = toy.queue(1)
    for act in (
        lambda: toy._queue().queue(recipe, tmp_path, QueueOptions()),
        lambda: toy._queue().estimate(recipe, tmp_path, QueueOptions()),
        lambda: toy._queue().append(number, recipe, tmp_path, QueueOptions()),
    ):
        with pytest.raises(QueueError) as caught:
            act()
        assert caught.value.message == "Recipe toy needs the package no-such.thing."
        assert "[music]" in caught.value.remedy
    reading = read_input(tmp_path, recipe, lambda _: None, lambda: False)
    assert reading.problems[0].startswith("Recipe toy needs the package no-such.thing. Run:")


@pytest.mark.usefixtures("without")
def test_what_is_installed_is_not_missing():
    assert missing_extra(CORPUS) == []
    assert missing_extra(replace(CORPUS, extra="other")) == []
    assert [one.what for one in missing_extra(replace(CORPUS, extra="music"))] == [
        "the package no-such.thing"
    ]
    [several] = missing_extra(replace(CORPUS, extra="music,other"))
    assert several.what == "the package no-such.thing"
    assert "[music,other]" in several.remedy


def test_the_extras_of_safelight_are_found():
    assert install.missing_from_extra("audio") == []
