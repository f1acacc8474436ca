"""Spans: what rows become, the same at every export, to a file and to a collector."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.telemetry import run
from engine.telemetry.export import GaveUp
from engine.telemetry.run import Wanted, export_once
from engine.telemetry.targets import signal_url
from engine.text.errors import UserError
from tests.runtime.test_old_history import spent
from tests.support.engines import Toy
from tests.telemetry.conftest import CollectorServer

__all__ = ["spent"]

HOSTILE = "\x1b]0;owned\x07\x1b[31mred \u202e" + "x" * 5000


def silent(_sentence: str) -> None:
    """Hear a sentence, and do nothing."""


def spans_in(path: Path) -> list[dict[str, Any]]:
    """The spans of a file, whose lines are `TracesData`."""
    found = []
    for line in path.read_text().splitlines():
        for resource in json.loads(line)["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                found += scope["spans"]
    return found


def facts(span: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a span of a file."""
    return {one["key"]: next(iter(one["value"].values())) for one in span.get("attributes", [])}


async def test_rows_become_spans_by_the_conventions(spent: Toy, tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    total = export_once(spent.store, Wanted(to=path), silent)
    spans = spans_in(path)
    assert total.spans == len(spans)
    by_name: dict[str, list[dict[str, Any]]] = {}
    for span in spans:
        by_name.setdefault(span["name"], []).append(span)
    assert set(by_name) - {"safelight.lane.wait"} == {"chat toy-1", "safelight.job toy"}
    jobs = {facts(span)["safelight.job.id"]: span for span in by_name["safelight.job toy"]}
    assert len(jobs) == 3  # one waits for its unknown outcome
    assert len({span["traceId"] for span in jobs.values()}) == 3  # each a trace of its own
    links = {span["links"][0]["traceId"] for span in jobs.values()}
    assert len(links) == 1  # of the batch
    failed = next(span for span in spans if facts(span).get("error.type") == "Permanent")
    assert failed["status"]["code"] == 2
    step = next(s for s in by_name["chat toy-1"] if facts(s)["safelight.step.attempt"] == "3")
    values = facts(step)
    parent = jobs[values["safelight.job.id"]]
    assert (step["traceId"], step["parentSpanId"]) == (parent["traceId"], parent["spanId"])
    assert step["kind"] == 3  # a client
    assert values["gen_ai.operation.name"] == "chat"
    assert values["gen_ai.request.model"] == "toy-1"
    assert int(values["gen_ai.usage.input_tokens"]) == 30
    assert [event["name"] for event in step["events"]] == ["safelight.attempt.failed"] * 2
    row = spent.read(lambda c: c.execute("SELECT * FROM steps WHERE attempts = 3").fetchone())
    assert values["safelight.cost_usd"] == pytest.approx(row["cost"] / 1e6)
    seconds = (int(step["endTimeUnixNano"]) - int(step["startTimeUnixNano"])) / 1e9
    days = "SELECT (julianday(finished_at) - julianday(started_at)) * 86400 FROM steps WHERE id = ?"
    stored = spent.read(lambda c: c.execute(days, (row["id"],)).fetchone()[0])
    assert seconds == pytest.approx(stored, abs=1e-3)
    assert "prompt 0" not in path.read_text().replace("prompt-0", "")


async def test_the_same_export_twice_is_the_same_and_a_collector_gets_it_too(
    spent: Toy, tmp_path: Path, collector: CollectorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    export_once(spent.store, Wanted(to=one), silent)
    export_once(spent.store, Wanted(to=two), silent)
    assert one.read_bytes() == two.read_bytes()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=secret")
    export_once(spent.store, Wanted(), silent)
    ids = [(span.trace_id.hex(), span.span_id.hex()) for span in collector.spans]
    assert sorted(ids) == sorted((s["traceId"], s["spanId"]) for s in spans_in(one))
    assert {message.headers["api-key"] for message in collector.receiver.messages} == {"secret"}
    assert {message.path for message in collector.receiver.messages} == {"/v1/traces"}


async def test_limits_of_what_is_exported(spent: Toy, tmp_path: Path) -> None:
    path = tmp_path / "spans"
    spent.queue(1, {"steps": 1}, name="other")
    await spent.run()
    assert export_once(spent.store, Wanted(to=path, batch_id=2), silent).spans == 3
    names = [span["name"] for span in spans_in(path)]
    assert "invoke_workflow toy" in names  # it has ended
    assert export_once(spent.store, Wanted(to=path, since="2999-01-01"), silent).spans == 0


async def test_prompts_travel_only_if_they_are_asked_for(
    spent: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "spans"
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true")
    export_once(spent.store, Wanted(to=path), silent)
    step = next(span for span in spans_in(path) if span["name"].startswith("chat"))
    assert "prompt" in json.loads(facts(step)["gen_ai.input.messages"])[0]["parts"][0]["content"]


async def test_hostile_texts_are_cleaned_and_cut(
    spent: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true")
    change = """UPDATE steps SET model = :t, key = :t || id, operation = :t, request_id = :t,
                request = :t, result = :t"""
    with spent.store.intake() as write:
        write(lambda c: c.execute(change, {"t": HOSTILE}))
        write(lambda c: c.execute("UPDATE jobs SET key = ? || id", (HOSTILE,)))
        write(lambda c: c.execute("UPDATE steps SET started_at = 'no time' WHERE id = 1"))
    path = tmp_path / "spans"
    assert export_once(spent.store, Wanted(to=path), silent).spans > 5
    text = path.read_text()
    assert "\\u001b" not in text
    assert "\\u202e" not in text
    longest = max(len(str(v)) for span in spans_in(path) for v in facts(span).values())
    assert longest < 9000


async def test_a_collector_that_cannot_be_reached_loses_nothing(
    spent: Toy, collector: CollectorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.telemetry.export.time.sleep", lambda _seconds: None)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.2")
    wanted = Wanted(endpoint="http://127.0.0.1:9", patience=2)
    said: list[str] = []
    with pytest.raises(GaveUp, match=r"127\.0\.0\.1:9 did not take spans"):
        export_once(spent.store, wanted, said.append)
    assert len(said) == 1  # silent once
    collector.receiver.answers += [401, 302, (503, {"retry-after": "0"})]
    total = export_once(spent.store, Wanted(endpoint=collector.url), said.append)
    assert total.spans
    ids = [span.span_id for span in collector.spans]
    assert len(set(ids)) == total.spans
    assert "OTEL_EXPORTER_OTLP_HEADERS" in said[-1]


async def test_a_redirect_does_not_take_the_keys_elsewhere(
    spent: Toy, collector: CollectorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=secret")
    where = {"location": f"{collector.url}/elsewhere"}
    collector.receiver.answers += [(307, where)]
    with pytest.raises(GaveUp, match="answered 307"):
        export_once(spent.store, Wanted(endpoint=collector.url, patience=0), silent)
    assert [message.path for message in collector.receiver.messages] == ["/v1/traces"]


async def test_a_span_that_is_refused_holds_up_no_other(
    spent: Toy, collector: CollectorServer
) -> None:
    collector.receiver.answers += [400, 413, 400, 400]
    said: list[str] = []
    total = export_once(spent.store, Wanted(endpoint=collector.url), said.append)
    assert total.skipped >= 1
    assert total.spans > 3
    assert "is left out" in said[-1]


@pytest.mark.parametrize("text", ["collector:4318", "ftp://x", "http://user:key@host", "http://"])
def test_an_address_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="is not an address"):
        signal_url(text)
    assert signal_url("http://host:4318/") == "http://host:4318/v1/traces"
    assert signal_url("https://host/custom/path") == "https://host/custom/path"


def test_a_file_that_cannot_be_written_is_a_sentence(toy: Toy, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        run.export_once(toy.store, Wanted(to=tmp_path / "nowhere" / "spans"), silent)
