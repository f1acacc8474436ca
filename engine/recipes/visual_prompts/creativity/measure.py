"""Creativity of all prompts of some samples, and of one prompt."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.audio.features import Features
from engine.recipes.visual_prompts.creativity.coherence import coherence, form
from engine.recipes.visual_prompts.creativity.detail import elaboration, flexibility, fluency
from engine.recipes.visual_prompts.creativity.fit import fit
from engine.recipes.visual_prompts.creativity.imagery import contrasts, description, positions
from engine.recipes.visual_prompts.creativity.length import at_constant_length, reasons
from engine.recipes.visual_prompts.creativity.model import (
    DIMENSIONS,
    WEIGHTS,
    Creativity,
)
from engine.recipes.visual_prompts.creativity.novelty import (
    NEAREST,
    STOCK,
    copied,
    originality,
)
from engine.recipes.visual_prompts.creativity.prose import Prose
from engine.text.errors import UserError
from engine.text.tfidf import tfidf

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TYPICAL_WORDS = 0.15
"""Similarity of two prompts of one subject by TF-IDF: the embedded backend."""

TYPICAL_MODEL = 0.5
"""Similarity of two prompts of one subject by a sentence embedding."""

FEW = 8
"""Other pieces of music that fit is measured against; with fewer, imaginary ones are added."""

_LATIN = 0.5


@dataclass(frozen=True)
class Sample:
    """Prompts that were written for one piece of music.

    Attributes:
        prompts: The prompts.
        features: Its features, or the eight keys of an export; None if unknown.
    """

    prompts: Sequence[str]
    features: Features | Mapping[str, Any] | None = None


@dataclass
class _Corpus:
    """Samples with the similarities of all their texts."""

    samples: Sequence[Sample]
    rows: Mapping[str, int]
    square: "NDArray[np.float64]"
    typical: float
    descriptions: list[str] = field(default_factory=list)

    def near(self, one: str, others: Sequence[str]) -> list[float]:
        row = self.square[self.rows[one]]
        return [float(row[self.rows[other]]) for other in others]


def texts_of(samples: Sequence[Sample]) -> list[str]:
    """Return the distinct texts whose vectors `measure` needs, in a stable order."""
    prompts = [prompt for sample in samples for prompt in sample.prompts]
    music = [description(positions(sample.features)) for sample in samples]
    listed = [*prompts, *music, *contrasts(), *STOCK]
    return [text for text in dict.fromkeys(listed) if text.strip()]


def blocks(samples: Sequence[Sample], limit: int) -> Iterator[Sequence[Sample]]:
    """Yield consecutive samples whose texts fit into one request for vectors.

    Prompts are compared within a block.

    Args:
        samples: The samples.
        limit: Texts of a request at most (`EmbeddingInfo.max_inputs`).
    """
    block: list[Sample] = []
    for sample in samples:
        if block and len(texts_of([*block, sample])) > limit:
            yield block
            block = []
        block.append(sample)
    if block:
        yield block


def measure(
    samples: Sequence[Sample], vectors: "NDArray[np.float32]", *, typical: float = TYPICAL_MODEL
) -> list[list[Creativity]]:
    """Return the creativity of each prompt of each sample.

    Args:
        samples: The samples.
        vectors: Vectors of `texts_of(samples)`, one row each.
        typical: Similarity of two prompts of one subject in that space.

    Raises:
        ValueError: There is not one vector per text.
    """
    import numpy as np

    texts = texts_of(samples)
    if len(texts) != len(vectors):
        raise ValueError(f"{len(vectors)} vectors for {len(texts)} texts")
    rows = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    square = np.asarray(rows, dtype=np.float64) @ np.asarray(rows, dtype=np.float64).T
    index = {text: at for at, text in enumerate(texts)}
    music = [description(positions(sample.features)) for sample in samples]
    corpus = _Corpus(samples, index, square, typical, music)
    shares = iter(copied([prompt for sample in samples for prompt in sample.prompts]))
    flat = [
        _one(corpus, at, number, next(shares))
        for at, sample in enumerate(samples)
        for number in range(len(sample.prompts))
    ]
    leveled = iter(_with_constant_length(flat))
    return [[next(leveled) for _ in sample.prompts] for sample in samples]


def _one(corpus: _Corpus, at: int, number: int, share: float) -> Creativity:
    text = corpus.samples[at].prompts[number]
    prose = Prose(text)
    if prose.latin < _LATIN:
        return _undefined(prose, share)
    gate = form(prose)
    values: dict[str, float | None] = {
        "fluency": gate * fluency(prose),
        "flexibility": gate * flexibility(prose),
        "elaboration": gate * elaboration(prose),
        "coherence": coherence(prose),
    }
    fresh, compared = _originality(corpus, at, number)
    values["originality"] = gate * fresh
    near, reason = _fit(corpus, at, text)
    values["fit"] = None if near is None else gate * near
    numbers = {name: None if v is None else round(v, 2) for name, v in values.items()}
    return Creativity.model_validate(
        {
            **numbers,
            "overall": _overall(values, share),
            "words": len(prose.words),
            "copied": round(share, 4),
            "compared": compared,
            "undefined": {"fit": reason} if reason else {},
        }
    )


def _undefined(prose: Prose, share: float) -> Creativity:
    reason = "the word lists are English, and most of its letters are not Latin"
    names = (*DIMENSIONS, "overall")
    return Creativity.model_validate(
        {
            **dict.fromkeys(names),
            "words": len(prose.words),
            "copied": round(share, 4),
            "undefined": dict.fromkeys(names, reason),
        }
    )


def _originality(corpus: _Corpus, at: int, number: int) -> tuple[float, str]:
    prompts = corpus.samples[at].prompts
    text = prompts[number]
    if not text.strip():
        return 0.0, "prompts"
    siblings = [one for n, one in enumerate(prompts) if n != number and one.strip()]
    others = [
        prompt
        for n, sample in enumerate(corpus.samples)
        if n != at
        for prompt in sample.prompts
        if prompt.strip()
    ]
    compared = "prompts" if siblings or others else "stock"
    far = others if len(others) >= NEAREST else [*others, *STOCK]
    value = originality(corpus.near(text, siblings), corpus.near(text, far), corpus.typical)
    return value or 0.0, compared


def _fit(corpus: _Corpus, at: int, text: str) -> tuple[float | None, str]:
    own = corpus.descriptions[at]
    if not own:
        return None, "the music has no features that imagery could answer to"
    if not text.strip():
        return 0.0, ""
    others = [one for one in dict.fromkeys(corpus.descriptions) if one and one != own]
    if len(others) < FEW:
        others += [one for one in contrasts() if one != own]
    return fit(corpus.near(text, [own])[0], corpus.near(text, others)), ""


def _overall(values: Mapping[str, float | None], share: float) -> float:
    """Return the weighted mean of the dimensions that are defined, less what is copied."""
    known = {name: value for name in WEIGHTS if (value := values[name]) is not None}
    mean = sum(WEIGHTS[n] * v for n, v in known.items()) / sum(WEIGHTS[n] for n in known)
    return round(mean * (1 - share), 2)


def _with_constant_length(flat: Sequence[Creativity]) -> list[Creativity]:
    counts = [one.words for one in flat]
    names = (*DIMENSIONS, "overall")
    columns = {
        name: at_constant_length(counts, [getattr(one, name) for one in flat]) for name in names
    }
    found = []
    for at, one in enumerate(flat):
        values = {name: column[at] for name, column in columns.items()}
        undefined = {**reasons(values), **one.undefined}
        found.append(one.model_copy(update={"at_length": values, "undefined": undefined}))
    return found


def creativity(
    prompt: str,
    features: Features | Mapping[str, Any] | None,
    *,
    others: Sequence[str] = (),
    corpus: Sequence[str] = (),
) -> Creativity:
    """Return the creativity of one prompt, by its words (TF-IDF) and without a model.

    Args:
        prompt: The prompt.
        features: Features of its music, or the mapping `musical_features` of an export.
        others: Other prompts for the same music.
        corpus: Prompts for other music. Without `others` and `corpus`, originality is measured
            from stock images. With eight prompts in all, `at_length` is defined.

    Raises:
        UserError: scikit-learn is not installed.
    """
    samples = [
        Sample(list(one), given)
        for one, given in [((*others, prompt), features), *(((text,), None) for text in corpus)]
    ]
    ordered = [*samples[1:], samples[0]]  # what is copied counts against the later prompt
    try:
        vectors = tfidf(texts_of(ordered))
    except ImportError as error:
        raise UserError(
            "Creativity needs scikit-learn. Run: python -m pip install 'safelight[audio]'"
        ) from error
    return measure(ordered, vectors, typical=TYPICAL_WORDS)[-1][-1]
