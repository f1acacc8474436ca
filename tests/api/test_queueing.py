"""Batches over the wire: whole or not there, once for each key, within a caller's money."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from db.queries import batches as queries
from db.writes.callers import add_answer
from engine.api.app import make_app
from engine.runtime.lock import EngineLock
from engine.runtime.webhooks.signing import new_secret
from tests.api.conftest import ADDRESS, headers, problem
from tests.support.backends import changed

BATCH = {"recipe": "toy", "entries": ["one", {"id": "k", "prompt": "two"}]}


def names(workspace) -> list[str]:
    with workspace.reading() as connection:
        return [row.name for row in queries.batches(connection)]


def test_a_batch_is_queued_with_its_links(client: TestClient, workspace) -> None:
    body = {**BATCH, "name": "n", "seed": 5, "priority": 2, "in_flight": 3, "budget_usd": "1.25"}
    answer = client.post("/v1/batches", json=body)
    assert answer.status_code == 201, answer.text
    batch = answer.json()
    assert answer.headers["location"] == batch["links"]["self"] == f"/v1/batches/{batch['id']}"
    assert (batch["name"], batch["seed"], batch["priority"], batch["in_flight"]) == ("n", 5, 2, 3)
    assert batch["budget_usd"] == "1.25"
    assert batch["jobs"] == {"queued": 2}
    lines = client.get(batch["links"]["jobs"]).json()["jobs"]
    assert [line["key"] for line in lines] == ["0001-one", "k"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"recipe": "nothing"}, "/recipe"),
        ({"entries": []}, "/entries"),
        ({"entries": [{"prompt": 3}]}, "/entries/0/prompt"),
        ({"entries": ["a", {"id": "x"}]}, "/entries/1/prompt"),
        ({"entries": ["a", {"prompt": "b", "odd": 1}]}, "/entries/1/odd"),
        ({"settings": {"steps": "many"}}, "/settings/steps"),
        ({"settings": {"odd": 1}}, "/settings/odd"),
        ({"settings": {"together": "yes"}}, "/settings/together"),
        ({"settings": {"steps": None}}, "/settings/steps"),
        ({"settings": {"toy.base_url": "http://evil"}}, "/settings/toy.base_url"),
        ({"seed": -5}, "/seed"),
        ({"budget_usd": "1e99"}, "/budget_usd"),
        ({"odd": True}, "/odd"),
        ({"input": "sha256:" + "0" * 64, "entries": None}, "/input"),
        ({"input": "/etc/passwd", "entries": None}, "/input"),
    ],
)
def test_a_refusal_points_at_the_mistake(client, workspace, change, pointer) -> None:
    before = names(workspace)
    document = problem(client.post("/v1/batches", json={**BATCH, **change}), 422, "invalid")
    assert document["errors"][0]["pointer"] == pointer, document
    assert names(workspace) == before


def test_too_many_entries_go_into_a_file(client, workspace) -> None:
    workspace.settings.api.max_entries = 1
    problem(client.post("/v1/batches", json=BATCH), 413, "too-large")
    lines = "".join(json.dumps({"prompt": f"line {n}"}) + "\n" for n in range(3))
    file = client.post("/v1/artifacts", content=lines.encode()).json()
    answer = client.post("/v1/batches", json={"recipe": "toy", "input": file["name"]})
    assert answer.json()["jobs"] == {"queued": 3}, answer.text


def test_a_key_queues_once(client, workspace) -> None:
    key = {"Idempotency-Key": "k" * 255}
    first = client.post("/v1/batches", json=BATCH, headers=key)
    again = client.post(
        "/v1/batches",
        content=json.dumps(dict(reversed(BATCH.items())), indent=4),
        headers={**key, "Content-Type": "application/json"},
    )
    assert again.headers["idempotency-replayed"] == "true"
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["location"] == first.headers["location"]
    assert len(names(workspace)) == 4
    other = client.post("/v1/batches", json={**BATCH, "name": "x"}, headers=key)
    problem(other, 422, "key-reused")


def test_a_key_belongs_to_its_caller(client, workspace, token) -> None:
    key = {"Idempotency-Key": "shared"}
    mine = client.post("/v1/batches", json=BATCH, headers=key)
    other = {**headers(token("write", "spend")), **key}
    yours = client.post("/v1/batches", json=BATCH, headers=other)
    assert mine.json()["id"] != yours.json()["id"]


def test_a_refusal_is_repeated_too(client) -> None:
    key = {"Idempotency-Key": "bad"}
    body = {**BATCH, "settings": {"odd": 1}}
    first = client.post("/v1/batches", json=body, headers=key)
    again = client.post("/v1/batches", json=body, headers=key)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["content-type"] == first.headers["content-type"]
    assert (again.status_code, again.json()["code"]) == (422, "invalid")


@pytest.mark.parametrize("key", ["", "x" * 256, "a\x7f"])
def test_a_key_that_is_none_is_400(client, key) -> None:
    answer = client.post("/v1/batches", json=BATCH, headers={"Idempotency-Key": key})
    problem(answer, 400, "bad-key")


def test_of_two_processes_with_a_key_one_queues(workspace, client, monkeypatch) -> None:
    """Another process answers between our look at the key and our transaction."""
    key = {"Idempotency-Key": "race"}
    receipts = client.app.state.services.receipts
    repeated = receipts._repeated

    def too_early(receipt):
        monkeypatch.setattr(receipts, "_repeated", repeated)
        from db.clock import now
        from db.rows import AnswerRow

        row = AnswerRow(
            receipt.caller, "race", receipt.fingerprint, 201, '{"id":"b9"}', "{}", now()
        )
        with workspace.store.intake() as write:
            write(lambda connection: add_answer(connection, row, ""))

    monkeypatch.setattr(receipts, "_repeated", too_early)
    before = names(workspace)
    answer = client.post("/v1/batches", json=BATCH, headers=key)
    assert answer.json() == {"id": "b9"}
    assert names(workspace) == before


def test_requests_sent_twice_at_once_queue_once(client, workspace) -> None:
    def post(number: int):
        body = {**BATCH, "name": f"n{number // 2}"}
        while True:
            answer = client.post(
                "/v1/batches", json=body, headers={"Idempotency-Key": str(number // 2)}
            )
            if answer.status_code != 409:
                return answer
            assert answer.headers["retry-after"] == "1"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, range(20)))
    assert all(answer.status_code == 201 for answer in answers)
    queued = [name for name in names(workspace) if name.startswith("n")]
    assert sorted(queued) == sorted(f"n{number}" for number in range(10))
    assert len({answer.json()["id"] for answer in answers}) == 10


def test_a_full_queue_is_429(client, workspace) -> None:
    workspace.settings.api.max_queued_jobs = 3
    refused = client.post("/v1/batches", json=BATCH)
    problem(refused, 429, "queue-full")
    assert int(refused.headers["retry-after"]) > 0


def test_entries_are_appended_or_not(client) -> None:
    answer = client.post("/v1/batches/b3/entries", json={"entries": ["new"]})
    assert answer.json()["jobs"] == {"queued": 3}, answer.text
    again = {"entries": [{"id": "x", "prompt": "x"}]}
    assert client.post("/v1/batches/b3/entries", json=again).status_code == 200
    problem(client.post("/v1/batches/b3/entries", json=again), 409, "known-id")
    problem(client.post("/v1/batches/b99/entries", json=again), 404, "not-found")


def test_an_estimate_keeps_nothing(client, workspace) -> None:
    before = names(workspace)
    document = client.post("/v1/estimates", json=BATCH).json()
    assert document["jobs"] == 2
    assert names(workspace) == before


def test_a_webhook_goes_in_with_its_batch_or_is_refused(client, workspace, monkeypatch) -> None:
    url = "https://hooks.example/x"
    wanted = {**BATCH, "webhook": {"url": url, "events": ["batch.finished"]}}
    monkeypatch.setenv("SAFELIGHT_WEBHOOK_SECRET", new_secret())
    refused = problem(client.post("/v1/batches", json=wanted), 422, "invalid")
    assert refused["errors"][0]["pointer"] == "/webhook/url"
    assert "webhook_hosts" in refused["detail"] + refused["errors"][0]["message"]
    assert workspace.webhooks.all() == []
    monkeypatch.setenv("SAFELIGHT_API__WEBHOOK_HOSTS", '["hooks.example"]')
    workspace.settings.api.webhook_hosts = ["hooks.example"]
    batch = client.post("/v1/batches", json=wanted).json()["id"]
    [webhook] = workspace.webhooks.all()
    assert (f"b{webhook.batch_id}", webhook.url, webhook.types) == (
        batch,
        url,
        '["batch.finished"]',
    )


# -- money ----------------------------------------------------------------------------------


@pytest.fixture
def paid(workspace):
    """The toy backend costs a cent for each call."""
    toy = workspace.catalog.toy
    toy.info = changed(toy.info, paid=True)
    return workspace


def _caller(workspace, token, *scopes, **options) -> TestClient:
    return TestClient(make_app(workspace), ADDRESS, headers=headers(token(*scopes, **options)))


def test_work_that_costs_needs_the_scope_spend(paid, token) -> None:
    caller = _caller(paid, token, "read", "write")
    document = problem(caller.post("/v1/batches", json=BATCH), 403, "scope-missing")
    assert document["estimate"]["jobs"] == 2
    problem(caller.post("/v1/jobs/j2/retry"), 403, "scope-missing")
    assert _caller(paid, token, "write", "spend").post("/v1/batches", json=BATCH).is_success


def test_work_that_is_free_gets_a_budget_of_nothing(workspace, token) -> None:
    answer = _caller(workspace, token, "write").post("/v1/batches", json=BATCH)
    assert answer.status_code == 201, answer.text
    assert answer.json()["budget_usd"] == "0.00"


def test_a_ceiling_is_shared_by_all_batches_of_a_token(paid, token) -> None:
    caller = _caller(paid, token, "read", "write", "spend", ceiling=3_000_000)
    first = caller.post("/v1/batches", json={**BATCH, "budget_usd": "2"})
    assert first.json()["budget_usd"] == "2.00", first.text
    problem(caller.post("/v1/batches", json={**BATCH, "budget_usd": "1.5"}), 402, "over-budget")
    rest = caller.post("/v1/batches", json=BATCH)
    assert rest.json()["budget_usd"] == "1.00"
    problem(caller.post("/v1/batches", json=BATCH), 402, "over-budget")
    raised = caller.put(f"/v1/budgets/{rest.json()['id']}", json={"budget_usd": 2})
    problem(raised, 402, "over-budget")
    problem(caller.put("/v1/budgets/b3", json={"budget_usd": 0}), 403, "scope-missing")


def test_the_command_budget_holds_to_the_ceiling_of_a_token(paid, token) -> None:
    caller = _caller(paid, token, "read", "write", "spend", ceiling=3_000_000)
    other = _caller(paid, token, "read", "write", "spend").post("/v1/batches", json=BATCH)
    own = caller.post("/v1/batches", json={**BATCH, "budget_usd": "2"}).json()["id"]
    address = f"/v1/batches/{own}/budget"
    for budget in ("3.5", None):
        problem(caller.post(address, json={"budget": budget}), 402, "over-budget")
    foreign = f"/v1/batches/{other.json()['id']}/budget"
    problem(caller.post(foreign, json={"budget": "1"}), 403, "scope-missing")
    assert caller.post(address, json={"budget": "3"}).status_code in {200, 202}


def test_two_budgets_at_once_are_not_checked_against_the_same_rest(paid, token) -> None:
    caller = _caller(paid, token, "read", "write", "spend", ceiling=3_000_000)
    first, second = (
        caller.post("/v1/batches", json={**BATCH, "budget_usd": "1"}).json()["id"] for _ in "ab"
    )
    with EngineLock(paid.paths.lock):  # an engine runs, and has not seen the first one yet
        lines = {"Prefer": "wait=0"}
        accepted = caller.put(f"/v1/budgets/{first}", json={"budget_usd": 2}, headers=lines)
        assert accepted.status_code == 202
        refused = caller.put(f"/v1/budgets/{second}", json={"budget_usd": 2}, headers=lines)
        problem(refused, 409, "command-pending")
        assert refused.headers["retry-after"] == "1"
    problem(caller.put(f"/v1/budgets/{second}", json={"budget_usd": 2}), 402, "over-budget")


def test_a_batch_that_ended_counts_with_its_budget_when_it_runs_again(paid, token) -> None:
    caller = _caller(paid, token, "read", "write", "spend", ceiling=3_000_000)
    first = caller.post("/v1/batches", json={**BATCH, "budget_usd": "3"}).json()["id"]
    assert caller.post(f"/v1/batches/{first}/cancel").status_code == 200
    ended = "UPDATE batches SET finish = 'done' WHERE id = ?"  # as an engine ends it
    with paid.store.intake() as write:
        write(lambda c: c.execute(ended, (int(first[1:]),)))
    assert caller.post("/v1/batches", json={**BATCH, "budget_usd": "3"}).status_code == 201
    problem(caller.post(f"/v1/batches/{first}/retry"), 402, "over-budget")


def test_a_maximum_of_the_caller_is_held(paid, token) -> None:
    caller = _caller(paid, token, "write", "spend")
    refused = caller.post("/v1/batches", json={**BATCH, "max_cost_usd": "0.01"})
    assert problem(refused, 402, "over-budget")["estimate"]["jobs"] == 2
