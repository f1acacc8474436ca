"""Uploads that no batch uses: aged out by the engine and by `safelight db prune`."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image

from db.clock import ago
from db.queries.old_uploads import old_uploads
from engine.client.old_history import remove_history
from engine.config.store_settings import StoreSettings

DAY = 86_400.0


def upload(client: Any, colour: int) -> str:
    out = io.BytesIO()
    Image.new("RGB", (4, 4), (colour, 0, 0)).save(out, "PNG")
    answer = client.post("/v1/artifacts", content=out.getvalue())
    return str(answer.headers["location"].rpartition("/")[2])


def write(workspace: Any, sql: str, *values: Any) -> None:
    with workspace.store.intake() as door:
        door(lambda connection: connection.execute(sql, values))


def age(workspace: Any, hash_: str, days: float) -> None:
    sql = "UPDATE uploads SET created_at = ? WHERE hash = ?"
    write(workspace, sql, ago(days * DAY), hash_)


@pytest.fixture
def four(client, workspace) -> list[str]:
    """Uploads of 40, 20, 2 and no days; a job uses the oldest one."""
    hashes = [upload(client, colour) for colour in (10, 20, 30, 40)]
    for hash_, days in zip(hashes, (40, 20, 2, 0), strict=True):
        age(workspace, hash_, days)
    entry = json.dumps({"brief": "x", "image": {"hash": hashes[0]}}, separators=(",", ":"))
    write(workspace, "UPDATE jobs SET input = ? WHERE id = 1", entry)
    return hashes


@pytest.mark.parametrize(
    ("keep", "most", "gone"),
    [
        (None, None, []),
        (timedelta(days=30), None, []),  # the only one as old is used
        (timedelta(days=10), None, [1]),
        (timedelta(days=1), None, [2, 1]),
        (1, None, [2, 1]),  # the used one is not counted
        (None, 1, [2, 1]),  # that of the last day stays, whatever its size
        (None, 100_000, []),
    ],
)
def test_what_is_old_and_unused_may_go(workspace, four, keep, most, gone) -> None:
    with workspace.reading() as connection:
        found = [hash_ for hash_, _ in old_uploads(connection, keep, most)]
    assert found == [four[number] for number in gone]


def test_an_unused_upload_goes_with_its_file_and_a_used_one_stays(client, workspace, four) -> None:
    workspace.settings.store = StoreSettings(keep_uploads="10d")
    told = remove_history(workspace, dry=True)["uploads"]
    assert client.get(f"/v1/artifacts/{four[1]}").status_code == 200
    assert remove_history(workspace)["uploads"] == told
    assert (told.rows, told.size > 0) == (1, True)
    assert client.get(f"/v1/artifacts/{four[1]}").status_code == 404
    assert not workspace.artifacts.path(four[1]).exists()
    for kept in (four[0], four[2], four[3]):
        assert client.get(f"/v1/artifacts/{kept}").status_code == 200


def test_an_upload_that_comes_again_is_new(client, workspace, four) -> None:
    assert upload(client, 20) == four[1]
    workspace.settings.store = StoreSettings(keep_uploads="10d")
    assert remove_history(workspace)["uploads"].rows == 0


def test_the_store_keeps_thirty_days_and_ten_gibibytes() -> None:
    assert StoreSettings().uploads() == (timedelta(days=30), 10 << 30)
    assert StoreSettings(keep_uploads="").uploads()[0] is None
