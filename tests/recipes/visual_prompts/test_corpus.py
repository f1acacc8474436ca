"""Creativity of a whole batch: parts, groups, what is paid once, and what cannot be embedded."""

import asyncio
from pathlib import Path

import pytest

from engine.contract.batch import BatchJob
from engine.recipes.visual_prompts import corpus
from engine.recipes.visual_prompts.corpus import CorpusCreativity, Measures, read_measures
from tests.recipes.visual_prompts.corpus_batch import Embedder, MemoryBatch, jobs_of


def measured(batch: MemoryBatch) -> tuple[CorpusCreativity, Measures]:
    result = asyncio.run(corpus.run(batch))  # type: ignore[arg-type]
    result = CorpusCreativity.model_validate_json(result.model_dump_json())
    return result, read_measures(result, batch.stored)


def test_every_prompt_is_measured_and_compared_with_all_others(tmp_path: Path):
    batch = MemoryBatch(jobs_of(6), Embedder(), tmp_path)
    result, found = measured(batch)
    assert (result.prompts, result.embedders, result.problems) == (30, ("toy/hash 1",), ())
    assert {index: len(one.prompts) for index, one in found.items()} == dict.fromkeys(range(6), 5)
    prompts = [one for sample in found.values() for one in sample.prompts]
    assert all(one.overall is not None and one.fit is not None for one in prompts)
    assert len(batch.backend.requests) == 1


def test_parts_of_one_model_are_compared_as_if_they_were_one(tmp_path: Path):
    jobs = jobs_of(8)
    _, whole = measured(MemoryBatch(jobs, Embedder(), tmp_path))
    parted = MemoryBatch(jobs, Embedder(max_inputs=40), tmp_path)
    result, found = measured(parted)
    assert len(parted.backend.requests) > 2
    assert all(request.count <= 40 for request in parted.backend.requests)
    assert len(result.groups) == 1
    assert found == whole


def test_what_cannot_be_compared_is_measured_in_even_parts(tmp_path: Path):
    batch = MemoryBatch(jobs_of(9), Embedder(comparable=False, max_inputs=60), tmp_path)
    result, found = measured(batch)
    sizes = [group.sample_count for group in result.groups]
    assert len(sizes) == len(batch.backend.requests) > 1
    assert sum(sizes) == len(found) == 9
    assert max(sizes) - min(sizes) <= 2


def test_groups_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(corpus, "MAX_COMPARED", 80)
    batch = MemoryBatch(jobs_of(10), Embedder(max_inputs=40), tmp_path)
    result, found = measured(batch)
    assert [request.count for request in batch.backend.requests[:-1]] == [36, 36, 36, 36]
    assert [group.sample_count for group in result.groups] == [4, 6]
    assert len(found) == 10


def test_a_second_run_asks_for_nothing(tmp_path: Path):
    batch = MemoryBatch(jobs_of(4), Embedder(max_inputs=40), tmp_path)
    first = measured(batch)
    asked = len(batch.backend.requests)
    assert measured(batch) == first
    assert len(batch.backend.requests) == asked


def test_appended_samples_are_embedded_and_those_before_are_not_again(tmp_path: Path):
    batch = MemoryBatch(jobs_of(4), Embedder(max_inputs=40), tmp_path)
    measured(batch)
    before = {request.texts for request in batch.backend.requests[:-1]}
    batch.backend.requests.clear()
    batch.all = [*batch.all, *_renumbered(jobs_of(10)[6:], 4)]
    _, found = measured(batch)
    assert len(found) == 8
    assert not before & {request.texts for request in batch.backend.requests}


def _renumbered(jobs: list[BatchJob], first: int) -> list[BatchJob]:
    for at, job in enumerate(jobs, first):
        job.input.index = at
    return jobs


def test_what_cannot_be_embedded_is_not_defined_and_loses_nothing_else(tmp_path: Path):
    batch = MemoryBatch(jobs_of(8), Embedder(max_inputs=40), tmp_path)
    batch.backend.refuses = batch.all[0].result["prompts"][0]["text"]
    result, found = measured(batch)
    lost, whole = found[0].prompts[0], found[7].prompts[0]
    assert (lost.originality, lost.fit, lost.alignment, lost.overall) == (None,) * 4
    reason = "the prompts could not be embedded: The model does not take such a text."
    assert set(lost.undefined) >= {"originality", "fit", "overall"}
    assert lost.undefined["originality"] == lost.undefined["overall"] == reason
    assert lost.fluency > 0 and lost.coherence > 0
    assert whole.overall is not None and not whole.undefined
    assert result.problems == (reason,)
    assert reason in batch.warnings[0]


def test_samples_that_failed_are_left_out(tmp_path: Path):
    jobs = jobs_of(3)
    failed = BatchJob("sample_003", "failed", jobs[0].input, None, None)
    _, found = measured(MemoryBatch([failed, *jobs], Embedder(), tmp_path))
    assert sorted(found) == [0, 1, 2]
    nothing, none = measured(MemoryBatch([failed], Embedder(), tmp_path))
    assert (nothing.groups, none) == ((), {})
