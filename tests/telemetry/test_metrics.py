"""Metrics: read by prometheus_client's own parsers, and counters that never go down."""

from pathlib import Path
from typing import Any, cast

import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from engine.client.old_history import remove_history
from engine.client.workspace import Workspace
from engine.config.store_settings import StoreSettings
from engine.telemetry.labels import Bounded
from engine.telemetry.scrape import NoMetrics, exposition, read_metrics, write_textfile
from tests.runtime.test_old_history import spent
from tests.support.engines import Toy

__all__ = ["spent"]

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
HOSTILE = 'x"}\n\x1b[31mred\u202e ' + "y" * 400

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path)


def scraped(toy: Toy, *, engine: bool = False) -> Samples:
    """A scrape, by the parser of the classic format."""
    text, content_type = toy.read(lambda c: exposition(read_metrics(c, engine=engine)))
    assert content_type.startswith("text/plain")
    families = list(text_string_to_metric_families(text.decode()))
    samples = [sample for family in families for sample in family.samples]
    found = {(s.name, tuple(sorted(s.labels.items()))): s.value for s in samples}
    assert len(found) == len(samples)  # no series is there twice
    return found


def counters(samples: Samples) -> Samples:
    ends = ("_total", "_count", "_sum", "_bucket")
    return {key: value for key, value in samples.items() if key[0].endswith(ends)}


def value(samples: Samples, name: str, **labels: str) -> float:
    """The sum of the samples of a name that have these labels."""
    wanted = labels.items()
    return sum(v for (n, ls), v in samples.items() if n == name and wanted <= dict(ls).items())


async def test_a_scrape_has_what_the_rows_have(spent: Toy) -> None:
    found = scraped(spent)
    total = "safelight_steps_total"
    assert value(found, total, outcome="done", recipe="toy", backend="toy") == 2
    assert value(found, total, outcome="failed") == 1
    assert value(found, total, outcome="unknown") == 1
    cost = spent.read(lambda c: c.execute("SELECT sum(cost) FROM steps").fetchone()[0])
    assert value(found, "safelight_cost_usd_total") == pytest.approx(cost / 1e6)
    day = spent.read(lambda c: c.execute("SELECT sum(cost) FROM spending").fetchone()[0])
    assert day == cost
    assert value(found, "safelight_jobs", state="done") == 2
    assert value(found, "safelight_parked_jobs", reason="unknown-outcome") == 1
    assert value(found, "safelight_step_duration_seconds_count") == 1  # done at the first attempt
    assert value(found, "safelight_faults_total", fault="limit") == 2
    tokens = "SELECT sum(tokens_in), count(tokens_in) FROM api_calls"
    read, calls = spent.read(lambda c: c.execute(tokens).fetchone())
    usage = {"gen_ai_token_type": "input", "gen_ai_operation_name": "chat"}
    assert value(found, "gen_ai_client_token_usage_sum", **usage) == read
    assert value(found, "gen_ai_client_token_usage_count", **usage) == calls
    assert value(found, "safelight_engine_up") == 0
    assert value(found, "safelight_commit_seconds_count") > 0


async def test_both_formats_are_sound_and_no_label_has_a_text_of_a_user(spent: Toy) -> None:
    text, content_type = spent.read(lambda c: exposition(read_metrics(c, engine=True), OPENMETRICS))
    assert content_type.startswith("application/openmetrics-text")
    families = list(openmetrics.text_string_to_metric_families(text.decode()))
    assert {family.name for family in families} >= {"safelight_steps", "safelight_lane_width"}
    assert b"prompt" not in text  # the jobs' keys and inputs
    labels = {name for family in families for one in family.samples for name in one.labels}
    assert labels == {
        "recipe", "operation", "backend", "model", "outcome", "le", "fault", "state", "reason",
        "lane", "version", "gen_ai_operation_name", "gen_ai_provider_name",
        "gen_ai_request_model", "gen_ai_token_type",
    }  # fmt: skip
    hosts = """INSERT INTO hosts (device, name, state, memory_used, updated_at)
               VALUES ('cuda:0', 'A card', 'busy', 7, 'now')"""
    with spent.store.intake() as write:
        write(lambda c: c.execute(hosts))
    memory = value(scraped(spent, engine=True), "safelight_host_memory_bytes", kind="used")
    assert memory == 7


async def test_counters_never_go_down(spent: Toy) -> None:
    seen = [counters(scraped(spent))]

    def look() -> None:
        now = counters(scraped(spent))
        assert {key: now.get(key, -1) >= value for key, value in seen[-1].items()} == dict.fromkeys(
            seen[-1], True
        )
        seen.append(now)

    workspace = Workspace(spent.root, catalog=cast("Any", spent.catalog))
    workspace.command("retry", ["b1"])
    look()
    await spent.run()  # a restart, and failed steps that run again
    look()
    spent.queue(2, {"steps": 2}, name="more")
    await spent.run()
    look()
    assert seen[-1] != seen[-2]
    workspace.settings.store = StoreSettings(keep_errors=0, keep_calls=0, keep_traces=0)
    assert remove_history(workspace)["calls"].rows
    look()
    assert seen[-1] == seen[-2]
    workspace.command("cancel", ["b1"])
    workspace.command("delete", ["b1"])
    look()
    assert seen[-1] == seen[-2]


def test_labels_are_bounded_and_cleaned_and_keep_their_names(toy: Toy) -> None:
    row = """INSERT INTO step_totals VALUES ('toy', 'say', ?, ?, 'done', 3, 1, 0.1, ?)"""
    with toy.store.intake() as write:
        rows = [(f"b{n}", f"m{n}" if n else HOSTILE, n) for n in range(500)]
        write(lambda c: c.executemany(row, rows))
    first = scraped(toy)
    names = {dict(labels)["model"] for (name, labels) in first if name == "safelight_steps_total"}
    assert len(names) == 201
    assert value(first, "safelight_steps_total", model="other") == 300
    assert value(first, "safelight_steps_total") == 500
    (hostile,) = (name for name in names if name.startswith("x"))
    assert hostile.isprintable()
    assert len(hostile) <= 100
    with toy.store.intake() as write:
        write(lambda c: c.execute(row, ("b9", "a-first-by-name", 1000)))
    assert value(scraped(toy), "safelight_steps_total", model="m1") == 1


def test_a_bounded_label_keeps_the_first_values() -> None:
    label = Bounded(2)
    assert [label(text) for text in ("a", "b", "c", "a")] == ["a", "b", "other", "a"]


def test_a_textfile_is_replaced_whole_and_named_for_node_exporter(toy: Toy, tmp_path: Path) -> None:
    text, _ = toy.read(lambda c: exposition(read_metrics(c, engine=False)))
    path = tmp_path / "safelight.prom"
    write_textfile(path, b"old")
    write_textfile(path, text)
    assert path.read_bytes() == text
    assert [one.name for one in tmp_path.glob("*safelight*") if one.is_file()] == [path.name]
    with pytest.raises(NoMetrics, match=r"does not end in \.prom"):
        write_textfile(tmp_path / "safelight.txt", text)
    with pytest.raises(NoMetrics, match="cannot be written"):
        write_textfile(tmp_path / "nowhere" / "safelight.prom", text)
