"""The three calls under /api, from a request to images that can be fetched."""

import io
import json

import pytest
from PIL import Image
from starlette.testclient import TestClient

from db.queries import batches as queries
from engine.api.app import make_app
from engine.api.auth.issue import Wanted, issue
from engine.client.workspace import Workspace
from tests.api.conftest import ADDRESS, headers, problem
from tests.support.one_process import compute_here

PROMPT = "Artisan coffee that starts your morning right"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    root = tmp_path_factory.mktemp("generation")
    (root / "safelight.toml").write_text(
        "[recipes.storyboard]\nwidth = 64\nheight = 64\nseconds_per_scene = 7.5\n"
    )
    workspace = Workspace(root, create=True)
    secret = issue(workspace, Wanted("t", ["read", "write"], None)).secret
    with TestClient(make_app(workspace), ADDRESS, headers=headers(secret)) as client:
        yield workspace, client


def picture() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (96, 64), (200, 40, 40)).save(data, "PNG")
    return data.getvalue()


def test_a_generation_from_request_to_images(served) -> None:
    workspace, client = served
    fast = {"advanced_image_num_variations": 2, "advanced_image_max_enhancement_iterations": 1}
    body = {"prompt": PROMPT, "target_duration": 15, **fast}
    accepted = client.post("/api/generate", json=body)
    assert accepted.status_code == 202, accepted.text
    generation = accepted.json()["generation_id"]
    assert accepted.headers["location"] == f"/api/status/{generation}"
    assert int(accepted.headers["retry-after"]) > 0
    waiting = client.get(f"/api/status/{generation}")
    assert (waiting.json()["status"], waiting.json()["progress"]) == ("pending", 0)
    assert "retry-after" in waiting.headers

    with pytest.MonkeyPatch.context() as patch:
        compute_here(patch)
        workspace.follow("b1")
    done = client.get(f"/api/status/{generation}")
    assert "retry-after" not in done.headers
    document = done.json()
    assert (document["status"], document["progress"]) == ("completed", 100)
    assert document["advanced_image_generation_used"] is True
    plan = document["storyboard_plan"]
    assert plan["advanced_image_settings"] == {
        "quality_threshold": 30.0,
        "num_variations": 2,
        "max_enhancement_iterations": 1,
    }
    assert [scene["scene_number"] for scene in plan["scenes"]] == [1, 2]
    for scene in plan["scenes"]:
        assert 0 <= scene["quality_score"] <= 100
        fetched = client.get(scene["reference_image_url"])
        assert Image.open(io.BytesIO(fetched.content)).size == (64, 64)


def test_a_generation_with_an_image_begins_with_it(served) -> None:
    workspace, client = served
    files = {"image": ("mine.png", picture(), "application/octet-stream")}
    data = {"prompt": "Luxury perfume advertisement", "target_duration": "15"}
    key = {"Idempotency-Key": "with-image"}
    accepted = client.post("/api/generate-with-image", data=data, files=files, headers=key)
    assert accepted.status_code == 202, accepted.text
    again = client.post("/api/generate-with-image", data=data, files=files, headers=key)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == accepted.json()
    other = {"image": ("mine.png", picture() + b" ", "image/png")}
    changed = client.post("/api/generate-with-image", data=data, files=other, headers=key)
    problem(changed, 422, "key-reused")
    job = client.get(accepted.json()["links"]["job"]).json()
    assert job["input"]["target_duration"] == 15
    image = job["input"]["reference_image"]
    assert client.get(f"/v1/artifacts/{image['hash']}").content == picture()
    assert not list(workspace.paths.artifacts.rglob(".new-*"))


def test_a_form_that_is_wrong_queues_nothing(served) -> None:
    workspace, client = served
    path, image = "/api/generate-with-image", ("a.png", picture(), "image/png")
    with workspace.reading() as connection:
        before = len(queries.batches(connection))
    text = {"image": ("a.png", b"no image", "image/png")}
    problem(client.post(path, data={"prompt": "x"}, files=text), 415, "wrong-type")
    problem(client.post(path, data={"prompt": "x"}), 415, "wrong-type")
    problem(client.post(path, files={"image": image}), 422, "invalid")
    problem(client.post(path, data={"prompt": "x"}, files={"other": image}), 422, "invalid")
    wrong = {"prompt": "x", "target_duration": "long"}
    document = problem(client.post(path, data=wrong, files={"image": image}), 422, "invalid")
    assert document["errors"][0]["pointer"] == "/target_duration"
    twice = [("image", image), ("image", image)]
    problem(client.post(path, data={"prompt": "x"}, files=twice), 400, "bad-form")
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    problem(client.post(path, content=b"--x\r\nbroken", headers=form), 400, "bad-form")
    workspace.settings.api.max_upload_mb = 0.0001
    try:
        large = client.post(path, data={"prompt": "x"}, files={"image": image})
        problem(large, 413, "too-large")
    finally:
        workspace.settings.api.max_upload_mb = 50
    with workspace.reading() as connection:
        assert len(queries.batches(connection)) == before


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"prompt": ""},
        {"prompt": " \u200b "},
        {"prompt": "x", "target_duration": -1},
        {"prompt": "x", "advanced_image_num_variations": 99},
        {"prompt": "x", "odd": 1},
    ],
)
def test_a_body_that_is_wrong_is_422(served, body) -> None:
    _, client = served
    problem(client.post("/api/generate", json=body), 422, "invalid")


def test_only_storyboards_are_generations(served) -> None:
    _, client = served
    other = {"recipe": "refine", "entries": ["x"], "settings": {"width": 64, "height": 64}}
    batch = client.post("/v1/batches", json=other).json()
    job = client.get(batch["links"]["jobs"]).json()["jobs"][0]["id"]
    problem(client.get(f"/api/status/{job}"), 404, "not-found")
    assert json.loads(client.get("/v1/jobs/" + job).content)["recipe"] == "refine"


@pytest.mark.parametrize(
    "change",
    [
        {"settings": {"checkpoint": "/etc/hostname"}},
        {"entries": [{"prompt": "rain", "settings": {"checkpoint": "/etc/hostname"}}]},
        {"entries": [{"prompt": "rain", "settings": {"stable-audio.checkpoint": "/etc/hostname"}}]},
        {"entries": [{"prompt": "rain", "init_audio": "/etc/hostname"}]},
        {"entries": [{"prompt": "rain", "init_audio": {"hash": "0" * 64}}]},
    ],
)
def test_no_caller_names_a_file_of_the_machine(served, change) -> None:
    """Nor learns whether there is one: a file that is missing gets the same answer."""
    _, client = served
    body = {"recipe": "sound-effect", "entries": ["rain"], **change}
    there = problem(client.post("/v1/batches", json=body), 422, "invalid")
    text = json.dumps(body).replace("/etc/hostname", "/etc/missing")
    missing = client.post("/v1/batches", content=text, headers={"Content-Type": "application/json"})
    known = json.dumps(there).replace("/etc/hostname", "/etc/missing")
    assert problem(missing, 422, "invalid") == json.loads(known)
