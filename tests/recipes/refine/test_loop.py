"""The loop of `refine`: when it stops, what it keeps, what it tells whom."""

from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Any, cast

import pytest

from db.queries import jobs as queries
from engine.client.memory_catalog import MemoryCatalog
from engine.client.workspace import Workspace
from engine.contract import (
    Artifact,
    Backend,
    CallContext,
    GeneratedImage,
    ImageInfo,
    ImageRequest,
)
from engine.recipes.refine import RECIPE as REFINE
from engine.recipes.refine.agents.evaluator import EvaluateRequest, Evaluation
from engine.recipes.refine.agents.refiner import Refinement, RefineRequest
from tests.support.agents import ByOperation
from tests.support.backends import InfoBackend, toy_info


class Scripted(ByOperation, InfoBackend):
    """All three backends in one: numbered images, scores as given, prompts that count up."""

    def __init__(self, scores: Sequence[float]) -> None:
        facts = {"model": "scripted", "lane": "scripted", "concurrency": 1}
        super().__init__(toy_info("builtin", "image", ImageInfo, **facts))
        self.scores = scores
        self.generated: list[ImageRequest] = []
        self.evaluated: list[EvaluateRequest] = []
        self.refined: list[RefineRequest] = []

    def for_capability(self, capability: str) -> "Scripted":
        """The same script, as the backend of a capability."""
        same = copy(self)
        same.change(capability=capability)
        return same

    async def generate(self, request: ImageRequest, context: CallContext) -> GeneratedImage:
        self.generated.append(request)
        data = f"{request.model_dump_json()}".encode()
        kept = await context.keep(data, role="image")
        image = Artifact(hash=kept.hash, media_type="image/png", size=kept.size, width=1, height=1)
        return GeneratedImage(image=image, seed=request.seed)

    async def evaluate(self, request: EvaluateRequest, _context: CallContext) -> Evaluation:
        score = self.scores[len(self.evaluated)]
        self.evaluated.append(request)
        return Evaluation(score=score, description="seen", scorer="scripted")

    async def refine(self, request: RefineRequest, _context: CallContext) -> Refinement:
        self.refined.append(request)
        number = len(self.refined) + 1
        return Refinement(prompt=f"prompt {number}", reason="because", author="scripted")


def catalog_of(script: Scripted) -> MemoryCatalog:
    """The real recipe; every backend is the script's."""
    backends = [script.for_capability(name) for name in REFINE.uses]
    return MemoryCatalog([REFINE], [cast("Backend", backend) for backend in backends])


@pytest.fixture(autouse=True)
def no_projection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The script's images are no images; folders are tested elsewhere."""
    monkeypatch.setattr("engine.recipes.refine.read_report.write_job", lambda *_: [])


def run(folder: Path, script: Scripted, entry: str = '[{"prompt": "brief"}]', **settings: Any):
    (folder / "in.json").write_text(entry)
    workspace = Workspace(folder / "w", create=True, catalog=catalog_of(script))
    batch = workspace.run("refine", folder / "in.json", settings={"seed": 5, **settings})
    with workspace.reading() as connection:
        [job] = queries.jobs_page(connection, int(batch.removeprefix("b")))
    return workspace, job


def result(job: Any) -> dict[str, Any]:
    import json

    return json.loads(job.result)


def test_it_generates_evaluates_and_refines_three_times(tmp_path: Path):
    script = Scripted([10, 20, 30])
    _, job = run(tmp_path, script)
    assert [request.prompt for request in script.generated] == ["brief", "prompt 2", "prompt 3"]
    assert (job.state, job.iterations, job.score) == ("done", 3, 30)


def test_no_refinement_is_paid_for_after_the_last_image(tmp_path: Path):
    script = Scripted([10, 20, 30])
    run(tmp_path, script)
    assert len(script.refined) == 2


def test_it_stops_at_the_target(tmp_path: Path):
    script = Scripted([10, 95, 30])
    _, job = run(tmp_path, script)
    assert len(script.generated) == 2
    assert len(script.refined) == 1
    assert result(job)["iteration"] == 2


def test_the_best_attempt_is_the_result_not_the_last(tmp_path: Path):
    script = Scripted([40, 70, 60])
    _, job = run(tmp_path, script)
    assert result(job)["iteration"] == 2
    assert job.score == 70


def test_of_equal_attempts_the_first_is_the_result(tmp_path: Path):
    _, job = run(tmp_path, Scripted([50, 50, 50]))
    assert result(job)["iteration"] == 1


def test_images_are_judged_by_the_brief_and_never_by_the_refined_prompt(tmp_path: Path):
    script = Scripted([10, 20, 30])
    entry = '[{"title": "T", "scene": "S", "mood": "M", "prompt": "P"}]'
    run(tmp_path, script, entry)
    assert {request.brief for request in script.evaluated} == {"T. S. M. P"}


