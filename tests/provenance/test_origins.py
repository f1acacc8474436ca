"""Origins: kinds of source of compositions, batches of before, imports, and long chains."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from db.queries.makers import Maker
from engine.contract import Artifact
from engine.provenance.origin import Input, Origin, Step
from engine.provenance.publisher import MAX_STATEMENTS
from tests.provenance.conftest import Made
from tests.provenance.test_signed_outputs import export, manifests
from tests.support.studio import Studio

IMAGE, SOUND, FILM = "image/png", "audio/wav", "video/mp4"


def artifact(media_type: str) -> Artifact:
    return Artifact(hash="ab" * 32, media_type=media_type, size=1)


def maker() -> Maker:
    texts = dict.fromkeys(Maker.__match_args__, "x")
    numbers = {"size": 1, "width": None, "height": None, "batch_id": 1, "seed": None}
    return Maker(**{**texts, **numbers, "finished_at": None, "materials": None})  # type: ignore[arg-type]


def made_by(declared: str | None, media_type: str, *inputs: Origin) -> Origin:
    step = Step(maker(), "1", declared, (), {})
    entries = tuple(Input("images", one) for one in inputs)
    return Origin(artifact(media_type), step, entries)


PICTURE, SONG = Origin(artifact(IMAGE)), Origin(artifact(SOUND))
TRAINED, PAINTED = made_by("trained", IMAGE), made_by("algorithmic", IMAGE)
COMPOSED = {
    "generated frames alone": (FILM, (TRAINED, TRAINED), "trainedAlgorithmicMedia"),
    "with a song": (FILM, (TRAINED, SONG), "compositeWithTrainedAlgorithmicMedia"),
    "with a picture": (FILM, (TRAINED, PICTURE), "compositeWithTrainedAlgorithmicMedia"),
    "with painted ones": (FILM, (TRAINED, PAINTED), "compositeWithTrainedAlgorithmicMedia"),
    "a procedural film of a song": (FILM, (SONG,), "algorithmicMedia"),
    "painted ones and a song": (FILM, (PAINTED, SONG), "algorithmicMedia"),
    "pictures of the user's": (FILM, (PICTURE, SONG), "composite"),
    "nothing": (FILM, (), "algorithmicMedia"),
    "a song that was cut": (SOUND, (SONG,), "composite"),
    "a film of a film": (
        FILM,
        (made_by(None, FILM, TRAINED, SONG),),
        "compositeWithTrainedAlgorithmicMedia",
    ),
}


@pytest.mark.parametrize("what", COMPOSED)
def test_a_composition_is_what_it_is_of(what: str) -> None:
    media_type, inputs, expected = COMPOSED[what]
    assert made_by(None, media_type, *inputs).source_type == expected


def test_a_model_that_follows_a_picture_generates_and_a_recipe_that_changes_one_edits() -> None:
    followed = made_by("trained", IMAGE, PICTURE)
    assert followed.source_type == "trainedAlgorithmicMedia"
    assert followed.edits is None
    changed = made_by(None, IMAGE, TRAINED)
    assert changed.edits is changed.inputs[0]
    assert made_by(None, FILM, TRAINED).edits is None
    assert made_by(None, IMAGE, TRAINED, PICTURE).edits is None
    assert PICTURE.source_type is None


def change_snapshots(studio: Studio, change: Any) -> None:
    connection = sqlite3.connect(studio.root / ".safelight/safelight.db")
    (text,) = connection.execute("SELECT snapshot FROM batches").fetchone()
    snapshot = json.loads(text)
    change(snapshot)
    connection.execute("UPDATE batches SET snapshot = ?", (json.dumps(snapshot),))
    connection.commit()
    connection.close()


def test_a_batch_of_before_asks_its_backend_and_an_import_is_left_alone(tmp_path: Path) -> None:
    studio = Studio(tmp_path / "w")
    object.__setattr__(studio.painter.info, "digital_source", "algorithmic")
    folder = studio.run()
    before = (folder / "keyframe.png").read_bytes()
    _, manifest, _ = manifests(folder / "keyframe.png")
    assert "algorithmicMedia" in json.dumps(manifest)

    change_snapshots(studio, lambda one: one["backends"]["image"].pop("digital_source"))
    assert not export(studio.workspace())
    assert (folder / "keyframe.png").read_bytes() == before  # the same is stated

    change_snapshots(studio, lambda one: one.pop("safelight"))
    publisher_of = studio.workspace()
    with publisher_of.reading() as connection:
        publisher = publisher_of.signing.publisher(connection)
        result = json.loads(publisher_of.jobs("b1")[0].result)
        files = [Artifact.model_validate(one) for one in result["files"]]
        assert [publisher.copy_of(one) for one in files] == [None] * len(files)


def test_a_long_chain_carries_so_many_statements(made: Made, tmp_path: Path) -> None:
    studio = Studio(tmp_path / "w")
    studio.run()
    workspace = studio.workspace()
    connection = sqlite3.connect(studio.root / ".safelight/safelight.db")
    connection.row_factory = sqlite3.Row
    (row,) = connection.execute("SELECT * FROM steps WHERE key = 'keyframe'")
    kept = connection.execute("SELECT * FROM artifacts WHERE step_id = ?", (row["id"],)).fetchone()
    source = workspace.artifacts.path(kept["hash"]).read_bytes()
    handle = Artifact(hash=kept["hash"], media_type=IMAGE, size=len(source))
    for number in range(MAX_STATEMENTS + 8):
        digest = workspace.artifacts.put(source + bytes([number]))
        values = {**dict(row), "id": 1000 + number, "key": f"link-{number}"}
        values |= {"fingerprint": f"{number:064}"}
        values |= {"request": json.dumps({"seed": 1, "reference": handle.model_dump()})}
        _insert(connection, "steps", values)
        more = {**dict(kept), "id": 1000 + number, "step_id": 1000 + number, "hash": digest}
        _insert(connection, "artifacts", more)
        handle = Artifact(hash=digest, media_type=IMAGE, size=len(source) + 1)
    connection.commit()
    connection.close()
    with workspace.reading() as reader:
        copy = workspace.signing.publisher(reader).copy_of(handle)
    assert copy is not None
    linked = tmp_path / "last.png"
    linked.write_bytes(copy.path.read_bytes())
    state, _, every = manifests(linked)
    assert state == "Valid"
    assert 2 <= len(every) <= MAX_STATEMENTS


def _insert(connection: sqlite3.Connection, table: str, values: dict[str, Any]) -> None:
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)
