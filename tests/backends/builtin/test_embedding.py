"""The embedded embedding backend: TF-IDF over the texts of a request."""

import asyncio

import numpy as np
import pytest

from engine.backends.builtin import FAMILY, BuiltinSettings
from engine.backends.builtin.embedding import WordEmbedder
from engine.contract.embedding import EmbeddingBackend, EmbedRequest
from engine.contract.errors import Blocked
from engine.testing.backend_contracts import EmbeddingBackendContract
from engine.testing.context import MemoryContext
from engine.text.tfidf import terms, tfidf
from engine.text.words import sentences, stem


class TestWordEmbedder(EmbeddingBackendContract):
    def make_backend(self) -> EmbeddingBackend:
        backend = FAMILY.factories["embedding"](BuiltinSettings(), {})
        assert isinstance(backend, WordEmbedder)
        return backend


def test_vectors_keep_the_cosines_of_the_sparse_ones():
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = ["A red boat.", "A blue boat on red water.", "", "The tunnel under the mountain."]
    sparse = TfidfVectorizer(analyzer=terms, sublinear_tf=True).fit_transform(texts)
    dense = tfidf(texts)
    assert dense.shape[0] == 4
    assert dense.shape[1] <= 4
    assert np.allclose(dense @ dense.T, (sparse @ sparse.T).toarray(), atol=1e-6)


@pytest.mark.parametrize("texts", [[""], ["", "the of and"], ["!?", "…"]])
def test_texts_without_words_are_zeros(texts):
    assert not tfidf(texts).any()


def test_inflections_count_as_one_word():
    near, far = tfidf(["glowing lanterns", "a lantern glows", "two rivers meet"])[0:3][[1, 2]]
    own = tfidf(["glowing lanterns", "a lantern glows", "two rivers meet"])[0]
    assert own @ near > 0.4
    assert own @ far == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("forms", "root"),
    [
        (("glow", "glows", "glowed", "glowing"), "glow"),
        (("rise", "rises", "rising"), "ris"),
        (("city", "cities"), "citi"),
        (("running", "run"), "run"),
        (("별빛",), "별빛"),
    ],
)
def test_stems(forms, root):
    assert {stem(form) for form in forms} == {root}


def test_sentences_end_at_full_stops_and_lines():
    assert sentences("One. Two! Is it?\nFour…\n\n—") == ["One.", "Two!", "Is it?", "Four…"]


def test_missing_scikit_learn_blocks_with_the_command(monkeypatch):
    monkeypatch.setattr("engine.backends.builtin.embedding.has_package", lambda name: False)
    backend = WordEmbedder()
    assert "scikit-learn" in backend.missing()[0].what
    with pytest.raises(Blocked) as caught:
        asyncio.run(backend.embed(EmbedRequest(texts=("a",)), MemoryContext()))
    assert "[audio]" in caught.value.remedy
