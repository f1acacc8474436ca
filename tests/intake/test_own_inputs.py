"""Inputs that a recipe reads itself, in place of a list of entries."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.contract.reader import Reader
from engine.intake import InputError, load
from engine.intake import own_inputs as module
from engine.queueing.queue import QueueOptions
from tests.support.corpus import CORPUS, Sample
from tests.support.engines import Toy
from tests.support.song import SONG


def sounds(folder: Path, _settings: Any, _offset: int) -> Iterator[dict[str, Any]]:
    found = sorted(folder.glob("*.sound"))
    if not found:
        raise ValueError("holds no sound")
    for path in found:
        yield {"id": path.stem, "prompt": path.read_text()}


SOUNDS = Reader(Path.is_dir, sounds)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "sounds"
    made.mkdir()
    for name, text in (("rain", "soft"), ("boots", "heavy")):
        (made / f"{name}.sound").write_text(text)
    return made


def test_a_folder_is_entries(folder: Path):
    entries = load(folder, Sample, reader=SOUNDS)
    assert [(entry.key, entry.input.prompt) for entry in entries] == [
        ("boots", "heavy"),
        ("rain", "soft"),
    ]


def test_other_inputs_are_read_as_ever(tmp_path: Path):
    lines = tmp_path / "lines.txt"
    lines.write_text("rain\n")
    for source in (lines, io.BytesIO(b'[{"prompt": "rain"}]')):
        assert [entry.input.prompt for entry in load(source, Sample, reader=SOUNDS)] == ["rain"]
    with pytest.raises(InputError, match=r"gone.* does not exist"):
        load(tmp_path / "gone", Sample, reader=SOUNDS)


def test_entries_are_validated(folder: Path):
    (folder / "odd name\x1b.sound").write_text("x")
    wrong = Reader(Path.is_dir, lambda *_: iter([{"prompt": 3, "colour": "red"}]))
    with pytest.raises(InputError) as caught:
        load(folder, Sample, reader=wrong)
    assert {problem.field for problem in caught.value.problems} == {"prompt", "colour"}
    assert all(problem.entry == 1 for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("holds no sound"), "sounds: holds no sound"),
        (PermissionError(13, "Permission denied"), "sounds: cannot be read: Permission denied"),
    ],
)
def test_what_is_wrong_with_the_input_is_a_sentence(folder: Path, error: Exception, said: str):
    def refuse(_path: Path, _settings: Any, _offset: int) -> Iterator[Any]:
        raise error
        yield

    with pytest.raises(InputError, match=said):
        load(folder, Sample, reader=Reader(Path.is_dir, refuse), name="sounds")


def test_an_endless_input_ends(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MAX_ENTRIES", 3)
    endless = Reader(Path.is_dir, lambda *_: ({"prompt": str(n)} for n in range(10**9)))
    with pytest.raises(InputError, match="has more than 3 entries"):
        load(folder, Sample, reader=endless)


def test_a_folder_is_queued_by_its_name(folder: Path, tmp_path: Path):
    toy = Toy(tmp_path / "w")
    recipe = replace(SONG, reader=SOUNDS)
    number = toy._queue().queue(recipe, folder, QueueOptions(overrides={"seed": 1}))
    assert toy.batch(number).name == "sounds"
    assert [job.key for job in toy.jobs(number)] == ["boots", "rain"]
    with pytest.raises(InputError, match="holds no sound"):
        empty = tmp_path / "empty"
        empty.mkdir()
        toy._queue().queue(recipe, empty, QueueOptions())
    assert CORPUS.reader is None
