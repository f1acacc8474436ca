"""A batch of visual prompts in memory, for the steps that follow its samples."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from engine.contract import Limits, Permanent
from engine.contract.backend import BaseBackend
from engine.contract.batch import BatchJob
from engine.contract.embedding import EmbeddingInfo, EmbeddingProxy, Embeddings, EmbedRequest
from engine.recipes.visual_prompts.creativity.imagery import positions
from engine.testing.context import MemoryContext
from engine.text.words import content_stems
from tests.recipes.visual_prompts.creativity_texts import music, varied


class Embedder(BaseBackend):
    """Embeds texts by hashing their words; records the requests that it answers.

    Attributes:
        requests: The requests.
        refuses: Part of a text that it refuses for good.
    """

    info: EmbeddingInfo

    def __init__(self, *, comparable: bool = True, max_inputs: int = 512, name: str = "toy"):
        self.info = EmbeddingInfo(
            name=name,
            model="hash",
            version="1",
            lane=name,
            limits=Limits(concurrency=1),
            max_inputs=max_inputs,
            comparable=comparable,
        )
        self.requests: list[EmbedRequest] = []
        self.refuses = ""

    async def embed(self, request: EmbedRequest, context: Any) -> Embeddings:
        self.requests.append(request)
        if self.refuses and any(self.refuses in text for text in request.texts):
            raise Permanent("The model does not take such a text.")
        rows = np.zeros((request.count, 64), np.float32)
        for at, text in enumerate(request.texts):
            for word in content_stems(text):
                rows[at, hashlib.sha256(word.encode()).digest()[0] % 64] += 1
        return Embeddings.of(rows, self.info.signature(), comparable=self.info.comparable)


def prompts_of(number: int, texts: list[str]) -> list[dict[str, Any]]:
    """The prompts of a job's result: three convergent, then divergent ones."""
    return [
        {
            "number": at,
            "mode": "convergent" if at < 3 else "divergent",
            "temperature": 0.4 if at < 3 else 0.8,
            "text": text,
        }
        for at, text in enumerate(texts)
    ]


def jobs_of(count: int, *, prompts: int = 5) -> list[BatchJob]:
    """Jobs that are done, with different prompts and music."""
    texts = varied(count * prompts)
    return [
        BatchJob(
            key=f"sample_{at:03d}",
            state="done",
            input=SimpleNamespace(index=at),
            result={
                "prompts": prompts_of(at, texts[at * prompts : (at + 1) * prompts]),
                "imagery": dict(positions(music(at))),
            },
            score=None,
        )
        for at in range(count)
    ]


class MemoryBatch:
    """A batch whose steps are kept by key and request, as the store keeps them.

    Attributes:
        backend: Embeds its prompts.
        warnings: Warnings, in order.
    """

    def __init__(self, jobs: list[BatchJob], backend: Embedder, root: Path) -> None:
        self.all, self.backend, self.root = jobs, backend, root
        self.context = MemoryContext()
        self.warnings: list[str] = []
        self.done: dict[str, Any] = {}

    def jobs(self) -> Iterator[BatchJob]:
        return iter(self.all)

    def use(self, _capability: Any) -> EmbeddingProxy:
        return EmbeddingProxy(self.backend)

    async def warn(self, message: str) -> None:
        self.warnings.append(message)

    async def step(self, name: str, describe: Any, *args: Any) -> Any:
        call: Any = describe(*args)
        key = f"{name} {call.request.model_dump_json()}"
        if key not in self.done:
            self.done[key] = await self.backend.embed(call.request, self.context)
        return self.done[key]

    async def local(self, name: str, function: Any, request: Any, **_method: str) -> Any:
        key = f"{name} {request.model_dump_json()}"
        if key not in self.done:
            self.done[key] = await function(request, self.context)
        return self.done[key]

    def stored(self, hash_: str) -> Path:
        """Where the stored file of a hash is."""
        path = self.root / hash_
        path.write_bytes(self.context.files[hash_])
        return path