def test_the_refiner_is_handed_the_whole_history(tmp_path: Path):
    script = Scripted([10, 20, 30])
    run(tmp_path, script)
    history = [
        [(attempt.prompt, attempt.evaluation.score) for attempt in request.attempts]
        for request in script.refined
    ]
    assert history == [[("brief", 10)], [("brief", 10), ("prompt 2", 20)]]


def test_the_seed_stays_unless_it_is_to_vary(tmp_path: Path):
    same = Scripted([1, 2, 3])
    run(tmp_path, same)
    assert len({request.seed for request in same.generated}) == 1
    (tmp_path / "other").mkdir()
    varied = Scripted([1, 2, 3])
    run(tmp_path / "other", varied, vary_seed=True)
    assert len({request.seed for request in varied.generated}) == 3
    assert varied.generated[0].seed == same.generated[0].seed


def test_an_entry_says_more_than_the_settings(tmp_path: Path):
    script = Scripted([99])
    entry = '[{"prompt": "p", "seed": 7, "width": 128, "negative_prompt": "text"}]'
    run(tmp_path, script, entry, width=256, height=192)
    [asked] = script.generated
    assert (asked.seed, asked.width, asked.height) == (7, 128, 192)
    assert asked.negative_prompt == "text"


def test_a_decided_prompt_replaces_the_refined_one_and_what_follows_runs_again(tmp_path: Path):
    script = Scripted([10, 20, 30, 25, 35])
    workspace, job = run(tmp_path, script)
    workspace.command("decide", [f"j{job.id}"], {"key": "iteration-2/prompt", "value": "mine"})
    workspace.follow("b1")
    assert [request.prompt for request in script.generated] == [
        "brief", "prompt 2", "prompt 3", "mine", "prompt 4",
    ]  # fmt: skip
    with workspace.reading() as connection:
        kept = queries.steps(connection, job.id)
        again = queries.job(connection, job.id)
    assert sum(step.name == "generate" for step in kept) == 5
    assert sum(step.name == "generate" and step.superseded_at is None for step in kept) == 3
    assert again is not None
    assert result(again)["prompt"] == "prompt 4"


def test_a_decided_result_costs_nothing(tmp_path: Path):
    script = Scripted([10, 20, 30])
    workspace, job = run(tmp_path, script)
    workspace.command("decide", [f"j{job.id}"], {"key": "select", "value": 1})
    workspace.follow("b1")
    with workspace.reading() as connection:
        again = queries.job(connection, job.id)
    assert again is not None
    assert result(again)["iteration"] == 1
    assert len(script.generated) == 3


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("select", 4, "There is no iteration 4: the job made 2"),
        ("select", "1", "is a whole number"),
        ("select", False, "is a whole number"),
        ("iteration-4/prompt", "mine", "There is no iteration 4: the job makes at most 3"),
        ("iteration-0/prompt", "mine", "There is no iteration-0"),
        ("iteration-1/prompt", ["mine"], "is a text"),
    ],
)
def test_a_decision_about_a_turn_that_is_not_there_is_refused(
    tmp_path: Path, key: str, value: Any, said: str
):
    workspace, job = run(tmp_path, Scripted([10, 95]))
    (number,) = workspace.command("decide", [f"j{job.id}"], {"key": key, "value": value})
    answer = workspace.answer(number)
    assert answer is not None
    assert (answer.state, said in (answer.answer or "")) == ("refused", True)
    with workspace.reading() as connection:
        assert queries.job(connection, job.id) == job


def test_an_empty_prompt_takes_the_written_one_again(tmp_path: Path):
    script = Scripted([10, 95, 95])
    workspace, job = run(tmp_path, script)
    for text in ("mine", " "):
        workspace.command("decide", [f"j{job.id}"], {"key": "iteration-2/prompt", "value": text})
        workspace.follow("b1")
    assert [request.prompt for request in script.generated] == ["brief", "prompt 2", "mine"]
    with workspace.reading() as connection:
        again = queries.job(connection, job.id)
    assert again is not None
    assert result(again)["prompt"] == "prompt 2"


def test_every_version_of_the_prompt_is_kept_with_its_author(tmp_path: Path):
    workspace, job = run(tmp_path, Scripted([10, 20, 30]))
    with workspace.reading() as connection:
        versions = queries.prompts(connection, job.id)
    assert [(version.text, version.author) for version in versions] == [
        ("brief", "operator"),
        ("prompt 2", "scripted"),
        ("prompt 3", "scripted"),
    ]
    assert versions[2].parent_id == versions[1].id
