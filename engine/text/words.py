"""Words, sentences and stems of English prose, for measures of texts."""

import re
from functools import lru_cache

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_SENTENCE = re.compile(r"(?<=[.!?])[\"'”’)]*\s+|\n+")


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


DETERMINERS = _set(
    "a an the this that these those each every some any no its his her their our my your "
    "another both either neither such"
)
"""Words that open a noun phrase."""

PREPOSITIONS = _set(
    "of in on at by for with from into onto over under above below between among through across "
    "along around behind beside beneath beyond against toward towards upon within without after "
    "before during until off near past amid inside outside throughout like per via"
)
"""Words that a noun phrase follows."""

CONJUNCTIONS = _set("and or but nor yet so while as if because though although than")
"""Words that join parts of a sentence."""

_OTHERS = _set(
    "i you he she it we they me him them us who whom whose which what when where why how there "
    "here is are was were be been being am do does did has have had having will would shall "
    "should can could may might must not only just also very too then now once again ever never "
    "always still even more most less least much many few all own same other up down out away "
    "to about almost itself themselves himself herself one ones it's s t"
)

FUNCTION_WORDS = DETERMINERS | PREPOSITIONS | CONJUNCTIONS | _OTHERS
"""Words that hold a sentence together and carry no image."""


def words(text: str) -> list[str]:
    """Return the words of a text in lower case; `storm-lit` and `don't` are one word each."""
    return [match.group().replace("’", "'") for match in WORD.finditer(text.lower())]


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, split after `.`, `!`, `?` and at line breaks."""
    return [part.strip() for part in _SENTENCE.split(text) if WORD.search(part)]


def content_stems(text: str) -> list[str]:
    """Return the stems of the words of a text that are not function words, in order.

    The parts of a compound count one by one: `storm-lit` gives `storm` and `lit`.
    """
    parts = (part for word in words(text) for part in word.split("-"))
    return [stem(part) for part in parts if part and part not in FUNCTION_WORDS]


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Return the stem of a word in lower case, so that `glows`, `glowed` and `glowing` are one.

    A light suffix stripper for English: plurals, `-ed`, `-ing`, `-ly`, `'s` and a final `e`. Words
    of other scripts, and those of three letters or fewer, stay as they are.
    """
    word = word.removesuffix("'s").removesuffix("'")
    if len(word) <= 3 or not word.isascii():
        return word
    word = _singular(word)
    for suffix in ("ing", "ed", "ly"):
        rest = word.removesuffix(suffix)
        if rest != word and len(rest) >= 3 and re.search("[aeiouy]", rest):
            word = _undoubled(rest)
            break
    if word.endswith("y") and len(word) > 3:
        return word[:-1] + "i"
    return word.removesuffix("e") if len(word) > 3 else word


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _undoubled(word: str) -> str:
    if word[-1] == word[-2] and word[-1] not in "lsz":
        return word[:-1]
    return word
