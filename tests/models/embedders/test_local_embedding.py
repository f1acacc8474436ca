"""Embedding by local models: tiny ones, saved and loaded from disk."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.backends.local import LocalSettings
from engine.backends.local.embedding import MAX_INPUTS, LocalEmbedder
from engine.contract import Blocked, Permanent
from engine.contract.embedding import EmbedRequest
from engine.models.embedders.hosted import LoadedEmbedder, load
from engine.models.embedders.options import EmbeddingOptions, required
from engine.plugins.catalog import EntryPointCatalog
from engine.testing.backend_contracts import EmbeddingBackendContract
from engine.testing.context import MemoryContext
from tests.support import tiny_models
from tests.support.in_process import InProcessContext, InProcessPlace, QuietDesk
from tests.support.tiny_models import clip
from tests.support.tiny_models.sentences import sentence_encoder

TEXTS = ("a red barn at dusk", "a red barn", "")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tiny_models.prepare()
    root = tmp_path_factory.mktemp("embedders")
    sentence_encoder(root / "mean")
    sentence_encoder(root / "first", first=True)
    sentence_encoder(root / "short", max_tokens=4, first=False)
    clip.of_open_clip(root / "clip", seed=3)
    return root


def made(model: Path, **settings: Any) -> LocalEmbedder:
    return LocalEmbedder(LocalSettings.model_validate({"embedding": str(model), **settings}))


def png(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "PNG")
    return out.getvalue()


class TestContract(EmbeddingBackendContract):
    @pytest.fixture(autouse=True)
    def _here(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, context = root, InProcessContext()
        monkeypatch.setattr(MemoryContext, "infer", lambda _self, task: context.infer(task))

    def make_backend(self) -> LocalEmbedder:
        return made(self.root / "mean")


def by_hand(folder: Path, text: str, *, first: bool = False, limit: int = 32) -> Any:
    """The unit vector of a text by transformers alone."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokens = AutoTokenizer.from_pretrained(folder)(
        text, truncation=True, max_length=limit, return_tensors="pt"
    )
    with torch.no_grad():
        states = AutoModel.from_pretrained(folder)(**tokens).last_hidden_state[0]
    vector = (states[0] if first else states.mean(0)).numpy()
    return vector / np.linalg.norm(vector)


@pytest.mark.parametrize(("name", "first", "limit"), [("mean", False, 32), ("first", True, 32),
                                                      ("short", False, 4)])  # fmt: skip
async def test_texts_have_the_vectors_that_the_model_s_own_files_ask_for(
    root: Path, name: str, first: bool, limit: int
) -> None:
    context = InProcessContext()
    found = await made(root / name, batch=2).embed(EmbedRequest(texts=TEXTS), context)
    expected = [by_hand(root / name, text, first=first, limit=limit) for text in TEXTS]
    assert np.allclose(found.array(), expected, atol=1e-5)
    assert found.dimensions == 32
    assert found.similarities()[0, 0] == pytest.approx(1)
    assert [task.operation for task in context.tasks] == ["embed"]


async def test_a_clip_model_embeds_texts_and_images_in_one_space(root: Path) -> None:
    context = InProcessContext()
    backend = made(root / "clip")
    assert backend.info.modalities == {"text", "image"}
    images = tuple(context.give(png(colour)) for colour in ("red", "red", "blue"))
    found = await backend.embed(EmbedRequest(texts=TEXTS[:2], images=images), context)
    assert found.array().shape == (5, 32)
    assert np.allclose(np.linalg.norm(found.array(), axis=1), 1, atol=1e-5)
    same, other = found.similarities()[2, 3:5]
    assert same == pytest.approx(1)
    assert other < same


async def test_an_image_that_cannot_be_read_is_named(root: Path) -> None:
    context = InProcessContext()
    images = (context.give(png("red")), context.give(b"GIF89a", "image/gif"))
    with pytest.raises(Permanent, match=r"Image 2 cannot be embedded\."):
        await made(root / "clip").embed(EmbedRequest(images=images), context)


async def test_what_a_model_does_not_embed_is_refused_before_it_is_loaded(root: Path) -> None:
    context = InProcessContext()
    backend = made(root / "mean")
    image = context.give(png("red"))
    with pytest.raises(Permanent, match="embeds text, not image"):
        await backend.embed(EmbedRequest(images=(image,)), context)
    with pytest.raises(Permanent, match=f"embeds {MAX_INPUTS} inputs"):
        await backend.embed(EmbedRequest(texts=("a",) * (MAX_INPUTS + 1)), context)
    assert not context.tasks


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_model_without_a_file_is_missing(root: Path, tmp_path: Path, name: str) -> None:
    folder = sentence_encoder(tmp_path / "model")
    assert made(folder).missing() == []
    (folder / name).unlink()
    assert [one.reason for one in made(folder).missing()] == ["weights"]
    with pytest.raises(Blocked):
        load(EmbeddingOptions(embedding=str(folder)).model_dump_json(), InProcessPlace())


@pytest.fixture
def loaded(root: Path) -> Iterator[Callable[[], LoadedEmbedder]]:
    def make() -> LoadedEmbedder:
        options = EmbeddingOptions(embedding=str(root / "mean"))
        return load(options.model_dump_json(), InProcessPlace())

    yield make


def test_a_task_that_is_given_up_costs_nothing(loaded: Callable[[], LoadedEmbedder]) -> None:
    payload = {"texts": ["a"], "images": []}
    answers = loaded().run("embed", [payload, payload], QuietDesk(frozenset({0})))
    assert answers[0] is None
    assert answers[1]["dimensions"] == 32


def test_an_offloaded_model_answers_alike(loaded: Callable[[], LoadedEmbedder]) -> None:
    model, payload = loaded(), {"texts": list(TEXTS), "images": []}
    before = model.run("embed", [payload], QuietDesk())
    model.offload()
    after = model.run("embed", [payload], QuietDesk())
    model.restore()
    assert model.size() > 0
    one, other = (np.frombuffer(found[0]["vectors"], "<f4") for found in (before, after))
    assert np.allclose(one, other, atol=1e-5)


def test_the_family_has_it_with_its_usual_model() -> None:
    backend: Any = EntryPointCatalog().backend("embedding", "local", {}, {})
    assert backend.info.model == "sentence-transformers/all-MiniLM-L6-v2"
    assert backend.info.modalities == {"text"}
    assert [one.name for one in backend.weights()] == ["embedding"]
    assert required("ViT-B-32/openai").source == "timm/vit_base_patch32_clip_224.openai"
