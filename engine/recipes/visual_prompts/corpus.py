"""Creativity of all prompts of a batch: they are embedded in parts, then compared in groups.

The texts of a part fit into one request of the embedding backend. Prompts are compared with all
others of their group: one part, or consecutive ones of at most `MAX_COMPARED` texts if their
vectors are of one model and can be compared.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.contract import Artifact, CallContext, Permanent, Request, Result
from engine.contract.backend import FrozenModel
from engine.contract.batch import BatchContext, BatchJob, BatchStep
from engine.contract.embedding import EMBEDDING, Embeddings, EmbedRequest
from engine.recipes.visual_prompts.creativity.imagery import Positions
from engine.recipes.visual_prompts.creativity.measure import (
    TYPICAL_MODEL,
    TYPICAL_WORDS,
    Sample,
    blocks,
    measure,
    texts_of,
)
from engine.recipes.visual_prompts.creativity.model import Creativity

MAX_TEXTS = 1000
"""Texts of one request at most: the vectors of more would be too large a result."""

MAX_COMPARED = 2048
"""Texts that are compared with one another at most, but for those of the last part: memory grows
with their square."""


@dataclass(frozen=True)
class SampleMeasures:
    """Measures of one sample.

    Attributes:
        prompts: Measures of its prompts, in order.
        embedder: Backend, model and version of the vectors; empty without any.
    """

    prompts: Sequence[Creativity]
    embedder: str = ""


Measures = Mapping[int, SampleMeasures]
"""Measures of each sample by its number."""


@dataclass(frozen=True)
class NumberedSample(Sample):
    """Prompts of one sample of the batch.

    Attributes:
        index: Number of the sample.
    """

    index: int = 0


class MeasureRequest(Request):
    """Request for the measures of one group.

    Attributes:
        digest: SHA-256 of its prompts, the imagery of its music and its vectors.
        prompts: Number of its prompts.
        typical: Similarity of two prompts of one subject in the space of its vectors.
        lacking: Reason why it has no vectors; empty if it has.
    """

    digest: str
    prompts: int
    typical: float
    lacking: str = ""


class GroupMeasures(Result):
    """Measures of the prompts that were compared with one another.

    Attributes:
        measures: File with the measures, JSON.
        sample_count: Number of samples.
        prompt_count: Number of prompts.
        embedder: Backend, model and version of the vectors; empty without any.
        lacking: Reason why numbers that need vectors are not defined; empty if they are.
    """

    measures: Artifact
    sample_count: int
    prompt_count: int
    embedder: str = ""
    lacking: str = ""


class CorpusCreativity(FrozenModel):
    """Creativity of a batch's prompts.

    Attributes:
        groups: Measures of each group, in the order of the samples.
    """

    groups: tuple[GroupMeasures, ...] = ()

    @property
    def prompts(self) -> int:
        """Number of measured prompts."""
        return sum(group.prompt_count for group in self.groups)

    @property
    def embedders(self) -> tuple[str, ...]:
        """Backends, models and versions of the vectors."""
        return tuple(dict.fromkeys(group.embedder for group in self.groups if group.embedder))

    @property
    def problems(self) -> tuple[str, ...]:
        """Reasons why numbers are not defined."""
        return tuple(dict.fromkeys(group.lacking for group in self.groups if group.lacking))


def read_measures(result: CorpusCreativity, stored: Callable[[str], Path]) -> Measures:
    """Return the measures of a batch by the numbers of its samples.

    Args:
        result: The result of the step.
        stored: Returns where the stored file of a hash is.

    Raises:
        OSError: A file is gone.
    """
    found: dict[int, SampleMeasures] = {}
    for group in result.groups:
        for row in json.loads(stored(group.measures.hash).read_bytes()):
            prompts = [Creativity.model_validate(one) for one in row["creativity"]]
            found[row["sample_idx"]] = SampleMeasures(prompts, group.embedder)
    return found


async def run(batch: BatchContext) -> CorpusCreativity:
    """Embed and measure the prompts of a batch.

    If vectors cannot be had for good, the numbers that need them are not defined.

    Raises:
        Blocked: Something outside is missing.
    """
    info = batch.use(EMBEDDING).info
    limit = min(info.max_inputs, MAX_TEXTS)
    group, measured = _Group(), list[GroupMeasures]()
    samples = list(_samples(batch.jobs()))
    parts = await asyncio.to_thread(blocks, samples, limit, even=not info.comparable)
    for number, block in enumerate(parts, 1):
        part = await _embedded(batch, number, block)
        if not group.takes(part, is_last=number == len(parts)):
            measured.append(await _measured(batch, len(measured) + 1, group))
            group = _Group()
        group.parts.append(part)
    if group.parts:
        measured.append(await _measured(batch, len(measured) + 1, group))
    return CorpusCreativity(groups=tuple(measured))


AFTER = BatchStep(run, result=CorpusCreativity)
"""The step of the whole batch."""


def _samples(jobs: Iterator[BatchJob]) -> Iterator[NumberedSample]:
    for position, job in enumerate(jobs):
        if job.state == "done":
            index = job.input.index if job.input.index is not None else position
            texts = tuple(prompt["text"] for prompt in job.result["prompts"])
            yield NumberedSample(texts, Positions(job.result["imagery"]), index)


@dataclass
class _Part:
    """Samples whose texts were embedded by one request."""

    samples: Sequence[NumberedSample]
    texts: Sequence[str]
    vectors: Embeddings | None
    lacking: str = ""


@dataclass
class _Group:
    """Parts that are compared with one another."""

    parts: list[_Part] = field(default_factory=list)

    def takes(self, part: _Part, *, is_last: bool) -> bool:
        """Return whether one more part is compared with the group.

        The last part always is if it can be: it may have a few prompts only.
        """
        if not self.parts:
            return True
        size = sum(len(one.texts) for one in (*self.parts, part))
        return (is_last or size <= MAX_COMPARED) and self._is_comparable(part)

    def _is_comparable(self, part: _Part) -> bool:
        mine, its = self.parts[0].vectors, part.vectors
        if mine is None or its is None:
            return mine is its and self.parts[0].lacking == part.lacking
        is_one_space = mine.comparable and its.comparable and mine.embedder == its.embedder
        return is_one_space and mine.dimensions == its.dimensions

    @property
    def samples(self) -> list[NumberedSample]:
        return [sample for part in self.parts for sample in part.samples]

    def digest(self) -> str:
        """Return the SHA-256 of all that its measures depend on."""
        found = hashlib.sha256()
        for sample in self.samples:
            found.update(json.dumps([sample.index, sample.prompts, sample.features]).encode())
        for part in self.parts:
            found.update((part.vectors.packed if part.vectors else "").encode())
        return found.hexdigest()


async def _embedded(batch: BatchContext, number: int, samples: Sequence[NumberedSample]) -> _Part:
    texts = texts_of(samples)
    embed = batch.use(EMBEDDING).embed
    try:
        vectors = await batch.step(f"embed-{number}", embed, EmbedRequest(texts=tuple(texts)))
    except Permanent as error:
        reason = f"the prompts could not be embedded: {error.message}"
        await batch.warn(f"{len(samples)} samples have no originality and no fit: {reason}")
        return _Part(samples, texts, None, reason)
    return _Part(samples, texts, vectors)


async def _measured(batch: BatchContext, number: int, group: _Group) -> GroupMeasures:
    vectors, samples = group.parts[0].vectors, group.samples
    request = MeasureRequest(
        digest=group.digest(),
        prompts=sum(len(sample.prompts) for sample in samples),
        typical=TYPICAL_WORDS if vectors and not vectors.comparable else TYPICAL_MODEL,
        lacking=group.parts[0].lacking,
    )

    async def measure_prompts(request: MeasureRequest, context: CallContext) -> GroupMeasures:
        data = await context.compute(_computed, group.parts, request.typical, request.lacking)
        return GroupMeasures(
            measures=await context.keep(data, "measures", kind="file"),
            sample_count=len(samples),
            prompt_count=request.prompts,
            embedder=vectors.embedder if vectors else "",
            lacking=request.lacking,
        )

    return await batch.local(f"measure-{number}", measure_prompts, request, method="creativity")


def _computed(parts: Sequence[_Part], typical: float, lacking: str) -> bytes:
    """Return the measures of a group's prompts as JSON; runs in a worker."""
    samples = [sample for part in parts for sample in part.samples]
    found = measure(samples, _vectors(parts, samples), typical=typical, lacking=lacking)
    rows = [
        {"sample_idx": sample.index, "creativity": [one.model_dump() for one in measured]}
        for sample, measured in zip(samples, found, strict=True)
    ]
    return json.dumps(rows).encode()


def _vectors(parts: Sequence[_Part], samples: Sequence[NumberedSample]) -> Any:
    """Return the vectors of the texts of all samples, whichever part they came with."""
    import numpy as np

    if any(part.vectors is None for part in parts):
        return None
    known = {
        text: row
        for part in parts
        if part.vectors
        for text, row in zip(part.texts, part.vectors.array(), strict=True)
    }
    return np.stack([known[text] for text in texts_of(samples)])
