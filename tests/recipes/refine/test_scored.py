"""A checklist whose questions a local scorer answers: a tiny model, in a real model host."""

from pathlib import Path

import pytest

from engine.client.workspace import Workspace
from engine.text.errors import UserError
from tests.support import tiny_models
from tests.support.optional import HOSTING_TORCH, needs
from tests.support.tiny_models import clip, hosted, vision_language

needs("torch", "transformers", "open_clip")
pytestmark = pytest.mark.xdist_group(HOSTING_TORCH)

CHECKLIST = {"evaluation": "checklist", "max_iterations": 1, "width": 64, "height": 64, "seed": 3}


def workspace_of(folder: Path) -> tuple[Workspace, Path]:
    hosts = {"hosts": {"devices": ["cpu"], "cpu_threads": 1}}
    source = folder / "in.yaml"
    source.write_text("id: boat\nprompt: a red boat on the left, at night\n")
    return Workspace(folder / "w", create=True, overrides=hosts), source


@pytest.mark.slow
def test_a_local_model_answers_the_questions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("engine.backends.local.score.LOADER", hosted.LOADER)
    tiny_models.prepare()
    vision_language.llava(tmp_path / "llava")
    clip.of_open_clip(tmp_path / "clip")
    workspace, source = workspace_of(tmp_path)
    local = {
        "local.scorers": "vqascore",
        "local.vqascore": str(tmp_path / "llava"),
        "local.similarity": str(tmp_path / "clip"),
    }
    workspace.run("refine", source, settings={**CHECKLIST, **local, "score": "local"})
    [report] = workspace.results("b1")
    assert (report.state, report.error) == ("done", None)
    evaluation = report.iterations[0].evaluation
    assert evaluation is not None
    assert "llava#" in evaluation.scorer or "builtin" in evaluation.scorer


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"score": "builtin"}, "builtin answers no questions"),
        ({"score": "builtin", "evaluation": "describe"}, "a scorer answers a checklist"),
    ],
)
def test_a_scorer_that_is_of_no_use_is_refused_before_anything_starts(
    tmp_path: Path, settings: dict[str, str], why: str
):
    workspace, source = workspace_of(tmp_path)
    with pytest.raises(UserError, match=why):
        workspace.queue("refine", source, settings={**CHECKLIST, **settings})
