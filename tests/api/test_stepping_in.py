"""Commands over the wire: the registry's, answered or on their way, within scopes."""

import pytest
from starlette.testclient import TestClient

from engine.api.app import make_app
from engine.api.commands import COMMANDS
from engine.api.table import TABLE
from tests.api.conftest import ADDRESS, headers, problem


def test_every_command_of_the_registry_has_an_address() -> None:
    paths = {endpoint.path for endpoint in TABLE if endpoint.method == "POST"}
    for action in COMMANDS:
        for subject in action.applies_to:
            start = {"batch": "/v1/batches/{batch}", "job": "/v1/jobs/{job}"}
            assert f"{start.get(subject, '/v1/engine')}/{action.verb}" in paths


def test_a_command_is_carried_out_once_per_key(client: TestClient) -> None:
    key = {"Idempotency-Key": "p"}
    first = client.post("/v1/batches/b3/pause", headers=key)
    assert (first.status_code, first.json()["status"]) == (200, "done")
    again = client.post("/v1/batches/b3/pause", headers=key)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert client.get(first.json()["links"]["self"]).json() == first.json()
    assert client.get("/v1/batches/b3").json()["status"] == "paused"


def test_the_engines_refusal_is_409_with_its_sentence(client: TestClient) -> None:
    key = {"Idempotency-Key": "r"}
    refused = client.post("/v1/batches/b1/pause", headers=key)
    assert "nothing to pause" in problem(refused, 409, "command-refused")["detail"]
    again = client.post("/v1/batches/b1/pause", headers=key)
    assert problem(again, 409, "command-refused")["command"]


def test_a_command_takes_its_arguments(client: TestClient) -> None:
    assert client.post("/v1/batches/b3/priority", json={"change": 3}).is_success
    assert client.get("/v1/batches/b3").json()["priority"] == 3
    much = client.post("/v1/batches/b3/priority", json={"change": 2**63 - 1})
    assert "at most" in problem(much, 409, "command-refused")["detail"]
    wrong = client.post("/v1/batches/b3/priority", json={"change": "up"})
    assert problem(wrong, 422, "invalid")["errors"][0]["pointer"] == "/change"
    problem(client.post("/v1/batches/b3/priority"), 422, "invalid")
    problem(client.post("/v1/batches/b3/pause", json={"odd": 1}), 422, "invalid")
    problem(client.post("/v1/batches/b3/pause", content="{"), 400, "bad-json")
    form = client.post("/v1/batches/b3/pause", data={"a": "b"})
    problem(form, 415, "wrong-type")
    assert client.post("/v1/jobs/j1/rate", json={"value": "5", "note": "good"}).is_success
    assert client.get("/v1/jobs/j1/ratings").json()["ratings"][0]["rating"] == "5"


def test_a_decision_is_previewed_and_sent(client: TestClient) -> None:
    body = {"key": "say-1", "value": "X"}
    preview = client.post("/v1/jobs/j1/decisions:preview", json=body).json()
    assert set(preview) == {"key", "again", "steps", "cost_usd"}
    answer = client.put("/v1/jobs/j1/decisions/say-1", json={"value": "X"})
    assert answer.is_success, answer.text
    decisions = client.get("/v1/jobs/j1/decisions").json()["decisions"]
    assert [(one["key"], one["value"]) for one in decisions] == [("say-1", "X")]
    assert client.put("/v1/jobs/j1/decisions/deep/er", json={"value": None}).is_success


def test_a_batch_is_changed_as_it_was_seen(client: TestClient) -> None:
    path = "/v1/batches/b3"
    problem(client.patch(path, json={"priority": 4}), 428, "if-match-missing")
    tag = client.get(path).headers["etag"]
    changed = client.patch(
        path, json={"priority": 4, "budget_usd": "0.5"}, headers={"If-Match": tag}
    )
    assert (changed.json()["priority"], changed.json()["budget_usd"]) == (4, "0.50")
    old = client.patch(path, json={"priority": 1}, headers={"If-Match": tag})
    problem(old, 412, "changed-meanwhile")


def test_the_budget_of_the_workspace_is_its_operators(client: TestClient) -> None:
    refused = client.put("/v1/budgets/day", json={"budget_usd": 1})
    assert "safelight.toml" in problem(refused, 409, "operators-setting")["remedy"]
    assert client.put("/v1/budgets/b3", json={"budget_usd": "2"}).is_success
    assert client.get("/v1/budgets/b3").json()["budget_usd"] == "2.00"


_SOME = {
    "{batch}": "b3", "{job}": "j1", "{step}": "s1", "{command}": "c1", "{recipe}": "toy",
    "{subject}": "b3", "{sha256}": "0" * 64, "{generation_id}": "j1", "{key:path}": "say-1",
}  # fmt: skip


def _address(path: str) -> str:
    for part, value in _SOME.items():
        path = path.replace(part, value)
    return path


@pytest.mark.parametrize(
    "endpoint", [one for one in TABLE if one.scope], ids=lambda one: f"{one.method} {one.path}"
)
def test_every_address_needs_its_scope(workspace, token, endpoint) -> None:
    others = {"read", "write", "decide", "spend"} - {endpoint.scope}
    client = TestClient(make_app(workspace), ADDRESS)
    address = _address(endpoint.path)
    refused = client.request(endpoint.method, address, headers=headers(token(*others)))
    document = problem(refused, 403, "scope-missing")
    assert endpoint.scope in document["detail"]
    problem(client.request(endpoint.method, address), 401, "unauthenticated")


def test_a_server_that_only_reads_writes_nothing(workspace, token) -> None:
    from engine.api.app import ServerOptions

    app = make_app(workspace, ServerOptions(read_only=True))
    client = TestClient(app, ADDRESS, headers=headers(token("admin")))
    assert client.get("/v1/batches").is_success
    for endpoint in TABLE:
        if endpoint.method != "GET":
            problem(client.request(endpoint.method, _address(endpoint.path)), 403, "read-only")


def test_a_rate_is_held(workspace, token) -> None:
    workspace.settings.api.burst = 3
    workspace.settings.api.requests_per_minute = 1
    client = TestClient(make_app(workspace), ADDRESS, headers=headers(token("read")))
    answers = [client.get("/v1/engine") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    problem(answers[-1], 429, "too-many-requests")
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert client.get("/v1/engine", headers=headers(token("read"))).status_code == 200
