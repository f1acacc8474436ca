"""Parts of a prompt's text that the measures count: sentences, phrases, heads, modifiers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from engine.recipes.visual_prompts.creativity.categories import categories_by_stem
from engine.text.words import FUNCTION_WORDS, content_stems, sentences, stem, words

_BREAK = re.compile(r"[,;:.!?()\"“”—–\n]+|\s-\s")
_ABSTRACT = re.compile(
    r"(?:ness|ity|tion|sion|ism|ment|ence|ance|ship|hood|ly|ize|ise|ify)$", re.IGNORECASE
)


@dataclass(frozen=True)
class Prose:
    """A text with its parts, each computed once.

    Attributes:
        text: The text.
    """

    text: str

    @cached_property
    def words(self) -> list[str]:
        """Words in lower case."""
        return words(self.text)

    @cached_property
    def sentences(self) -> list[str]:
        """Sentences."""
        return sentences(self.text)

    @cached_property
    def stems(self) -> list[str]:
        """Stems of content words, in order."""
        return content_stems(self.text)

    @cached_property
    def phrases(self) -> list[list[str]]:
        """Runs of content words between function words and punctuation marks."""
        return [phrase for part in _BREAK.split(self.text) for phrase in _runs(words(part))]

    @cached_property
    def heads(self) -> list[str]:
        """Stems of the phrases' last words that are not abstract by their suffix."""
        return [stem(phrase[-1]) for phrase in self.phrases if not _ABSTRACT.search(phrase[-1])]

    @cached_property
    def images(self) -> list[str]:
        """Stems of the words that a category of concrete images has, in order."""
        known = categories_by_stem()
        return [one for one in self.stems if one in known]

    @cached_property
    def ideas(self) -> set[str]:
        """Distinct concrete images: heads of phrases, and words of the categories."""
        return set(self.heads) | set(self.images)

    @property
    def modifiers(self) -> int:
        """Number of words that qualify a head, at most three per phrase."""
        return sum(min(len(phrase) - 1, 3) for phrase in self.phrases)

    @property
    def latin(self) -> float:
        """Share of the letters that are Latin, 0 to 1; 1 without letters."""
        letters = [letter for letter in self.text if letter.isalpha()]
        return sum(letter < "\u0250" for letter in letters) / len(letters) if letters else 1.0


def _runs(part: list[str]) -> Iterator[list[str]]:
    run: list[str] = []
    for word in part:
        if word not in FUNCTION_WORDS:
            run.append(word)
        elif run:
            yield run
            run = []
    if run:
        yield run
