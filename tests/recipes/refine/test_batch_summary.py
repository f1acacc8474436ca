import json
import stat
import tracemalloc

import pytest

from engine.recipes.refine.batch_summary import write_batch
from engine.recipes.refine.report import BatchReport
from tests.support.refine_results import make_job

BATCH = BatchReport(
    id=3, name="evening", recipe="refine", state="done", seed=11, created_at="2026-01-02T03:04:05Z"
)


def test_a_batch_is_summed_up(job, tmp_path):
    failed = make_job(key="other\x9b", state="failed", error="no", output="other", id=13)
    path = tmp_path / "outputs/results/batch_summary.json"
    write_batch(iter([job, failed]), BATCH, path)
    text = path.read_text()
    summary = json.loads(text)
    assert "\x9b" not in text
    assert summary["version"] == 1
    assert summary["batch"]["name"] == "evening"
    assert [entry["id"] for entry in summary["jobs"]] == ["lamp", "other\x9b"]
    assert summary["jobs"][0]["best"]["score"] == 80.0
    assert summary["jobs"][0]["folder"] == "lamp"
    assert summary["jobs"][1]["best"] is None
    assert summary["totals"] == {
        "jobs": {"done": 1, "failed": 1},
        "best_score": 80.0,
        "cost_usd": 0.160492,
        "seconds": 0.48,
        "calls": 10,
        "iterations": 2,
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_empty_batch_is_valid_json(tmp_path):
    write_batch([], BATCH, tmp_path / "batch_summary.json")
    summary = json.loads((tmp_path / "batch_summary.json").read_text())
    assert summary["jobs"] == []
    assert summary["totals"]["best_score"] is None


def test_memory_does_not_grow_with_the_jobs(job, tmp_path):
    tracemalloc.start()
    try:
        write_batch((job for _ in range(5_000)), BATCH, tmp_path / "batch_summary.json")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (tmp_path / "batch_summary.json").stat().st_size > 1_000_000
    assert peak < 500_000


def test_a_failure_keeps_what_was_there(job, tmp_path):
    path = tmp_path / "batch_summary.json"
    write_batch([job], BATCH, path)
    before = path.read_bytes()

    def broken():
        yield job
        raise RuntimeError("store is gone")

    with pytest.raises(RuntimeError, match="store is gone"):
        write_batch(broken(), BATCH, path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_file()] == [path.name]
