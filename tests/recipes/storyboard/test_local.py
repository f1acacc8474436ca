"""A storyboard by local models, from the command line's side: tiny ones, in a real model host."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.client.workspace import Workspace
from engine.models.weights import hash_of
from engine.recipes.storyboard.combine import STANDARD_WEIGHTS
from tests.support import tiny_models, tiny_pipelines
from tests.support.optional import HOSTING_TORCH, needs
from tests.support.tiny_models import clip, hosted, vision_language

needs("torch", "diffusers", "open_clip")
pytestmark = pytest.mark.xdist_group(HOSTING_TORCH)

LONG = "a lighthouse on a cliff above the sea, waves, gulls, a small boat, " * 8


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Settings that name a tiny painter and four tiny scorers."""
    tiny_models.prepare()
    root = tmp_path_factory.mktemp("models")
    clip.of_transformers(root / "pick")
    clip.of_open_clip(root / "small", seed=3)
    clip.of_open_clip(root / "large", seed=1)
    clip.aesthetic_head(root / "head")
    vision_language.llava(root / "llava")
    return {
        "diffusers.model": str(tiny_pipelines.saved(tiny_pipelines.sdxl, root / "sdxl")),
        "diffusers.steps": 2,
        "local.pickscore": str(root / "pick"),
        "local.pickscore_processor": str(root / "pick"),
        "local.clipscore": str(root / "small"),
        "local.aesthetic": str(root / "head"),
        "local.aesthetic_sha256": hash_of(root / "head"),
        "local.aesthetic_tower": str(root / "large"),
        "local.vqascore": str(root / "llava"),
        "local.similarity": str(root / "small"),
    }


@pytest.mark.slow
def test_local_models_make_a_film(
    models: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("engine.backends.diffusers.image.LOADER", tiny_pipelines.LOADER)
    monkeypatch.setattr("engine.backends.local.score.LOADER", hosted.LOADER)
    hosts = {"hosts": {"devices": ["cpu"], "cpu_threads": 1}}
    workspace = Workspace(tmp_path / "w", create=True, overrides=hosts)
    source = tmp_path / "in.yaml"
    source.write_text(
        f"id: film\nscenes: [{{prompt: '{LONG}'}}, {{prompt: a red barn by the lighthouse}}]\n"
        "subjects: [{name: lighthouse, description: a white tower}]\n"
    )
    chosen = {"image": "diffusers", "score": "local", "preset": "fast", "seed": 5}
    workspace.run("storyboard", source, settings={**chosen, **models, "width": 64, "height": 64})
    [report] = workspace.results("b1")
    assert (report.state, report.error) == ("done", None)
    folder = workspace.paths.root / "outputs/reference_image_traces/film"
    first = json.loads((folder / "scene_1" / "quality_scores.json").read_text())
    assert {one["metric"]: one["nominal_weight"] for one in first["scorers"]} == STANDARD_WEIGHTS
    given = {one["metric"]: one["was_given"] for one in first["scorers"]}
    assert given == {
        "pickscore": "brief", "clipscore": "brief", "vqascore": "prompt", "aesthetic": "none",
    }  # fmt: skip
    cut = {one["metric"] for one in first["scorers"] if one["text_was_cut"]}
    assert cut >= {"pickscore", "clipscore"}
    assert any("beginning of its text" in note for note in first["notes"])
    document = json.loads((folder / "storyboard.json").read_text())
    one, two = document["storyboard_plan"]["scenes"]
    assert (one["follows"], two["follows"]) == ([], [one["artifact"]])
    measures = {likeness["measure"] for likeness in document["likeness"]}
    assert measures == {"clip_similarity", "palette_distance"}
    [tower] = document["subject_likeness"]
    assert (tower["subject"], tower["measure"], tower["scenes"]) == (
        "lighthouse", "clip_similarity", [2],
    )  # fmt: skip
    assert 0 < tower["mean"] <= 1
    assert "a white tower" in one["prompt"]
    assert "a white tower" in two["prompt"]
