"""The operator's ratings are in the documents and the batch summary of every recipe."""

import json
from pathlib import Path
from typing import Any

import pytest

from db.queries.batches import batch
from db.queries.ratings import rating_document
from db.rating import KEEP, REJECT
from db.writes import batches as batch_writes
from db.writes.batches import NewBatch, NewJob
from db.writes.jobs import claim_jobs, end_job
from db.writes.ratings import rate
from engine.client.exporting import export_batch
from engine.client.workspace import Workspace
from engine.plugins.catalog import EntryPointCatalog
from tests.support.media_files import wav
from tests.tui.support import Place

SONG = "a song"
"""In place of a stored file in the entry of a recipe."""

ENTRIES: dict[str, tuple[dict[str, Any], str]] = {
    "refine": ({"prompt": "a lamp"}, "summary.json"),
    "storyboard": ({"prompt": "a lamp", "scenes": [{"prompt": "a lamp"}]}, "storyboard.json"),
    "sound-effect": ({"prompt": "a bell"}, ""),
    "visual-prompts": ({"sound": SONG}, "sample.json"),
    "music-video": ({"title": "A song", "song": SONG}, "music_video.json"),
}
"""An entry of each recipe, and the document of a job that has not begun; empty without one."""


@pytest.mark.parametrize("recipe", ENTRIES)
def test_ratings_are_in_the_documents_of_a_recipe(tmp_path: Path, recipe: str) -> None:
    place = Place(tmp_path / "w")
    entry, name = ENTRIES[recipe]
    job = queued(place, recipe, entry)
    place.write(lambda c: rate(c, job, "", REJECT, "too dark", "ada"))
    place.write(lambda c: rate(c, job, "iteration-1", KEEP, "", "ada"))
    workspace, folder = Workspace(place.root), tmp_path / "out"
    with workspace.reading() as connection:
        row = batch(connection, 1)
        assert row is not None
        expected = rating_document(connection, job)
        assert export_batch(workspace, connection, row, folder) == (1, [], True)
    assert expected is not None
    assert (expected["rating"], expected["note"]) == ("reject", "too dark")
    assert [(one["part"], one["rating"]) for one in expected["parts"]] == [("iteration-1", "keep")]
    names = ["batch_summary.json", *([f"one/{name}"] if name else [])]
    for document in (json.loads((folder / name).read_text()) for name in names):
        of_job = document["jobs"][0] if "jobs" in document else document
        assert of_job["rating"] == expected


def queued(place: Place, recipe: str, entry: dict[str, Any]) -> int:
    """A job of a recipe that was cancelled before it began; returns its number."""
    settings = EntryPointCatalog().recipe(recipe).settings().model_dump_json()
    sound = Workspace(place.root).artifacts.put(wav(1.0))
    file = {"hash": sound, "media_type": "audio/wav", "size": 1, "kind": "sound"}
    given = {key: file if value == SONG else value for key, value in entry.items()}

    def write(connection: Any) -> int:
        new = NewBatch("things", recipe, "1", 1, settings, "{}", "outputs", "outputs/s.json")
        number = batch_writes.create_batch(connection, new)
        job = NewJob("one", json.dumps({**given, "id": "one"}), 1, "outputs/one", "one")
        batch_writes.add_jobs(connection, number, [job])
        batch_writes.seal_batch(connection, number)
        (claimed,) = claim_jobs(connection, 1)
        end_job(connection, claimed, "cancelled")
        return claimed.id

    return int(place.write(write))
