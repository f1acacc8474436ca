"""Vectors of texts by their words (TF-IDF), for comparison without a model."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.text.words import content_stems

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def terms(text: str) -> list[str]:
    """Return the stems of a text's content words, and the pairs of neighbours among them."""
    stems = content_stems(text)
    return stems + [f"{one} {two}" for one, two in pairwise(stems)]


def tfidf(texts: Sequence[str]) -> "NDArray[np.float32]":
    """Return a vector of unit length for each text, whose dot products are TF-IDF cosines.

    Stems and pairs of stems are weighted by `1 + log(count)` and smoothed inverse document
    frequency over these very texts (Salton and Buckley 1988; scikit-learn's `TfidfVectorizer`
    with `sublinear_tf`). The sparse vectors are then expressed in an orthonormal base of the space
    that they span, which keeps every dot product and needs no more dimensions than texts.

    Args:
        texts: Texts of any language; English stems match over inflections.

    Returns:
        An array of shape (texts, dimensions), dimensions from 1 to the number of texts. A text
        without content words is all zeros.

    Raises:
        ImportError: scikit-learn is not installed.
    """
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    if not any(content_stems(text) for text in texts):
        return np.zeros((len(texts), 1), np.float32)
    sparse = TfidfVectorizer(analyzer=terms, sublinear_tf=True).fit_transform(texts)
    products = (sparse @ sparse.T).toarray()
    strengths, directions = np.linalg.eigh(products)
    kept = strengths > 1e-10 * strengths[-1]
    return np.asarray(directions[:, kept] * np.sqrt(strengths[kept]), dtype=np.float32)
