"""An embedding that fails for good loses no batch: its files say so."""

import json
from pathlib import Path

import pytest

from engine.backends.builtin import FAMILY
from engine.client.memory_catalog import MemoryCatalog
from engine.client.workspace import Workspace
from engine.recipes.visual_prompts import RECIPE
from tests.recipes.visual_prompts.corpus_batch import Embedder
from tests.recipes.visual_prompts.sounds import song


@pytest.mark.slow  # a worker has to analyse a sound
def test_a_batch_whose_prompts_cannot_be_embedded_is_done(tmp_path: Path) -> None:
    embedder = Embedder()
    embedder.refuses = "A"
    (tmp_path / "song.wav").write_bytes(song())
    catalog = MemoryCatalog([RECIPE], families=[FAMILY], backends=[embedder])
    workspace = Workspace(tmp_path, create=True, catalog=catalog)
    settings = {"embedding": "toy", "convergent": 1, "divergent": 1}
    batch = workspace.queue("visual-prompts", tmp_path / "song.wav", settings=settings)
    assert workspace.follow(batch).state == "done"
    folder = tmp_path / "outputs" / "generated_prompts"
    rows = json.loads((folder / "creativity_prompt_scores.json").read_bytes())
    assert [(row["overall"], row["originality"], row["fit"]) for row in rows] == [(None,) * 3] * 2
    reason = "the prompts could not be embedded: The model does not take such a text."
    assert {row["undefined"]["overall"] for row in rows} == {reason}
    facts = {fact.name: fact.text for fact in workspace.summary(batch)}
    assert facts["not defined"] == reason
    assert facts["creativity"] == "convergent none, divergent none"
