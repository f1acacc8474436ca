"""Files about the creativity of an export: all samples, the same bytes, nothing made up."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from bench import word_overlap
from engine.recipes.visual_prompts import corpus, outputs_corpus
from engine.recipes.visual_prompts.corpus import Measures, read_measures
from engine.recipes.visual_prompts.creativity.documents import DOCUMENTS
from engine.recipes.visual_prompts.creativity.plots import NAMES
from engine.recipes.visual_prompts.outputs_corpus import REPORT, SCORES, WORDS, write_corpus
from tests.recipes.visual_prompts.corpus_batch import Embedder, MemoryBatch, jobs_of
from tests.recipes.visual_prompts.creativity_texts import music


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    """Records of eight samples, as the export has them."""
    return [
        {
            "sample_idx": at,
            "musical_features": {**music(at), "measured": {"mood": {"valence": 0.1, "arousal": 0}}},
            "prompts": [
                {
                    "prompt_id": one["number"],
                    "mode": one["mode"],
                    "temperature": one["temperature"],
                    "visual_prompt": one["text"],
                }
                for one in job.result["prompts"]
            ],
            "batch": "songs",
        }
        for at, job in enumerate(jobs_of(8))
    ]


@pytest.fixture(scope="module")
def measures(tmp_path_factory: pytest.TempPathFactory) -> Measures:
    batch = MemoryBatch(jobs_of(8), Embedder(), tmp_path_factory.mktemp("stored"))
    result = asyncio.run(corpus.run(batch))  # type: ignore[arg-type]
    return read_measures(result, batch.stored)


@pytest.fixture
def without_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_samples: Any) -> Any:
        raise ImportError("matplotlib")

    monkeypatch.setattr(outputs_corpus, "plots", missing)


def scores(folder: Path) -> list[dict[str, Any]]:
    return json.loads((folder / SCORES).read_bytes())


def test_documents_report_and_plots_are_there_and_the_same_again(tmp_path, records, measures):
    write_corpus(tmp_path, records, "songs", measures)
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(first) == {*DOCUMENTS, REPORT, *NAMES}
    write_corpus(tmp_path, records, "songs", measures)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == first
    rows = scores(tmp_path)
    assert [(row["sample_idx"], row["prompt_id"]) for row in rows[:6]] == [
        *((0, number) for number in range(5)),
        (1, 0),
    ]
    assert rows[0]["overall"] == measures[0].prompts[0].overall
    assert {row["embedder"] for row in rows} == {"toy/hash 1"}
    report = first[REPORT].decode()
    assert "8 samples, 40 prompts; 0 samples with errors." in report
    assert all(f"]({name})" in report for name in NAMES)
    assert "Similarities by toy/hash 1." in report


@pytest.mark.usefixtures("without_plots")
def test_samples_of_an_earlier_export_keep_their_measures(tmp_path, records, measures):
    earlier = records[:4]
    write_corpus(tmp_path, earlier, "songs", measures)
    before = scores(tmp_path)
    both = [*earlier, *({**record, "batch": "more"} for record in records[4:])]
    write_corpus(tmp_path, both, "more", measures)
    assert scores(tmp_path)[: len(before)] == before
    assert len(scores(tmp_path)) == 40
    stats = json.loads((tmp_path / "creativity_dataset_stats.json").read_bytes())
    assert (stats["total_samples"], stats["statistics"]["overall"]["n"]) == (8, 40)


@pytest.mark.usefixtures("without_plots")
def test_samples_of_a_batch_with_the_same_name_keep_their_measures(tmp_path, records, measures):
    write_corpus(tmp_path, records[:4], "songs", measures)
    before = scores(tmp_path)
    later = {index: known for index, known in measures.items() if index >= 4}
    write_corpus(tmp_path, records, "songs", later)
    assert scores(tmp_path)[: len(before)] == before


@pytest.mark.usefixtures("without_plots")
def test_samples_without_measures_are_measured_by_their_words(tmp_path, records, measures):
    foreign = [{k: v for k, v in record.items() if k != "batch"} for record in records[:4]]
    write_corpus(tmp_path, [*foreign, *records[4:]], "songs", measures)
    rows = scores(tmp_path)
    assert {row["embedder"] for row in rows[:20]} == {WORDS}
    assert all(row["overall"] is not None and row["fit"] is not None for row in rows[:20])
    first = (tmp_path / SCORES).read_bytes()
    write_corpus(tmp_path, [*foreign, *records[4:]], "songs", measures)
    assert (tmp_path / SCORES).read_bytes() == first


@pytest.mark.usefixtures("without_plots")
def test_a_batch_that_was_not_measured_has_no_marks_but_the_reason(tmp_path, records):
    write_corpus(tmp_path, records, "songs", {}, lacking="there was no key")
    for row in scores(tmp_path):
        assert (row["overall"], row["originality"], row["fit"], row["embedder"]) == (None,) * 4
        assert row["undefined"]["overall"] == "there was no key"
        assert row["fluency"] > 0
    stats = json.loads((tmp_path / "creativity_dataset_stats.json").read_bytes())
    assert stats["undefined"] == {"there was no key": 40}
    assert "Not defined for 40 prompts: there was no key." in (tmp_path / REPORT).read_text()


@pytest.mark.usefixtures("without_plots")
def test_old_plots_go_and_files_of_others_stay(tmp_path, records, measures):
    (tmp_path / NAMES[0]).write_bytes(b"old")
    (tmp_path / "tempo.png").write_bytes(b"mine")
    write_corpus(tmp_path, records[:1], "songs", measures)
    assert not (tmp_path / NAMES[0]).exists()
    assert (tmp_path / "tempo.png").read_bytes() == b"mine"
    report = (tmp_path / REPORT).read_text()
    assert "![" not in report
    assert "matplotlib of the extra audio is not installed" in report


@pytest.mark.parametrize(
    "damaged", [b"{", b"[1, {}]", b"[" * 9999, b'[{"sample_idx": 0, "prompt_id": 0}]', b"null"]
)
@pytest.mark.usefixtures("without_plots")
def test_damaged_scores_are_measured_anew(tmp_path, records, damaged):
    (tmp_path / SCORES).write_bytes(damaged)
    write_corpus(tmp_path, records[:1], "another", {})
    assert [row["embedder"] for row in scores(tmp_path)] == [WORDS] * 5


@pytest.mark.usefixtures("without_plots")
def test_records_of_others_may_hold_anything(tmp_path, records):
    odd = {
        "sample_idx": 3,
        "musical_features": {"tempo": float("nan"), "mood": ["x"], "key": "\x1b[31m"},
        "prompts": [{"visual_prompt": 7, "temperature": "hot", "prompt_id": "a", "mode": None}],
    }
    failed = {"sample_idx": 4, "error": "It is silent.", "prompts": []}
    write_corpus(tmp_path, [odd, failed, {**records[5], "musical_features": []}], "songs", {})
    rows = scores(tmp_path)
    assert [row["sample_idx"] for row in rows] == [3, *[5] * 5]
    assert rows[0]["temperature"] is None
    assert b"\x1b" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert "1 sample with errors" in (tmp_path / REPORT).read_text()


def test_shared_words_of_an_export_have_effect_sizes_and_intervals(tmp_path, records):
    path = tmp_path / "visual_prompts_complete.json"
    path.write_text(json.dumps({"metadata": {"dataset_path": "d.npy"}, "samples": records}))
    lines: list[str] = []
    assert word_overlap.main([str(tmp_path)], lines.append) in (0, 1)
    text = "\n".join(lines)
    assert "| within convergent | " in text
    assert "| convergent over across samples | " in text
    low, high = word_overlap.intervals(records, rounds=20)["convergent_over_across"]
    assert low <= high
    path.write_text("[]")
    assert word_overlap.main([str(path)], lines.append) == 2
