"""Reads over the wire: documents with links and ETags, pages, waits."""

import threading
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from engine import __version__
from tests.api.conftest import problem


def test_a_job_that_waits_says_for_what_and_what_to_do(client: TestClient) -> None:
    document = client.get("/v1/jobs/j4").json()
    assert (document["status"], document["waits_for"]) == ("parked", "key")
    assert document["error"] == "No key for toys. Set TOY_KEY in .env."
    assert ".env" in document["remedy"]
    line = client.get("/v1/batches/b2/jobs").json()["jobs"][0]
    assert (line["status"], line["waits_for"], line["remedy"]) == (
        "parked",
        "key",
        document["remedy"],
    )


def test_a_failed_job_is_no_refusal(client: TestClient) -> None:
    answer = client.get("/v1/jobs/j2")
    assert answer.status_code == 200
    assert answer.json()["status"] == "failed"
    assert answer.json()["error"] == "Cannot say it."
    assert answer.json()["cost_usd"] == "0.0025"


def test_no_caller_sees_paths_or_code(client: TestClient) -> None:
    for job in ("j1", "j2", "j4"):
        document = client.get(f"/v1/jobs/{job}").json()
        assert {"folder", "outputs", "traces", "file"}.isdisjoint(document)
        assert "traceback" not in document["errors"][0] if document["errors"] else True


@pytest.mark.parametrize("part", ["steps", "prompts", "errors", "calls", "decisions", "ratings"])
def test_each_part_of_a_job_has_an_address(client: TestClient, part: str) -> None:
    links = client.get("/v1/jobs/j1").json()["links"]
    document = client.get(links[part]).json()
    assert isinstance(document[part], list)
    assert document["links"]["job"] == "/v1/jobs/j1"


def test_a_step_has_its_request_and_result(client: TestClient) -> None:
    listed = client.get("/v1/jobs/j1/steps").json()["steps"]
    step = client.get(listed[0]["links"]["self"]).json()
    assert step["request"]["brief"].startswith("fine")
    assert step["links"]["job"] == "/v1/jobs/j1"


def test_a_caller_that_has_the_newest_gets_304(client: TestClient) -> None:
    for path in ("/v1/jobs/j1", "/v1/batches", "/v1/batches/b1", "/v1/events"):
        first = client.get(path)
        tag = first.headers["etag"]
        again = client.get(path, headers={"If-None-Match": f'"x", {tag}'})
        assert (again.status_code, again.content) == (304, b"")
        assert client.get(path, headers={"If-None-Match": '"x"'}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        *("/v1/jobs/j99", "/v1/jobs/b1", "/v1/jobs/j0", "/v1/jobs/mixed", "/v1/batches/b99"),
        *("/v1/steps/s999", "/v1/commands/c999", "/v1/artifacts/zz", "/api/status/j1"),
    ],
)
def test_what_is_not_there_is_404(client: TestClient, path: str) -> None:
    problem(client.get(path), 404, "not-found")


@pytest.mark.parametrize("path", ["/nothing", "/v1/x", "/v1/", "/v1/engine/"])
def test_an_address_of_another_version_is_404_with_this_one(client: TestClient, path: str) -> None:
    refused = client.get(path)
    problem(refused, 404, "no-address")
    assert refused.headers["safelight-version"] == __version__


@pytest.mark.parametrize(
    "query", ["x=1", "limit=0", "limit=1001", "limit=a", "state=odd", "limit=1&limit=2", "after=-1"]
)
def test_a_query_that_is_wrong_is_400(client: TestClient, query: str) -> None:
    problem(client.get(f"/v1/batches/b1/jobs?{query}"), 400, "bad-query")


CURSORS = ["", "x", "5.0", "+5", " 5", "1_0", "05:", "\u0665", "1" * 20, "none", "none:", "9:9:9"]


@pytest.mark.parametrize("after", [*CURSORS, "nan:1", "inf:1", "1e999:1", "none:-1", "1.5:x"])
def test_a_cursor_that_no_link_has_is_400(client: TestClient, after: str) -> None:
    for address in ("/v1/batches/b1/jobs?sort=score", "/v1/batches/b1/jobs?", "/v1/events?"):
        answer = client.get(f"{address}&after={quote(after)}")
        assert problem(answer, 400, "bad-query")["detail"].startswith("The parameter after ")
    assert client.get("/v1/batches/b1/jobs?sort=position&after=1.5:1").status_code == 400


@pytest.mark.parametrize("number", ["5.0", "%2B5", "%205", "1_0", "05", "-0.0", "5%0A"])
def test_a_whole_number_is_written_plainly(client: TestClient, number: str) -> None:
    for name in ("limit", "after"):
        problem(client.get(f"/v1/events?{name}={number}"), 400, "bad-query")


def test_pages_follow_their_links(client: TestClient) -> None:
    for sort in ("position", "score"):
        path, keys = f"/v1/batches/b1/jobs?limit=1&sort={sort}", []
        while path:
            page = client.get(path).json()
            keys += [line["id"] for line in page["jobs"]]
            path = page["links"].get("next")
        assert sorted(keys) == ["j1", "j2", "j3"]
    path, batches = "/v1/batches?limit=2", []
    while path:
        page = client.get(path).json()
        batches += [line["id"] for line in page["batches"]]
        path = page["links"].get("next")
    assert batches == ["b3", "b2", "b1"]


def test_a_wait_ends_at_a_change(client: TestClient, workspace) -> None:
    tag = client.get("/v1/batches/b3").headers["etag"]
    timer = threading.Timer(0.2, lambda: workspace.note("b3", "changed"))
    timer.start()
    wanted = {"Prefer": "wait=20", "If-None-Match": tag}
    answer = client.get("/v1/batches/b3", headers=wanted)
    timer.join()
    assert answer.json()["note"] == "changed"
    assert answer.headers["preference-applied"] == "wait=20"


def test_the_workspace_as_a_whole(client: TestClient) -> None:
    assert client.get("/v1/engine").json()["running"] is False
    assert client.get("/v1/lanes").json()["lanes"][0]["name"]
    assert client.get("/v1/hosts").json()["hosts"] == []
    assert client.get("/v1/costs").json()["cost_usd"] == "0.0025"
    retries = client.get("/v1/costs/retries?batch=b1").json()
    assert [one["fault"] for one in retries["faults"]] == ["permanent"]
    assert retries["cost_usd"] == "0.0025"
    assert client.get("/v1/costs/retries?batch=b9").status_code == 404
    assert client.get("/v1/search?words=x&batch=b9").status_code == 404
    problem(client.get("/v1/search"), 400, "bad-query")
    problem(client.get("/v1/search?words=x&rating=6"), 400, "bad-query")
    problem(client.get("/v1/search?words=x&limit=1001"), 400, "bad-query")
    hits = client.get("/v1/search?words=x").json()
    assert set(hits) == {"hits", "unindexed", "looked_at", "links"}
    assert client.get("/v1/budgets/workspace").json()["cost_usd"] == "0.0025"
    assert client.get("/v1/budgets/b1").json()["budget_usd"] is None
    assert "refine" in [one["name"] for one in client.get("/v1/recipes").json()["recipes"]]
    schema = client.get("/v1/recipes/toy/schema").json()
    assert "prompt" in schema["entry"]["properties"]
    assert client.get("/readyz").json() == {"status": "ready", "engine": False}
