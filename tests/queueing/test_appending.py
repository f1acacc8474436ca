"""Several processes that append to one batch: each entry once, or a sentence."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from engine.client.ids import find_batch
from engine.client.workspace import Workspace
from engine.queueing.overrides import QueueError
from engine.queueing.plan import QueueOptions
from engine.queueing.queue import Queue


def append(folder: Path, name: str, text: str) -> str:
    """Appends some lines; what was wrong, or nothing."""
    source = folder / f"{name}.jsonl"
    source.write_text(text)
    try:
        Workspace(folder).append("b1", source)
    except QueueError as error:
        return str(error)
    return ""


def queued(folder: Path) -> Workspace:
    workspace = Workspace(folder, create=True)
    (folder / "first.txt").write_text("first\n")
    workspace.queue("refine", folder / "first.txt")
    return workspace


def test_of_two_that_add_the_same_id_one_is_told(tmp_path: Path) -> None:
    workspace = queued(tmp_path)
    lines = "".join(f'{{"id": "same-{n}", "prompt": "p"}}\n' for n in range(50))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        said = [pool.submit(append, tmp_path, f"both-{n}", lines) for n in range(2)]
        answers = sorted(future.result() for future in said)
    assert answers[0] == ""
    assert answers[1].startswith("Batch b1 already has the ids same-0")
    with workspace.reading() as connection:
        assert connection.execute("SELECT count(*) FROM jobs").fetchone()[0] == 51


def test_a_folder_that_was_taken_meanwhile_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the choice of a folder and the write, another process takes it."""
    workspace = queued(tmp_path)
    source = tmp_path / "again.txt"
    source.write_text('["one", "two"]')
    choose, raced = Queue._jobs, list[bool]()

    def choose_and_lose(self: Queue, plan: Any, entries: Any, of: Any) -> Any:
        jobs = choose(self, plan, entries, of)
        if not raced:
            raced.append(True)
            workspace.queue("refine", source, options=QueueOptions(file_format="json"))
        return jobs

    monkeypatch.setattr(Queue, "_jobs", choose_and_lose)
    workspace.queue("refine", source, options=QueueOptions(file_format="json"))
    with workspace.reading() as connection:
        places = [row[0] for row in connection.execute("SELECT place FROM jobs")]
    assert raced
    assert len(set(places)) == 5


def test_a_batch_without_a_name_is_called_as_its_file(tmp_path: Path):
    (tmp_path / "barns.txt").write_text("a barn\n")
    workspace = Workspace(tmp_path / "w", create=True)
    batch = workspace.queue("refine", tmp_path / "barns.txt", options=QueueOptions(name=None))
    with workspace.reading() as connection:
        assert find_batch(connection, batch).name == "barns"
