"""`safelight metrics`, `safelight spans export`, and that they cost nothing when they are off."""

import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from engine.cli import spans as command
from tests.cli.conftest import run
from tests.support.engines import Toy
from tests.telemetry.conftest import CollectorServer

__all__ = ["run"]

HEAVY = ("prometheus_client", "opentelemetry.sdk", "opentelemetry.exporter", "google.protobuf")


def test_nothing_of_it_is_imported_before_it_is_asked_for() -> None:
    code = """
import sys, safelight.__main__, tui.run, engine.runtime.engine, engine.api.app, engine.cli.spans
import engine.cli.metrics, engine.cli.costs, engine.telemetry.scrape
print(*sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = ran.stdout.split()
    assert "engine.telemetry.scrape" in modules
    assert [name for name in modules if name.startswith(HEAVY)] == []


async def test_metrics_are_printed_or_written(toy: Toy, run, tmp_path: Path) -> None:
    toy.queue(1)
    await toy.run()
    printed = run("metrics", "--workspace", toy.root)
    names = {family.name for family in text_string_to_metric_families(printed.out)}
    assert "safelight_steps" in names
    path = tmp_path / "safelight.prom"
    assert run("metrics", "--textfile", path, "--workspace", toy.root).code == 0
    assert path.read_text() == printed.out
    refused = run("metrics", "--textfile", tmp_path / "x.txt", "--workspace", toy.root)
    assert (refused.code, "does not end in .prom" in refused.err) == (2, True)


async def test_spans_are_exported_and_refusals_are_sentences(
    toy: Toy, run, tmp_path: Path, collector: CollectorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy.queue(1)
    await toy.run()
    at = ("--workspace", toy.root)
    done = run("spans", "export", "--to", "-", *at)
    assert (done.code, len(done.lines)) == (0, 3)  # steps, jobs, batches
    assert "Exported 5 spans." in done.err
    assert run("spans", "export", "--endpoint", collector.url, "--since", "1h", *at).code == 0
    assert len(collector.spans) == 5
    for arguments, words in (
        ((), "Say where to"),
        (("--to", "x", "--endpoint", "http://y"), "not both"),
        (("--to", "-", "--follow"), "needs a file"),
        (("--to", "x", "--since", "soon"), "neither a duration"),
        (("--to", "x", "--batch", "b9"), "b9"),
        (("--endpoint", "nowhere"), "is not an address"),
    ):
        refused = run("spans", "export", *arguments, *at)
        assert (refused.code, words in refused.err) == (2, True), refused.err
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    assert "not spoken here" in run("spans", "export", "--to", "-", *at).err
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert "OTEL_SDK_DISABLED" in run("spans", "export", "--to", "-", *at).err
    monkeypatch.setattr(command, "find_spec", lambda _name: None)
    assert "[telemetry]" in run("spans", "export", "--to", "-", *at).err
