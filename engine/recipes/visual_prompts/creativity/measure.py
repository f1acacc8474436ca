"""Creativity of all prompts of some samples, and of one prompt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from engine.audio.features import Features
from engine.recipes.visual_prompts.creativity.coherence import coherence, form
from engine.recipes.visual_prompts.creativity.detail import elaboration, flexibility, fluency
from engine.recipes.visual_prompts.creativity.imagery import (
    Positions,
    contrasts,
    description,
    positions,
)
from engine.recipes.visual_prompts.creativity.length import at_constant_length, reasons
from engine.recipes.visual_prompts.creativity.model import (
    DIMENSIONS,
    WEIGHTS,
    Creativity,
)
from engine.recipes.visual_prompts.creativity.novelty import STOCK, copied
from engine.recipes.visual_prompts.creativity.prose import Prose
from engine.recipes.visual_prompts.creativity.similarities import Similarities
from engine.text.errors import UserError
from engine.text.tfidf import tfidf

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TYPICAL_WORDS = 0.15
"""Similarity of two prompts of one subject by TF-IDF: the embedded backend."""

TYPICAL_MODEL = 0.5
"""Similarity of two prompts of one subject by a sentence embedding."""

MAX_BLOCK = 1024
"""Texts that are compared by their words at most."""

_LATIN = 0.5


@dataclass(frozen=True)
class Sample:
    """Prompts that were written for one piece of music.

    Attributes:
        prompts: The prompts.
        features: Its features, the eight keys of an export, or their positions on the axes of
            imagery; None if unknown.
    """

    prompts: Sequence[str]
    features: Features | Mapping[str, Any] | Positions | None = None

    @property
    def imagery(self) -> str:
        """Description of the imagery that answers to its music; empty if there is none."""
        return description(positions(self.features))


SampleT = TypeVar("SampleT", bound=Sample)


def texts_of(samples: Sequence[Sample]) -> list[str]:
    """Return the distinct texts whose vectors `measure` needs, in a stable order."""
    prompts = [prompt for sample in samples for prompt in sample.prompts]
    music = [sample.imagery for sample in samples]
    listed = [*prompts, *music, *contrasts(), *STOCK]
    return [text for text in dict.fromkeys(listed) if text.strip()]


def blocks(samples: Sequence[SampleT], limit: int, *, even: bool = False) -> list[list[SampleT]]:
    """Return consecutive samples in blocks whose texts fit into one request for vectors.

    Args:
        samples: The samples.
        limit: Texts of a request at most (`EmbeddingInfo.max_inputs`).
        even: True for blocks of nearly one size. Otherwise samples that are added at the end change
            the last block only.
    """
    own = [{text for text in (*s.prompts, s.imagery) if text.strip()} for s in samples]
    found = _split(samples, own, limit)
    return _evened(samples, own, found, limit) if even and len(found) > 1 else found


def _evened(
    samples: Sequence[SampleT], own: Sequence[set[str]], found: list[list[SampleT]], limit: int
) -> list[list[SampleT]]:
    """Return as many blocks, of the lowest limit that gives no more of them."""
    low, high = 1, limit
    while low < high:
        middle = (low + high) // 2
        parts = _split(samples, own, middle)
        if len(parts) > len(found):
            low = middle + 1
        else:
            high, found = middle, parts
    return found


def _split(samples: Sequence[SampleT], own: Sequence[set[str]], limit: int) -> list[list[SampleT]]:
    found: list[list[SampleT]] = []
    seen: set[str] = set()
    for sample, texts in zip(samples, own, strict=True):
        if not found or len(seen) + len(texts - seen) > limit:
            found.append([])
            seen = _common()
        seen |= texts
        found[-1].append(sample)
    return found


def _common() -> set[str]:
    return {*contrasts(), *STOCK}


def measure(
    samples: Sequence[Sample],
    vectors: "NDArray[np.float32] | None",
    *,
    typical: float = TYPICAL_MODEL,
    lacking: str = "",
) -> list[list[Creativity]]:
    """Return the creativity of each prompt of each sample, compared with all others of them.

    Args:
        samples: The samples.
        vectors: Vectors of `texts_of(samples)`, one row each. None if there are none: numbers that
            need them are then None.
        typical: Similarity of two prompts of one subject in that space.
        lacking: Reason why there are no vectors.

    Raises:
        ValueError: There is not one vector per text.
    """
    corpus = Similarities(samples, texts_of(samples), vectors, typical, lacking)
    shares = iter(copied([prompt for sample in samples for prompt in sample.prompts]))
    flat = [
        _one(corpus, at, number, next(shares))
        for at, sample in enumerate(samples)
        for number in range(len(sample.prompts))
    ]
    leveled = iter(_with_constant_length(flat))
    return [[next(leveled) for _ in sample.prompts] for sample in samples]


def _one(corpus: Similarities, at: int, number: int, share: float) -> Creativity:
    text = corpus.prompts[at][number]
    prose = Prose(text)
    if prose.latin < _LATIN:
        return _undefined(prose, share)
    gate = form(prose)
    fresh, near = corpus.originality(at, number), corpus.fit(at, number)
    values: dict[str, float | None] = {
        "fluency": gate * fluency(prose),
        "flexibility": gate * flexibility(prose),
        "elaboration": gate * elaboration(prose),
        "coherence": coherence(prose),
        "originality": None if fresh.value is None else gate * fresh.value,
        "fit": None if near.value is None else gate * near.value,
    }
    values["overall"] = None if corpus.lacking else _overall(values, share)
    undefined = {"originality": fresh.reason, "fit": near.reason, "overall": corpus.lacking}
    return Creativity.model_validate(
        {
            **{name: None if v is None else round(v, 2) for name, v in values.items()},
            "words": len(prose.words),
            "copied": round(share, 4),
            "compared": corpus.compared(at),
            "undefined": {name: reason for name, reason in undefined.items() if reason},
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
    return measure_by_words(ordered)[-1][-1]


def measure_by_words(samples: Sequence[Sample]) -> list[list[Creativity]]:
    """Return the creativity of each prompt of each sample, by their words (TF-IDF).

    They are compared in blocks of at most `MAX_BLOCK` texts.

    Raises:
        UserError: scikit-learn is not installed.
    """
    found: list[list[Creativity]] = []
    for block in blocks(samples, MAX_BLOCK, even=True):
        try:
            vectors = tfidf(texts_of(block))
        except ImportError as error:
            raise UserError(
                "Creativity needs scikit-learn. Run: python -m pip install 'safelight[audio]'"
            ) from error
        found += measure(block, vectors, typical=TYPICAL_WORDS)
    return found
