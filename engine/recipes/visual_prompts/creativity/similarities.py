"""Similarities of all texts of a corpus, and the two dimensions that come from them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from engine.recipes.visual_prompts.creativity.fit import fit
from engine.recipes.visual_prompts.creativity.imagery import contrasts
from engine.recipes.visual_prompts.creativity.model import Compared
from engine.recipes.visual_prompts.creativity.novelty import NEAREST, STOCK, originality

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FEW = 8
"""Other pieces of music that fit is measured against; with fewer, imaginary ones are added."""


class WithImagery(Protocol):
    """Prompts and the imagery of their music."""

    @property
    def prompts(self) -> Sequence[str]:
        """The prompts."""
        ...

    @property
    def imagery(self) -> str:
        """Description of the imagery that answers to the music; empty if there is none."""
        ...


class Value(NamedTuple):
    """A number, 0 to 100; None with the reason if it is not defined."""

    value: float | None
    reason: str = ""


class Similarities:
    """Samples with the cosine similarities of all their texts.

    Args:
        samples: The samples.
        texts: Their distinct texts.
        vectors: A vector per text; None if there are none.
        typical: Similarity of two prompts of one subject.
        lacking: Reason why there are no vectors.

    Attributes:
        prompts: Prompts of each sample.
        lacking: Reason why there are no similarities; empty if there are.

    Raises:
        ValueError: There is not one vector per text.
    """

    def __init__(
        self,
        samples: Sequence[WithImagery],
        texts: Sequence[str],
        vectors: "NDArray[np.float32] | None",
        typical: float,
        lacking: str,
    ) -> None:
        import numpy as np

        self.prompts = [sample.prompts for sample in samples]
        self.lacking = "" if vectors is not None else lacking or "the prompts have no vectors"
        self._imagery = [sample.imagery for sample in samples]
        self._music = [one for one in dict.fromkeys(self._imagery) if one]
        self._typical = typical
        self._row = {text: at for at, text in enumerate(texts)}
        self._square = None if vectors is None else _cosines(vectors, len(texts))
        there = [
            (at, self._row[prompt])
            for at, prompts in enumerate(self.prompts)
            for prompt in prompts
            if prompt.strip()
        ]
        self._owners, self._rows = np.array(there, dtype=np.intp).reshape(-1, 2).T

    def compared(self, sample: int) -> Compared:
        """Return what the prompts of a sample are compared with."""
        has_others = len(self.prompts[sample]) > 1 or bool((self._owners != sample).any())
        return "prompts" if has_others else "stock"

    def originality(self, sample: int, number: int) -> Value:
        """Return the distance of a prompt from the others of its sample and of the corpus."""
        prompts = self.prompts[sample]
        if self._square is None:
            return Value(None, self.lacking)
        if not prompts[number].strip():
            return Value(0.0)
        siblings = [text for n, text in enumerate(prompts) if n != number and text.strip()]
        others = self._rows[self._owners != sample]
        stock = [] if len(others) >= NEAREST else [self._row[text] for text in STOCK]
        row = self._square[self._row[prompts[number]]]
        far = _greatest(row[[*others, *stock]] if stock else row[others])
        near = [float(row[self._row[text]]) for text in siblings]
        return Value(originality(near, far, self._typical) or 0.0)

    def fit(self, sample: int, number: int) -> Value:
        """Return the nearness of a prompt to the imagery of its music against that of others."""
        own, text = self._imagery[sample], self.prompts[sample][number]
        if not own:
            return Value(None, "the music has no features that imagery could answer to")
        if self._square is None:
            return Value(None, self.lacking)
        if not text.strip():
            return Value(0.0)
        others = [one for one in self._music if one != own]
        if len(others) < FEW:
            others += [one for one in contrasts() if one != own]
        row = self._square[self._row[text]]
        return Value(fit(float(row[self._row[own]]), row[[self._row[o] for o in others]].tolist()))


def _cosines(vectors: "NDArray[np.float32]", count: int) -> "NDArray[np.float64]":
    import numpy as np

    if len(vectors) != count:
        raise ValueError(f"{len(vectors)} vectors for {count} texts")
    rows = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    exact = np.asarray(rows, dtype=np.float64)
    return np.asarray(exact @ exact.T)


def _greatest(values: "NDArray[np.float64]") -> list[float]:
    """Return the values that `originality` reads: the greatest ones."""
    import numpy as np

    kept = values if len(values) <= NEAREST else np.partition(values, -NEAREST)[-NEAREST:]
    found: list[float] = kept.tolist()
    return found
