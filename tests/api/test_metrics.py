"""`/metrics` of the HTTP API: by token, in both formats; and without the extra."""

from prometheus_client.parser import text_string_to_metric_families

from engine.client import telemetry
from tests.api.conftest import headers, problem


def test_metrics_need_a_token_that_may_read(client, token) -> None:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    names = {family.name for family in text_string_to_metric_families(answer.text)}
    assert "safelight_steps" in names
    wanted = {"Accept": "application/openmetrics-text"}
    assert client.get("/metrics", headers=wanted).text.endswith("# EOF\n")
    assert client.get("/metrics", headers=headers(token("read"))).status_code == 200
    problem(client.get("/metrics", headers=headers(token("write"))), 403, "scope-missing")
    problem(client.get("/metrics", headers={"Authorization": ""}), 401, "unauthenticated")
    problem(client.get("/metrics?token=x"), 400, "bad-query")


def test_metrics_without_the_extra_are_refused_in_words(client, monkeypatch) -> None:
    monkeypatch.setattr(telemetry, "find_spec", lambda _name: None)
    refusal = problem(client.get("/metrics"), 409, "refused")
    assert "prometheus-client" in refusal["detail"]
    assert "telemetry" in refusal["remedy"]
