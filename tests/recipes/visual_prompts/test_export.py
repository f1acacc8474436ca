"""Files of an export: keys, totals, checkpoints, and samples of earlier exports."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.contract.folder import ExportError
from engine.recipes.visual_prompts.export import write_checkpoint, write_export
from engine.recipes.visual_prompts.outputs import is_checkpoint
from engine.recipes.visual_prompts.report import ExportHead, PromptReport, SampleReport
from engine.recipes.visual_prompts.settings import VisualPromptsSettings

HEAD = ExportHead(
    dataset="songs.npy",
    timestamp="2026-01-01T00:00:00Z",
    provider="builtin",
    sample_rate=16000,
    prompts_per_sample=5,
    batch="one",
)


def _sample(index: int, *, word: str = "barn", batch: str = "one") -> SampleReport:
    return SampleReport(
        index=index,
        metadata={"artist_name": ["가수 & Co (live)"], "slice_pos": [20, 30]},
        features={"key": "A#", "tempo": 90.0 + index, "mood": "moderate, dark"},
        abc="X:1\nK:Bb\n",
        prompts=tuple(
            PromptReport(
                number=one.number,
                mode=one.mode,
                temperature=one.temperature,
                text=f"A {word} {index}.",
                author="builtin/writer-1",
                mended=one.number == 4,
            )
            for one in VisualPromptsSettings().plan()
        ),
        batch=batch,
        job=index + 1,
    )


def _failed(index: int, batch: str = "one") -> SampleReport:
    return SampleReport(index=index, error="is silent", batch=batch)


def _read(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def test_the_files_have_the_keys_that_readers_know(tmp_path: Path) -> None:
    write_export(tmp_path, HEAD, [_sample(1), _sample(0)])
    complete = _read(tmp_path, "visual_prompts_complete.json")
    assert complete["metadata"].keys() >= {
        *("dataset_path", "generation_timestamp", "total_samples", "prompts_per_sample"),
        *("llm_provider", "sample_rate", "mel_spectrogram"),
    }
    first = complete["samples"][0]
    assert first.keys() >= {"sample_idx", "musical_features", "abc_notation", "prompts"}
    assert first["metadata"] == _sample(0).metadata
    asked = [(one["prompt_id"], one["mode"], one["temperature"]) for one in first["prompts"]]
    assert asked == [
        (0, "convergent", 0.4),
        (1, "convergent", 0.4),
        (2, "convergent", 0.4),
        (3, "divergent", 0.8),
        (4, "divergent", 0.8),
    ]
    flat = _read(tmp_path, "prompts_for_image_generation.json")
    assert [(one["sample_idx"], one["prompt_id"]) for one in flat] == [
        (sample, number) for sample in range(2) for number in range(5)
    ]
    assert set(flat[0]) == {
        *("sample_idx", "prompt_id", "mode", "temperature", "visual_prompt"),
        *("features", "abc_notation"),
    }


def test_the_range_of_tempos_leaves_out_samples_without_one(tmp_path: Path) -> None:
    without = _sample(0)
    without.features["tempo"] = 0.0
    write_export(tmp_path, HEAD, [without, _sample(2)])
    assert _read(tmp_path, "generation_summary.json")["tempo_range"] == [92.0, 92.0]


def test_totals_are_counted_and_errors_are_among_the_samples(tmp_path: Path) -> None:
    write_export(tmp_path, HEAD, [_sample(0), _failed(1), _sample(2)])
    summary = _read(tmp_path, "generation_summary.json")
    assert summary["total_samples"] == 3
    assert summary["total_prompts"] == 10
    assert (summary["convergent_prompts"], summary["divergent_prompts"]) == (6, 4)
    assert summary["samples_with_errors"] == 1
    assert summary["mended_prompts"] == 2
    assert summary["tempo_range"] == [90.0, 92.0]
    assert summary["sample_summary"][0].keys() == {
        *("sample_idx", "features", "prompt_count", "modes")
    }
    assert summary["sample_summary"][0]["modes"] == ["convergent", "divergent"]
    failed = _read(tmp_path, "visual_prompts_complete.json")["samples"][1]
    assert (failed["sample_idx"], failed["error"], failed["prompts"]) == (1, "is silent", [])


def test_a_later_run_keeps_the_samples_of_an_earlier_one(tmp_path: Path) -> None:
    write_export(tmp_path, HEAD, [_sample(0), _failed(1), _sample(2)])
    later = HEAD.model_copy(update={"batch": "two"})
    new = [
        _sample(1, word="moon", batch="two"),
        _failed(2, batch="two"),
        _sample(3, batch="two"),
    ]
    for _ in range(2):  # writing again changes nothing
        write_export(tmp_path, later, new)
        samples = _read(tmp_path, "visual_prompts_complete.json")["samples"]
        kept = [(one["sample_idx"], one["batch"], len(one["prompts"])) for one in samples]
        assert kept == [(0, "one", 5), (1, "two", 5), (2, "one", 5), (3, "two", 5)]
    assert _read(tmp_path, "generation_summary.json")["total_prompts"] == 20
    assert len(_read(tmp_path, "prompts_for_image_generation.json")) == 20


def test_an_earlier_batch_that_is_written_again_takes_nothing_from_a_later_one(
    tmp_path: Path,
) -> None:
    def ended(sample: SampleReport, hour: int) -> SampleReport:
        return sample.model_copy(update={"finished_at": f"2026-01-01T{hour:02d}:00:00Z"})

    early = [ended(_sample(index), 1) for index in range(2)]
    late = [ended(_sample(1, word="moon", batch="two"), 2)]
    write_export(tmp_path, HEAD, early)
    later = {"batch": "two", "timestamp": "2026-01-01T02:00:00Z", "provider": "ollama/x"}
    write_export(tmp_path, HEAD.model_copy(update=later), late)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    write_export(tmp_path, HEAD, early)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    samples = _read(tmp_path, "visual_prompts_complete.json")["samples"]
    assert [one["batch"] for one in samples] == ["one", "two"]


def test_a_batch_of_another_workspace_with_the_same_name_takes_nothing_away(tmp_path: Path) -> None:
    write_export(tmp_path, HEAD, [_sample(0), _sample(1)])
    write_export(tmp_path, HEAD, [_failed(1), _sample(2)])
    samples = _read(tmp_path, "visual_prompts_complete.json")["samples"]
    assert [(one["sample_idx"], len(one["prompts"])) for one in samples] == [(0, 5), (1, 5), (2, 5)]


def test_a_failed_sample_keeps_its_metadata(tmp_path: Path) -> None:
    failed = _failed(0).model_copy(update={"metadata": {"track_name": "비"}})
    write_export(tmp_path, HEAD, [failed])
    [record] = _read(tmp_path, "visual_prompts_complete.json")["samples"]
    assert (record["metadata"], record["prompts"]) == ({"track_name": "비"}, [])


def test_a_sample_whose_images_failed_keeps_its_prompts_but_replaces_no_other(
    tmp_path: Path,
) -> None:
    failed = _sample(0).model_copy(update={"error": "no images", "finished_at": "2026-01-02"})
    write_export(tmp_path, HEAD, [failed])
    [record] = _read(tmp_path, "visual_prompts_complete.json")["samples"]
    assert (record["error"], len(record["prompts"])) == ("no images", 5)
    assert record["musical_features"]["tempo"]
    assert _read(tmp_path, "generation_summary.json")["samples_with_errors"] == 1
    whole = _sample(0).model_copy(update={"finished_at": "2026-01-01"})
    for one in (whole, failed):
        write_export(tmp_path, HEAD, [one])
        [record] = _read(tmp_path, "visual_prompts_complete.json")["samples"]
        assert "error" not in record


def test_a_file_of_another_writer_is_merged(tmp_path: Path) -> None:
    old: dict[str, Any] = {
        "metadata": {"dataset_path": "songs.npy"},
        "samples": [
            {"sample_idx": 0, "error": "x", "prompts": []},
            {"sample_idx": 7, "musical_features": {"tempo": 99.4}, "prompts": [{"prompt_id": 0}]},
        ],
    }
    (tmp_path / "visual_prompts_complete.json").write_text(json.dumps(old))
    write_export(tmp_path, HEAD, [_sample(0)])
    samples = _read(tmp_path, "visual_prompts_complete.json")["samples"]
    assert [one["sample_idx"] for one in samples] == [0, 7]
    assert samples[1] == old["samples"][1]


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"samples": 3}', '{"samples": [{"sample_idx": true, "prompts": []}]}', "[" * 9999],
)
def test_a_file_that_is_no_export_stays(tmp_path: Path, text: str) -> None:
    path = tmp_path / "visual_prompts_complete.json"
    path.write_text(text)
    with pytest.raises(ExportError, match="left as it is"):
        write_export(tmp_path, HEAD, [_sample(0)])
    assert path.read_text() == text
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_numbers_that_json_cannot_hold_are_unknown(tmp_path: Path) -> None:
    path = tmp_path / "visual_prompts_complete.json"
    prompts = '[{"visual_prompt": "A barn.", "temperature": 1e999}]'
    sample = f'{{"sample_idx": 7, "musical_features": {{"tempo": NaN}}, "prompts": {prompts}}}'
    path.write_text(f'{{"metadata": {{"dataset_path": "songs.npy"}}, "samples": [{sample}]}}')
    write_export(tmp_path, HEAD, [_sample(0)])
    found = _read(tmp_path, path.name)["samples"][1]
    assert found["musical_features"] == {"tempo": None}
    assert found["prompts"][0]["temperature"] is None


def test_an_export_of_another_data_set_stays(tmp_path: Path) -> None:
    write_export(tmp_path, HEAD, [_sample(0)])
    other = HEAD.model_copy(update={"dataset": "other.npy", "batch": "two"})
    with pytest.raises(ExportError, match=r"songs\.npy.*--output-dir"):
        write_export(tmp_path, other, [_sample(5)])
    assert len(_read(tmp_path, "visual_prompts_complete.json")["samples"]) == 1


def test_a_checkpoint_is_an_export_of_what_has_ended(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, HEAD, [_sample(9), _failed(4)], 10)
    document = _read(tmp_path, "prompts_checkpoint_010.json")
    assert [one["sample_idx"] for one in document["samples"]] == [4, 9]
    assert document["metadata"]["total_samples"] == 2


def test_checkpoints_are_rarer_the_more_samples_they_have() -> None:
    written = [ended for ended in range(10, 4010, 10) if is_checkpoint(ended)]
    assert written == [*range(10, 201, 10), *range(300, 2001, 100), 3000, 4000]


def test_settings_need_a_prompt() -> None:
    with pytest.raises(ValueError, match="both 0"):
        VisualPromptsSettings(convergent=0, divergent=0)
