"""Inputs of visual-prompts on the command line: queued as a whole, or refused in one line."""

import errno
import json
import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from engine.cli.app import app, main
from engine.client.workspace import Workspace
from engine.config.paths import WorkspacePaths
from engine.queueing import queue as queueing
from engine.recipes.visual_prompts import dataset_input, reader
from engine.runtime.artifacts import ArtifactStore
from tests.recipes.visual_prompts.test_reader import HOSTILE, TONE, Evil, dataset, objects, wav


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def queue(*arguments: object) -> Result:
    given = ["queue", "visual-prompts", *map(str, arguments), "-w", "w"]
    return CliRunner().invoke(app, given, standalone_mode=False)


def queue_more(source: str) -> Result:
    given = ["queue", source, "--append", "b1", "-w", "w"]
    return CliRunner().invoke(app, given, standalone_mode=False)


def message(result: Result) -> str:
    return f"{result.output}{result.exception or ''}"


def batches() -> list[tuple[Any, ...]]:
    with Workspace(Path("w")).reading() as connection:
        sql = "SELECT name, queued, in_flight FROM batches ORDER BY id"
        return [tuple(row) for row in connection.execute(sql)]


def test_what_the_reference_says_is_queued():
    dataset(Path("d.npy"), *({"audio": TONE * share} for share in (0.5, 0.6, 0.7)))
    flags = ["--samples", 2, "--start-idx", 1, "--batch-size", 5]
    assert queue("--dataset", "d.npy", *flags).return_value == 0
    assert queue("d.npy", "--start_idx", 2, "--batch_size", 5).return_value == 0
    assert batches() == [("d", 2, 5), ("d-2", 1, 5)]


def test_a_pattern_names_its_folder_and_needs_quotation_marks():
    Path("songs").mkdir()
    for name in ("b.wav", "a.wav"):
        wav(Path("songs") / name)
    assert queue("songs/*.wav").return_value == 0
    assert batches() == [("songs", 2, None)]
    said = message(queue("songs/a.wav", "songs/b.wav"))
    assert "a pattern in quotation marks ('sounds/*.flac')" in said


def test_samples_that_are_appended_go_on_counting():
    dataset(Path("d.npy"), {"audio": TONE}, {"audio": TONE * 0.5})
    Path("songs").mkdir()
    wav(Path("songs/a.wav"))
    Path("l.txt").write_text("songs/a.wav\n")
    queue("d.npy")
    for source in ("songs", "l.txt", "songs/a.wav", "d.npy"):
        assert queue_more(source).return_value == 0
    with Workspace(Path("w")).reading() as connection:
        rows = connection.execute("SELECT key, input FROM jobs ORDER BY id").fetchall()
    assert [row[0] for row in rows] == [f"sample_{number:03d}" for number in range(7)]
    assert [json.loads(row[1])["index"] for row in rows] == list(range(7))


@pytest.mark.parametrize("call", HOSTILE, ids=lambda call: call[0].__name__)
def test_a_hostile_data_set_queues_nothing(call: tuple[Any, ...], folder: Path):
    with Path("d.npy").open("wb") as stream:
        header = {"descr": "|O", "fortran_order": False, "shape": (2,)}
        np.lib.format.write_array_header_1_0(stream, header)
        stream.write(pickle.dumps(objects({"audio": TONE}, {"audio": TONE, "x": Evil(*call)})))
    said = message(queue("d.npy"))
    assert said.startswith("d.npy: ")
    assert len(said.splitlines()) == 1
    assert {path.name for path in folder.iterdir()} == {"d.npy"}


def test_a_batch_that_is_interrupted_while_it_is_queued_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
):
    dataset(Path("d.npy"), *({"audio": TONE * share} for share in (0.5, 0.6, 0.7, 0.8)))
    queue("d.npy", "--samples", 1)
    monkeypatch.setattr(queueing, "CHUNK", 1)
    real = dataset_input.dataset_entries

    def interrupted(*given: Any) -> Iterator[Any]:
        for number, entry in enumerate(real(*given)):
            if number == 3:
                raise KeyboardInterrupt
            yield entry

    monkeypatch.setattr(reader, "dataset_entries", interrupted)
    queue("d.npy", "--name", "half")
    assert batches() == [("d", 1, None)]
    artifacts = ArtifactStore(WorkspacePaths(Path("w")).artifacts)
    assert len(artifacts.hashes()) > 1
    for hash_ in artifacts.hashes():
        os.utime(artifacts.path(hash_), (0, 0))
    assert main(["gc", "--yes", "-w", "w"]) == 0
    assert len(artifacts.hashes()) == 1


def test_a_full_disk_is_one_error(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    dataset(Path("d.npy"), {"audio": TONE})
    queue("d.npy")

    def full(*_given: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ArtifactStore, "put_stream", full)
    capfd.readouterr()
    assert main(["queue", "visual-prompts", "d.npy", "-w", "w"]) != 0
    said = capfd.readouterr().err
    assert "No space left on device" in said
    assert "Traceback" not in said
    assert batches() == [("d", 1, None)]
