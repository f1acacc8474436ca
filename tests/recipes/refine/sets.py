"""A job of `refine` on fakes whose answers a test scripts, and what it did."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from db.queries import jobs as queries
from db.rows import JobRow, StepRow
from engine.client.memory_catalog import MemoryCatalog
from engine.client.workspace import Workspace
from engine.contract.score import AskRequest, YesLikelihoods
from engine.recipes.refine import RECIPE as REFINE
from engine.testing.fakes import FakeChatBackend, FakeImageBackend, FakeScoreBackend
from tests.testing import catalogs

Answer = Callable[[Any], Mapping[str, Any]]
SIDES = {"image": "fake", "text": "fake", "vision": "fake", "width": 64, "height": 64}


class Recorded(FakeChatBackend):
    """Remembers its requests, by agent."""

    def __init__(self, answers: Mapping[str, Any], capability: str) -> None:
        super().__init__(answers, capability=capability)
        self.requests: dict[str, list[Any]] = {}

    async def structured(self, agent: Any, request: Any, context: Any) -> Any:
        self.requests.setdefault(agent.id, []).append(request)
        return await super().structured(agent, request, context)


class Asked(FakeScoreBackend):
    """A scorer that answers yes to each second question of every image."""

    def __init__(self) -> None:
        super().__init__(("vqascore",))
        self.info = replace(self.info, answers=True)

    async def ask(self, request: AskRequest, _context: Any) -> YesLikelihoods:
        values = [0.9 if at % 2 == 0 else 0.2 for at in range(len(request.questions))]
        values[-1] = 0.51
        row = tuple(values)
        return YesLikelihoods(
            scorer="asked", values=(row,) * len(request.images), notes=("",) * len(request.images)
        )


@dataclass
class Ran:
    """A finished job."""

    workspace: Workspace
    job: JobRow
    steps: list[StepRow]
    requests: dict[str, list[Any]]

    @property
    def keys(self) -> list[str]:
        """Keys of its current steps, in order."""
        return [step.key for step in self.steps if step.superseded_at is None]

    @property
    def result(self) -> dict[str, Any]:
        """Its result."""
        return dict(json.loads(self.job.result or "{}"))

    @property
    def images(self) -> int:
        """Images that were asked for."""
        return sum(key.endswith("/generate") for key in self.keys)

    @property
    def warnings(self) -> list[str]:
        """Warnings in its history."""
        with self.workspace.reading() as connection:
            sql = "SELECT message FROM events WHERE type = 'job.warning'"
            return [row[0] for row in connection.execute(sql)]

    def data(self, key: str) -> dict[str, Any]:
        """The result of a step."""
        found = next(s for s in self.steps if s.key == key and s.superseded_at is None)
        return dict(json.loads(found.result or "{}"))

    def request(self, key: str) -> dict[str, Any]:
        """The request of a step."""
        found = next(s for s in self.steps if s.key == key and s.superseded_at is None)
        return dict(json.loads(found.request))


VISION: dict[str, Any] = {
    "evaluate": catalogs.judged,
    "answer_questions": catalogs.answered,
    "compare_images": catalogs.compared,
}
TEXT: dict[str, Any] = {
    "refine": catalogs.rewritten,
    "write_questions": catalogs.QUESTIONS,
    "guard_brief": {"lost": []},
}


def run(
    folder: Path,
    answers: Mapping[str, Any] | None = None,
    scorer: FakeScoreBackend | None = None,
    painter: FakeImageBackend | None = None,
    **settings: Any,
) -> Ran:
    """Run one job; `answers` replace those of agents."""
    answers = answers or {}
    vision = Recorded({k: answers.get(k, v) for k, v in VISION.items()}, "vision")
    text = Recorded({k: answers.get(k, v) for k, v in TEXT.items()}, "text")
    backends = [painter or FakeImageBackend(), scorer or Asked(), vision, text]
    catalog = MemoryCatalog([REFINE], backends)
    (folder / "in.json").write_text('[{"id": "boat", "prompt": "a red boat"}]')
    workspace = Workspace(folder / "w", create=True, catalog=catalog)
    batch = workspace.run("refine", folder / "in.json", settings={"seed": 5, **SIDES, **settings})
    return read(workspace, batch, {**vision.requests, **text.requests})


def read(workspace: Workspace, batch: str, requests: dict[str, list[Any]] | None = None) -> Ran:
    """Read a job as it is now."""
    with workspace.reading() as connection:
        [job] = queries.jobs_page(connection, int(batch.removeprefix("b")))
        steps = list(queries.steps(connection, job.id))
    return Ran(workspace, job, steps, requests or {})
